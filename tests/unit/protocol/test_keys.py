"""Ed25519 and box keys (docs/protocol.md, 2): checked by us, whatever the library thinks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_world import flips

from werkfunk.protocol import boxes, signing
from werkfunk.protocol.errors import KeyRefused, ProtocolError, SealRefused, SignatureRefused
from werkfunk.protocol.signing import SigningKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
KEY = SigningKey(bytes(range(32)))
BOX = boxes.BoxKey(bytes(range(32)))
INFO = b"info"


def test_m5_rfc_8032_vector() -> None:
    """RFC 8032, 7.1, test 2."""
    key = SigningKey(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    assert key.public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    signing.check_public(key.public)
    signing.verify(key.public, signature, b"\x72")


def test_m5_every_flipped_bit_of_a_signature_is_refused() -> None:
    signature = KEY.sign(b"message")
    for changed in flips(signature):
        with pytest.raises(SignatureRefused):
            signing.verify(KEY.public, changed, b"message")


def test_m5_every_flipped_bit_of_a_public_key_is_refused() -> None:
    signature = KEY.sign(b"message")
    for changed in flips(KEY.public):
        with pytest.raises(ProtocolError):
            signing.verify(changed, signature, b"message")


@pytest.mark.parametrize("sign", [0, 1])
def test_m5_small_order_public_key_is_refused(sign: int) -> None:
    for y in signing._SMALL_ORDER_Y:
        point = (y | sign << 255).to_bytes(32, "little")
        with pytest.raises(KeyRefused, match="signing_key_small_order"):
            signing.check_public(point)
        with pytest.raises(KeyRefused, match="signing_key_small_order"):
            signing.verify(point, bytes(64), b"")


def test_m5_the_list_of_small_order_points_is_complete() -> None:
    """Exactly the y of the points whose eightfold is the identity."""
    d = -121665 * pow(121666, -1, P) % P
    torsion = {1, P - 1, 0}
    # y of order 8: y^2 = x^2, so d y^4 + 2 y^2 - 1 = 0.
    root = next(r for r in (_sqrt(1 + d), P - _sqrt(1 + d)) if pow((r - 1) * pow(d, -1, P), (P - 1) // 2, P) == 1)
    y = _sqrt((root - 1) * pow(d, -1, P) % P)
    assert torsion | {y, P - y} == signing._SMALL_ORDER_Y


def _sqrt(a: int) -> int:
    x = pow(a, (P + 3) // 8, P)
    return x if x * x % P == a % P else x * pow(2, (P - 1) // 4, P) % P


@pytest.mark.parametrize("sign", [0, 1])
def test_m5_non_canonical_points_are_refused(sign: int) -> None:
    for y in range(P, 2**255):
        point = (y | sign << 255).to_bytes(32, "little")
        with pytest.raises(KeyRefused, match="signing_key_not_canonical"):
            signing.check_public(point)
        with pytest.raises(SignatureRefused, match="signature_r_not_canonical"):
            signing.verify(KEY.public, point + bytes(32), b"")


def test_m5_small_order_r_is_refused() -> None:
    for y in signing._SMALL_ORDER_Y:
        with pytest.raises(SignatureRefused, match="signature_r_small_order"):
            signing.verify(KEY.public, y.to_bytes(32, "little") + bytes(32), b"")


def test_m5_s_must_be_below_l() -> None:
    signature = KEY.sign(b"message")
    s = int.from_bytes(signature[32:], "little")
    with pytest.raises(SignatureRefused, match="signature_s_range"):
        signing.verify(KEY.public, signature[:32] + (s + L).to_bytes(32, "little"), b"message")


@given(st.binary(min_size=32, max_size=32))
def test_m5_any_32_bytes_are_a_good_key_or_refused(data: bytes) -> None:
    try:
        signing.check_public(data)
    except KeyRefused:
        return
    with pytest.raises(SignatureRefused):
        signing.verify(data, KEY.sign(b""), b"something else")


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_m5_any_bytes_are_refused_with_a_protocol_error(public: bytes, signature: bytes) -> None:
    with pytest.raises(ProtocolError):
        signing.verify(public, signature, b"")


def test_m6_box_key_is_the_expansion_of_its_seed() -> None:
    """SHAKE256(seed, 96) = ML-KEM seed || X25519 key; sizes of section 2."""
    assert len(BOX.public) == 1216
    box = boxes.seal(BOX.public, INFO, b"plaintext")
    assert len(box) == 1120 + 9 + 16
    assert boxes.BoxKey(bytes(range(32))).open(INFO, box) == b"plaintext"


def test_m6_every_coefficient_is_checked() -> None:
    good = BOX.public
    boxes.check_box_public(good)
    for i in range(0, 1152, 3):
        low = good[:i] + b"\x01" + bytes([good[i + 1] & 0xF0 | 0x0D]) + good[i + 2 :]
        high = good[: i + 1] + bytes([good[i + 1] & 0x0F | 0x10]) + b"\xd0" + good[i + 3 :]
        for changed in (low, high):
            with pytest.raises(KeyRefused, match="box_key_coefficient"):
                boxes.check_box_public(changed)


def test_m6_coefficient_3328_is_allowed() -> None:
    boxes.check_box_public(b"\x00\x0d\xd0" * 384 + BOX.public[1152:])


@pytest.mark.parametrize("top", [0, 1])
def test_m6_x25519_key_of_low_order_is_refused(top: int) -> None:
    for u in [*boxes._LOW_ORDER_U, P, P + 1]:
        share = (u | top << 255).to_bytes(32, "little")
        with pytest.raises(KeyRefused, match="box_key_low_order"):
            boxes.check_box_public(BOX.public[:1184] + share)
        with pytest.raises(KeyRefused, match="box_key_low_order"):
            boxes.seal(BOX.public[:1184] + share, INFO, b"")
        with pytest.raises(SealRefused, match="box_invalid"):
            BOX.open(INFO, bytes(1088) + share + bytes(16))


def test_m6_every_flipped_bit_of_a_box_is_refused() -> None:
    box = boxes.seal(BOX.public, INFO, b"plaintext")
    for changed in flips(box):
        # X25519 ignores the top bit of a share, but the KEM hashes the share's bytes.
        with pytest.raises(SealRefused, match="box_invalid"):
            BOX.open(INFO, changed)


def test_m6_another_key_or_info_does_not_open() -> None:
    box = boxes.seal(BOX.public, INFO, b"")
    with pytest.raises(SealRefused):
        BOX.open(b"other", box)
    with pytest.raises(SealRefused):
        boxes.BoxKey(bytes(32)).open(INFO, box)


@settings(max_examples=30)
@given(st.binary(max_size=1300))
def test_m6_any_bytes_are_no_box_and_no_key(data: bytes) -> None:
    with pytest.raises(SealRefused):
        BOX.open(INFO, data)
    with pytest.raises(KeyRefused):
        boxes.check_box_public(data[:1215])


def test_secrets_do_not_show_in_repr() -> None:
    seed = bytes.fromhex("5ec2e7" * 10 + "0102")
    for key in (SigningKey(seed), boxes.BoxKey(seed)):
        assert "5ec2e7" not in repr(key)
