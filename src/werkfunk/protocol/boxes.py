"""Boxes: HPKE base mode (RFC 9180) with MLKEM768-X25519, HKDF-SHA256, AES-256-GCM; one message a context. [M6]

The one exception to "randomness is an argument": the library draws the encapsulation's randomness itself.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from werkfunk.protocol.errors import KeyRefused, SealRefused

PUBLIC_SIZE = 1216
ENCAPSULATION_SIZE = 1120
OVERHEAD = ENCAPSULATION_SIZE + 16
_MLKEM_PUBLIC = 1184
_Q = 3329
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_X25519_P = 2**255 - 19
# u coordinates of order 1, 2, 4 and 8, on the curve and its twist (RFC 7748 section 6, 7).
_LOW_ORDER_U = frozenset(
    {
        0,
        1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
        _X25519_P - 1,
    }
)


class BoxKey:
    """A box private key from its 32-byte seed; `public` is 1216 bytes (ML-KEM 1184, X25519 32)."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise KeyRefused("box_seed_length")
        expanded = hashlib.shake_256(seed).digest(96)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        self.seed = seed
        self._key = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()

    def open(self, info: bytes, box: bytes) -> bytes:
        """Open a box.

        Raises:
            SealRefused: `box_invalid`: too short, another key or info, a changed byte, a share of low order. [M6]
        """
        if len(box) < OVERHEAD or _low_order(box[ENCAPSULATION_SIZE - 32 : ENCAPSULATION_SIZE]):
            raise SealRefused("box_invalid")
        try:
            return _SUITE.decrypt(box, self._key, info)
        except (InvalidTag, ValueError) as error:
            raise SealRefused("box_invalid") from error

    def __repr__(self) -> str:
        return f"BoxKey(public={self.public.hex()[:8]}…)"


def check_box_public(public: bytes) -> None:
    """Check a box public key when it is registered. [M6]

    Raises:
        KeyRefused: `box_key_length`, `box_key_coefficient` (an ML-KEM coefficient >= 3329), `box_key_low_order`.
    """
    if len(public) != PUBLIC_SIZE:
        raise KeyRefused("box_key_length")
    packed = public[: _MLKEM_PUBLIC - 32]
    for i in range(0, len(packed), 3):
        a, b, c = packed[i], packed[i + 1], packed[i + 2]
        if (a | (b & 15) << 8) >= _Q or (b >> 4 | c << 4) >= _Q:
            raise KeyRefused("box_key_coefficient")
    if _low_order(public[_MLKEM_PUBLIC:]):
        raise KeyRefused("box_key_low_order")


def seal(public: bytes, info: bytes, plaintext: bytes) -> bytes:
    """Seal `plaintext` to a box public key: encapsulation (1120 bytes), ciphertext, tag (16).

    Raises:
        KeyRefused: the key is not acceptable. [M6]
    """
    check_box_public(public)
    try:
        key = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC]),
            X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC:]),
        )
        return _SUITE.encrypt(plaintext, key, info)
    except ValueError as error:
        raise KeyRefused("box_key_invalid") from error


def _low_order(share: bytes) -> bool:
    # X25519 ignores the top bit and takes u modulo p (RFC 7748 section 5), so non-canonical forms are found too.
    u = int.from_bytes(share, "little") & ((1 << 255) - 1)
    return u % _X25519_P in _LOW_ORDER_U
