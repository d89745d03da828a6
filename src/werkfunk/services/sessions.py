"""Sessions bound to the device's signing key: DPoP (RFC 9449) for HTTP, a signed challenge for the WebSocket.

A token names the device and its end, authenticated with the server's key; nothing about sessions is stored. It is
worthless without the device's key, and at every use the device is asked for in the directory as it is now.
"""

import base64
import hashlib
import hmac
import json
import secrets
import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from werkfunk.adapters.clock import Clock
from werkfunk.domain import limits
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.roles import Subject
from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.labels import Label
from werkfunk.protocol.signing import verify
from werkfunk.services.directory import Directory

NONCE_S = 60
REPLAYS_MAX = 100_000
ALGORITHM = "Ed25519"


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of base64url without padding. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


class Sessions:
    """See the module."""

    def __init__(self, directory: Directory, clock: Clock, key: bytes, origins: Callable[[], tuple[str, ...]]) -> None:
        """`key` is 32 bytes of the server's own; `origins` gives scheme and authority as clients may see them."""
        self._directory = directory
        self._clock = clock
        self._key = key
        self.origins = origins
        self._seen: OrderedDict[bytes, int] = OrderedDict()
        # Fresh with each start: proofs that were used before it, and are no longer remembered, are void.
        self._nonce_key = secrets.token_bytes(32)

    # -- WebSocket

    def challenge(self) -> bytes:
        """32 fresh bytes."""
        return secrets.token_bytes(32)

    def answer(self, nonce: bytes, device: bytes, signature: bytes) -> Subject:
        """Check a signed challenge. Raises Failure."""
        public = self._directory.signing_key(device)
        for origin in self.origins():
            try:
                verify(public, signature, tagged(Label.CHANNEL, origin, nonce, device))
            except ProtocolError:
                continue
            return self._checked(device)
        raise Failure(Code.PROOF_INVALID)

    def _checked(self, device: bytes) -> Subject:
        subject = self._directory.subject(device)
        if not subject.device_active:
            raise Failure(Code.DEVICE_REVOKED)
        if subject.role is None:
            raise Failure(Code.PERSON_REMOVED)
        return subject

    # -- HTTP

    def nonce(self) -> str:
        """The nonce that proofs must carry now (RFC 9449 section 8); changes every minute."""
        return self._nonce(self._clock() // 1000 // NONCE_S)

    def _nonce(self, period: int) -> str:
        return b64(hmac.digest(self._nonce_key, struct.pack(">q", period), "sha256")[:16])

    def open(self, device: bytes, method: str, path: str, proof: str) -> tuple[str, int]:
        """A token for the device whose key signed `proof`: (token, end in ms). Raises Failure."""
        self._check_proof(device, method, path, proof, None)
        self._checked(device)
        end = self._clock() // 1000 + limits.SESSION_S
        body = device + struct.pack(">q", end)
        return b64(body + hmac.digest(self._key, b"token" + body, "sha256")), end * 1000

    def authenticate(self, authorization: str, method: str, path: str, proof: str) -> Subject:
        """Check token and proof of a request. Raises Failure."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "dpop":
            raise Failure(Code.UNAUTHENTICATED)
        try:
            raw = unb64(token)
        except ValueError as error:
            raise Failure(Code.UNAUTHENTICATED) from error
        body, tag = raw[:24], raw[24:]
        if len(body) != 24 or not hmac.compare_digest(tag, hmac.digest(self._key, b"token" + body, "sha256")):
            raise Failure(Code.UNAUTHENTICATED)
        device, (end,) = body[:16], struct.unpack(">q", body[16:])
        if self._clock() // 1000 > end:
            raise Failure(Code.UNAUTHENTICATED, "the token has expired")
        self._check_proof(device, method, path, proof, token)
        return self._checked(device)

    def _check_proof(self, device: bytes, method: str, path: str, proof: str, token: str | None) -> None:
        """RFC 9449 section 4.3."""
        public = self._directory.signing_key(device)
        claims = _claims(proof, public)
        if claims.get("htm") != method or not self._is_target(claims.get("htu"), path):
            raise Failure(Code.PROOF_INVALID, "htm or htu")
        issued, jti = claims.get("iat"), claims.get("jti")
        now = self._clock() // 1000
        if type(issued) is not int or type(jti) is not str or not 8 <= len(jti) <= 128:
            raise Failure(Code.PROOF_INVALID, "iat or jti")
        periods = (now // NONCE_S, now // NONCE_S - 1)
        if not any(hmac.compare_digest(str(claims.get("nonce", "")), self._nonce(p)) for p in periods):
            # The server's nonce bounds a proof's age, so a phone whose clock is wrong by a day still gets in.
            raise Failure(Code.NONCE_REQUIRED)
        if token is not None:
            expected = b64(hashlib.sha256(token.encode()).digest())
            if not hmac.compare_digest(str(claims.get("ath", "")), expected):
                raise Failure(Code.PROOF_INVALID, "ath")
        self._once(hashlib.sha256(device + jti.encode()).digest(), now)

    def _is_target(self, claimed: object, path: str) -> bool:
        """`htu` without query and fragment; scheme and authority are the server's own, never the Host header's."""
        if type(claimed) is not str:
            return False
        one = urlsplit(claimed)
        return one.path == path and f"{one.scheme}://{one.netloc}" in self.origins()

    def _once(self, name: bytes, now: int) -> None:
        while self._seen and next(iter(self._seen.values())) < now - 2 * NONCE_S:
            self._seen.popitem(last=False)
        if name in self._seen:
            raise Failure(Code.PROOF_REPLAYED)
        if len(self._seen) >= REPLAYS_MAX:
            raise Failure(Code.BUSY)
        self._seen[name] = now


def _claims(proof: str, public: bytes) -> dict[str, Any]:
    if len(proof) > 2048:
        raise Failure(Code.PROOF_INVALID, "too long")
    try:
        key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": b64(public)})
        signed = jws.deserialize_compact(proof, key, algorithms=[ALGORITHM])
        header = signed.headers()
        jwk = header.get("jwk")
        if header.get("typ") != "dpop+jwt" or not isinstance(jwk, dict) or jwk.get("x") != b64(public):
            raise Failure(Code.PROOF_INVALID, "typ or jwk")
        claims = json.loads(signed.payload)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Failure(Code.PROOF_INVALID, type(error).__name__) from error
    if not isinstance(claims, dict):
        raise Failure(Code.PROOF_INVALID)
    return claims
