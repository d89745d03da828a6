"""Ed25519 (RFC 8032) with one answer everywhere. [M5]

Libraries differ on non-canonical and small-order points (Firefox refuses what Chromium, Node and Python
accept), so A, R and S are checked here before the library is asked.
"""

from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from werkfunk.protocol.errors import KeyRefused, ProtocolError, SignatureRefused

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_SIGN = 1 << 255
# y coordinates of the eight points of order 1, 2, 4 and 8 (the last two have two x each; the sign bit is masked off).
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _P - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)


class Signer(Protocol):
    """Anything that signs with a device's key: a seed in memory here, a key that cannot leave in a browser."""

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of `message`, 64 bytes."""


class SigningKey:
    """An Ed25519 private key from its RFC 8032 seed (32 bytes)."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise KeyRefused("signing_seed_length")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The signature of `message`, 64 bytes."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.hex()[:8]}…)"


def _check_point(encoded: bytes, what: str, refusal: type[ProtocolError] = KeyRefused) -> None:
    number = int.from_bytes(encoded, "little")
    y, sign = number & (_SIGN - 1), number >> 255
    if y >= _P:
        raise refusal(f"{what}_not_canonical")
    if y in _SMALL_ORDER_Y:
        raise refusal(
            f"{what}_small_order",
            "sign bit on x = 0" if sign and y in (1, _P - 1) else "",
        )


def check_public(public: bytes) -> None:
    """Refuse a public key that is not 32 bytes, not canonical, of small order, or not on the curve. [M5]

    Raises:
        KeyRefused: `signing_key_length`, `signing_key_not_canonical`, `signing_key_small_order`, `signing_key_not_on_curve`.
    """
    if len(public) != 32:
        raise KeyRefused("signing_key_length")
    _check_point(public, "signing_key")
    y = int.from_bytes(public, "little") & (_SIGN - 1)
    d = (-121665 * pow(121666, -1, _P)) % _P
    x2 = (y * y - 1) * pow(d * y * y + 1, -1, _P) % _P
    if pow(x2, (_P - 1) // 2, _P) != 1:
        raise KeyRefused("signing_key_not_on_curve")


def verify(public: bytes, signature: bytes, message: bytes) -> None:
    """Verify a signature; A and R canonical and not of small order, S < L. [M5]

    Raises:
        KeyRefused: A is not acceptable: `signing_key_length`, `signing_key_not_canonical`, `signing_key_small_order`.
        SignatureRefused: `signature_length`, `signature_r_not_canonical`, `signature_r_small_order`,
            `signature_s_range`, `signature_invalid`.
    """
    if len(signature) != 64:
        raise SignatureRefused("signature_length")
    if len(public) != 32:
        raise KeyRefused("signing_key_length")
    _check_point(public, "signing_key")
    _check_point(signature[:32], "signature_r", SignatureRefused)
    if int.from_bytes(signature[32:], "little") >= _L:
        raise SignatureRefused("signature_s_range")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise SignatureRefused("signature_invalid") from error
