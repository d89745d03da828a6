"""Proofs of possession for HTTP (DPoP, RFC 9449): a compact JWS (RFC 7515) with Ed25519 (RFC 8037, RFC 9864).

One type, one algorithm, one key: nothing is negotiated, so the few lines below are all of JOSE that is needed. The
signature is checked with the protocol's own strict `verify`. [M5]
"""

import base64
import json
from typing import Any

from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.signing import Signer, verify

ALGORITHM = "Ed25519"
TYPE = "dpop+jwt"
PROOF_MAX = 2_048


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of base64url without padding. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def sign_proof(key: Signer, claims: dict[str, Any]) -> str:
    """A proof over `claims` (htm, htu, jti, iat, nonce, ath), naming the key's public half."""
    header = {"typ": TYPE, "alg": ALGORITHM, "jwk": _jwk(key.public)}
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(key.sign(signed.encode()))}"


def open_proof(proof: str, public: bytes) -> dict[str, Any]:
    """The claims of a proof that `public` (32 bytes) signed; what they say is the caller's to judge.

    Raises:
        EncodingRefused: `proof_form` for whatever is not such a proof.
        KeyRefused, SignatureRefused: see `signing.verify`.
    """
    if len(proof) > PROOF_MAX:
        raise EncodingRefused("proof_form", "too long")
    signed, _, signature = proof.rpartition(".")
    head, _, payload = signed.partition(".")
    try:
        header, claims = json.loads(unb64(head)), json.loads(unb64(payload))
        tag = unb64(signature)
    except (ValueError, RecursionError) as error:
        raise EncodingRefused("proof_form", type(error).__name__) from error
    if not isinstance(header, dict) or not isinstance(claims, dict) or not isinstance(jwk := header.get("jwk"), dict):
        raise EncodingRefused("proof_form", "no object")
    # `crit` would name extensions that must be understood; there are none. A private key has no business here.
    if header.get("typ") != TYPE or header.get("alg") != ALGORITHM or "crit" in header:
        raise EncodingRefused("proof_form", "typ, alg or crit")
    if "d" in jwk or {name: jwk.get(name) for name in ("kty", "crv", "x")} != _jwk(public):
        raise EncodingRefused("proof_form", "jwk")
    verify(public, tag, signed.encode())
    return claims


def _jwk(public: bytes) -> dict[str, str]:
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(public)}
