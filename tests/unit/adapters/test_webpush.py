"""RFC 8291's own example, RFC 8292's claims, and which addresses are spoken to."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws
from joserfc.jwk import ECKey

from werkfunk.adapters.network import is_public
from werkfunk.adapters.push_sender import Allowed, retry_after
from werkfunk.adapters.webpush import CURVE, TOKEN_S, Vapid, b64, raw, seal

NOW = 1_764_000_000_000


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_example_of_rfc_8291_section_5() -> None:
    private = ec.derive_private_key(int.from_bytes(unb64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), CURVE)
    sealed = seal(
        b"When I grow up, I want to be a watermelon",
        unb64("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        unb64("BTBZMqHH6r4Tts7J_aSIgg"),
        private,
        unb64("DGv6ra1nlYgDCS1FRnbzlw"),
        0,
    )
    assert b64(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@pytest.mark.parametrize(
    "public",
    [
        bytes(65),
        b"\x04" + bytes(64),
        b"\x04" + b"\xff" * 64,
        raw(ec.generate_private_key(CURVE))[:64],
        b"",
        b"\x02" * 33,
    ],
    ids=["no form", "not on the curve", "beyond the field", "short", "empty", "compressed"],
)
def test_what_is_no_point_of_the_curve_is_refused(public: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        seal(b"x", public, bytes(16), ec.generate_private_key(CURVE), bytes(16), 0)


def claims(header: str, vapid: Vapid) -> Any:
    scheme, _, rest = header.partition(" ")
    assert scheme == "vapid"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    public = unb64(parts["k"])
    assert public == vapid.public
    key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": b64(public[1:33]), "y": b64(public[33:])})
    signed = jws.deserialize_compact(parts["t"], key, algorithms=["ES256"])
    assert signed.headers() == {"typ": "JWT", "alg": "ES256"}
    return json.loads(signed.payload)


def test_vapid_names_audience_end_and_contact() -> None:
    vapid = Vapid(bytes(range(64)), "mailto:chef@elektro-huber.de")
    got = claims(vapid.authorization("https://fcm.googleapis.com", NOW), vapid)
    assert got == {
        "aud": "https://fcm.googleapis.com",
        "exp": NOW // 1000 + TOKEN_S,
        "sub": "mailto:chef@elektro-huber.de",
    }
    assert "sub" not in claims(Vapid(bytes(range(64)), "").authorization("https://a.de", NOW), vapid)


def test_a_token_is_used_again_and_renewed_in_time() -> None:
    vapid = Vapid(bytes(range(64)), "https://a.de")
    first = vapid.authorization("https://a.de", NOW)
    assert vapid.authorization("https://a.de", NOW + TOKEN_S * 400) == first
    assert vapid.authorization("https://b.de", NOW) != first
    later = claims(vapid.authorization("https://a.de", NOW + TOKEN_S * 600), vapid)
    assert later["exp"] == NOW // 1000 + int(TOKEN_S * 1.6)
    # A clock that was wrong and is set back makes a new token too: no service takes one that ends after a day.
    assert claims(vapid.authorization("https://a.de", NOW - TOKEN_S * 2000), vapid)["exp"] == NOW // 1000 - TOKEN_S


def test_the_key_is_the_same_after_a_restart_and_another_for_another_server() -> None:
    assert Vapid(b"a" * 64, "").public == Vapid(b"a" * 64, "").public != Vapid(b"b" * 64, "").public


DEFAULT = Allowed(
    ["fcm.googleapis.com", "updates.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com"]
)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:DEF",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QGV",
        "https://db5p.notify.windows.com/w/?token=BQYA",
        "https://FCM.googleapis.com:443/x",
    ],
)
def test_the_browsers_services_are_spoken_to(endpoint: str) -> None:
    assert DEFAULT.permits(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x", "https://fcm.googleapis.com:8443/x", "https://fcm.googleapis.com.evil.de/x",
        "https://evil.de/fcm.googleapis.com", "https://fcm.googleapis.com@evil.de/", "https://evil.de#.push.apple.com",
        "https://evil.de\\.push.apple.com/", "https://push.apple.com.evil.de/", "https://push.apple.com/",
        "https://evilpush.apple.com/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "ftp://fcm.googleapis.com/x",
        "gopher://fcm.googleapis.com/", "https://", "https:///x", "", "https://fcm.googleapis.com/\r\nHost: x",
        "https://fcm.googleapis.com/ä", "https://fcm.googleapis.com:bad/", "https://fcm.googleapis.com/" + "x" * 2048,
        "https://fcm.googleapis.com/x#y", "https://fcm.googleapis.com /x",
    ],
)  # fmt: skip
def test_nobody_else_is(endpoint: str) -> None:
    assert not DEFAULT.permits(endpoint)


def test_an_origin_of_ones_own_is_taken_whole() -> None:
    own = Allowed(["http://push.lan:8080"])
    assert own.permits("http://push.lan:8080/up/1")
    assert not own.permits("http://push.lan/up/1")
    assert not own.permits("https://push.lan:8080/up/1")
    assert own.exempt == {("push.lan", 8080)}


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.5.5", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:7f00:1::", "::", "ff02::1"],
)  # fmt: skip
def test_the_private_network_is_not_reached(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["142.250.185.106", "2a00:1450:4001:82f::200a", "::ffff:142.250.185.106"])
def test_the_internet_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("120", 120), ("Mon, 24 Nov 2025 16:01:00 GMT", 60), ("Mon, 24 Nov 2025 15:00:00 GMT", 0), ("soon", 0),
     ("", 0), ("9" * 30, 0), ("-5", 0), ("²", 0)],
)  # fmt: skip
def test_retry_after_is_a_number_or_a_date(text: str, seconds: int) -> None:
    assert retry_after(text, NOW) == seconds
