"""COSE_Sign1 and COSE_Encrypt0 (RFC 9052) in exactly one form each. [M3]"""

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from werkfunk.protocol.cbor import decode, encode, tagged
from werkfunk.protocol.errors import EncodingRefused, SealRefused
from werkfunk.protocol.labels import Label
from werkfunk.protocol.signing import Signer, verify

_SIGN_HEADER = encode({1: -19})
IV_SIZE = 12


def sign1(key: Signer, label: Label, payload: bytes) -> bytes:
    """COSE_Sign1 over `payload` with external_aad T(label)."""
    return encode([_SIGN_HEADER, {}, payload, key.sign(_to_be_signed(label, payload))])


def payload_of(data: bytes) -> bytes:
    """The payload of a COSE_Sign1 whose form is right. The signature is NOT verified.

    Raises:
        EncodingRefused: `cose_form`.
    """
    return _split(data)[0]


def verify1(data: bytes, public: bytes, label: Label) -> bytes:
    """Verify a COSE_Sign1 and return its payload.

    Raises:
        EncodingRefused: `cose_form`, or any error of `cbor.decode`.
        KeyRefused, SignatureRefused: see `signing.verify`.
    """
    payload, signature = _split(data)
    verify(public, signature, _to_be_signed(label, payload))
    return payload


def encrypt0(key: bytes, iv: bytes, aad: bytes, plaintext: bytes) -> bytes:
    """COSE_Encrypt0 with A256GCM; `key` 32 bytes, `iv` 12 bytes that are never used twice under a key."""
    if len(iv) != IV_SIZE:
        raise EncodingRefused("cose_form", "iv length")
    header = encode({1: 3, 5: iv})
    return encode([header, {}, AESGCM(key).encrypt(iv, plaintext, _structure(header, aad))])


def decrypt0(key: bytes, aad: bytes, data: bytes) -> bytes:
    """Open a COSE_Encrypt0.

    Raises:
        EncodingRefused: `cose_form`, or any error of `cbor.decode`.
        SealRefused: `seal_invalid`.
    """
    match decode(data):
        case [bytes(header), dict(unprotected), bytes(ciphertext)] if not unprotected:
            match decode(header):
                case {1: 3, 5: bytes(iv), **rest} if len(iv) == IV_SIZE and not rest:
                    pass
                case _:
                    raise EncodingRefused("cose_form", "protected header")
        case _:
            raise EncodingRefused("cose_form")
    try:
        return AESGCM(key).decrypt(iv, ciphertext, _structure(header, aad))
    except (InvalidTag, ValueError) as error:
        raise SealRefused("seal_invalid") from error


def _split(data: bytes) -> tuple[bytes, bytes]:
    match decode(data):
        case [bytes(header), dict(unprotected), bytes(payload), bytes(signature)] if (
            not unprotected and hmac.compare_digest(header, _SIGN_HEADER)
        ):
            return payload, signature
    raise EncodingRefused("cose_form")


def _to_be_signed(label: Label, payload: bytes) -> bytes:
    return encode(["Signature1", _SIGN_HEADER, tagged(label), payload])


def _structure(header: bytes, aad: bytes) -> bytes:
    return encode(["Encrypt0", header, aad])
