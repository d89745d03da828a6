"""DPoP proofs: ours are taken by another JOSE library and its proofs by us; whatever is not one proof of one key is refused."""

import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.proofs import b64, open_proof, sign_proof, unb64
from werkfunk.protocol.signing import SigningKey

SEED = bytes(range(32))
KEY = SigningKey(SEED)
THEIRS = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": b64(KEY.public), "d": b64(SEED)})
CLAIMS: dict[str, Any] = {"htm": "GET", "htu": "https://funk.example/v1/people", "jti": "ä" * 8, "iat": 1}


def made(header: dict[str, Any] | None = None, claims: Any = CLAIMS, key: SigningKey = KEY) -> str:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(KEY.public)}
    head = {"typ": "dpop+jwt", "alg": "Ed25519", "jwk": jwk} | (header or {})
    signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(key.sign(signed.encode()))}"


def test_another_library_takes_ours() -> None:
    signed = jws.deserialize_compact(sign_proof(KEY, CLAIMS), THEIRS, algorithms=["Ed25519"])
    assert json.loads(signed.payload) == CLAIMS
    assert signed.headers()["typ"] == "dpop+jwt"


def test_ours_takes_another_librarys() -> None:
    header = {"typ": "dpop+jwt", "alg": "Ed25519", "jwk": THEIRS.as_dict(private=False)}
    proof = jws.serialize_compact(header, json.dumps(CLAIMS).encode(), THEIRS, algorithms=["Ed25519"])
    assert open_proof(proof, KEY.public) == CLAIMS


def test_unknown_header_fields_are_passed_over() -> None:
    assert open_proof(made({"kid": "1"}), KEY.public) == CLAIMS


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"}, {"typ": None}, {"alg": "none"}, {"alg": "HS256"}, {"alg": "EdDSA"}, {"crit": ["b64"], "b64": False},
        {"jwk": None}, {"jwk": []}, {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64(bytes(32))}},
        {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64(KEY.public), "d": b64(SEED)}},
        {"jwk": {"kty": "oct", "k": b64(KEY.public)}},
    ],
    ids=str,
)  # fmt: skip
def test_another_header_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refused:
        open_proof(made(header), KEY.public)
    assert refused.value.code == "proof_form"


@pytest.mark.parametrize(
    "proof",
    ["", ".", "..", "a.b", "a.b.c", "x" * 3000, "ä.ö.ü", made(claims=[]), made(claims="x"), "[" * 900 + ".." + "A"],
    ids=lambda proof: proof[:12],
)
def test_what_is_no_proof_is_refused(proof: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        open_proof(proof, KEY.public)
    assert refused.value.code == "proof_form"


def test_another_keys_signature_is_refused() -> None:
    other = SigningKey(bytes(32))
    with pytest.raises(ProtocolError):
        open_proof(made(key=other), KEY.public)
    with pytest.raises(ProtocolError):
        open_proof(made(), other.public)


def test_each_flipped_bit_is_refused() -> None:
    parts = sign_proof(KEY, CLAIMS).split(".")
    for number, part in enumerate(parts):
        raw = unb64(part)
        for bit in range(0, len(raw) * 8, 7):
            flipped = bytearray(raw)
            flipped[bit // 8] ^= 1 << bit % 8
            with pytest.raises(ProtocolError):
                open_proof(".".join([*parts[:number], b64(bytes(flipped)), *parts[number + 1 :]]), KEY.public)
