"""HKDF-SHA256 (RFC 5869) and SHA-256, in the two forms that the protocol uses."""

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from werkfunk.protocol.cbor import Value, tagged
from werkfunk.protocol.labels import Label


def derive(ikm: bytes, salt: bytes, info: bytes) -> bytes:
    """KDF(ikm, salt, info): 32 bytes of HKDF-SHA256; an empty salt is RFC 5869's default (32 zero bytes)."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt or None, info=info).derive(ikm)


def sha256(data: bytes) -> bytes:
    """Plain SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()


def tagged_hash(label: Label, *items: Value) -> bytes:
    """H(T(label, …)), 32 bytes."""
    return sha256(tagged(label, *items))
