"""Ways out: what is filled in, how it is escaped, what is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkfunk.domain import gateways
from werkfunk.domain.alarms import Level
from werkfunk.domain.gateways import Contact, Gateway, GatewayError, Https, Smtp

VALUES = {"to": "+491511234567", "text": "Alarm", "level": "3", "id": "ab", "secret": "s3cret"}


def https(**changes: object) -> Https:
    values: dict[str, object] = {
        "url": "https://sms.example/send?to={to}",
        "headers": {"Authorization": "Bearer {secret}"},
        "body": '{"to": "{to}", "text": "{text}"}',
    }
    return Https(**{**values, **changes})  # type: ignore[arg-type]


def gateway(via: Https | Smtp, channel: str = "sms") -> Gateway:
    return Gateway(name="SMS", channel=channel, via=via)  # type: ignore[arg-type]


def test_a_request_is_filled_in() -> None:
    out = gateways.render(https(), VALUES)
    assert out.url == "https://sms.example/send?to=%2B491511234567"
    assert out.headers == {
        "authorization": "Bearer s3cret", "content-type": "application/json", "idempotency-key": "ab",
    }  # fmt: skip
    assert out.body == b'{"to": "+491511234567", "text": "Alarm"}'


@given(st.text(max_size=40))
def test_no_value_leaves_its_place(value: str) -> None:
    out = gateways.render(https(), {**VALUES, "text": value, "to": "x"})
    assert msgspec.json.decode(out.body) == {"to": "x", "text": value}
    form = gateways.render(
        https(type="application/x-www-form-urlencoded", body="a={text}&b=1"), {**VALUES, "text": value}
    )
    assert form.body.count(b"&") == 1
    assert b"=" not in form.body.removeprefix(b"a=").removesuffix(b"&b=1")


def test_placeholders_in_values_are_not_filled_in_again() -> None:
    assert b"s3cret" not in gateways.render(https(), {**VALUES, "text": "{secret}"}).body


@pytest.mark.parametrize("secret", ["a\r\nX: y", "a\nb", "ü"])
def test_a_header_cannot_be_split(secret: str) -> None:
    with pytest.raises(GatewayError):
        gateways.render(https(), {**VALUES, "secret": secret})


@pytest.mark.parametrize(
    "bad",
    [
        gateway(https(url="http://sms.example/")), gateway(https(url="https://other.example/")), gateway(https(url="ftp://sms.example/")),
        gateway(https(url="https://{to}.example/")), gateway(https(url="https://u:p@sms.example/")), gateway(https(url="https://sms.example:x/")),
        gateway(https(url="https://sms.example/?key={secret}")), gateway(https(url="https:///nothing")),
        gateway(Smtp(host="sms.example", sender="a@b.example")), gateway(Smtp(host="sms.example", sender="a@b.example", tls="none"), "mail"),
    ],
)  # fmt: skip
def test_what_the_operator_has_not_allowed_is_refused(bad: Gateway) -> None:
    with pytest.raises(GatewayError):
        gateways.check(bad, frozenset({"sms.example"}), private=False)


def test_what_is_allowed_passes() -> None:
    allowed = frozenset({"sms.example"})
    gateways.check(gateway(https(url="https://SMS.example/")), allowed, private=False)
    gateways.check(gateway(Smtp(host="sms.example", sender="a@b.example"), "mail"), allowed, private=False)
    gateways.check(gateway(https(url="http://sms.example/")), allowed, private=True)


def test_outside_nothing_is_said_but_the_level() -> None:
    assert gateways.text(Level.EMERGENCY, drill=False) == "Alarm, Stufe Notfall. Bitte Werkfunk öffnen."
    assert gateways.text(Level.INFO, drill=True).startswith("ÜBUNG")


@pytest.mark.parametrize(
    "wrong",
    [b'{"phone": "0151"}', b'{"phone": "+49 151"}', b'{"mail": "a@b@c"}', b'{"mail": "a\\r\\nB: c@d"}', b'{"x": 1}'],
)
def test_contacts_have_one_form(wrong: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wrong, type=Contact)
    assert Contact(phone="+491511234567").address("voice") == "+491511234567"
    assert Contact(phone="+491511234567").address("mail") is None
