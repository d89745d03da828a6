"""Sessions bound to the device's signing key: DPoP (RFC 9449) for HTTP, a signed challenge for the WebSocket.

A token names the device and its end, authenticated with the server's key; nothing about sessions is stored. It is
worthless without the device's key, and at every use the device is asked for in the directory as it is now.
"""

import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable
from urllib.parse import urlsplit

from werkfunk.adapters.clock import Clock
from werkfunk.domain import limits
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.roles import Subject
from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.labels import Label
from werkfunk.protocol.proofs import b64, open_proof, unb64
from werkfunk.protocol.signing import verify
from werkfunk.services.directory import Directory
from werkfunk.services.replays import Replays

NONCE_S = 60


class Sessions:
    """See the module."""

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        seconds: Callable[[], float],
        key: bytes,
        origins: Callable[[], tuple[str, ...]],
        most: int,
    ) -> None:
        """Sessions of one running server.

        Args:
            directory: devices and people as they are now.
            clock: the time of day, for the end of tokens.
            seconds: a monotonic clock, for nonces: if the time of day jumped back, used proofs would be new again.
            key: 32 bytes of the server's own.
            origins: scheme and authority as clients may see them.
            most: requests that one device may make while a nonce is taken.
        """
        self._directory = directory
        self._clock = clock
        self._seconds = seconds
        self._key = key
        self.origins = origins
        self._replays = Replays(most)
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
        return self._nonce(self._period())

    def _period(self) -> int:
        return int(self._seconds()) // NONCE_S

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
        try:
            claims = open_proof(proof, self._directory.signing_key(device))
        except ProtocolError as error:
            raise Failure(Code.PROOF_INVALID, error.code) from error
        if claims.get("htm") != method or not self._is_target(claims.get("htu"), path):
            raise Failure(Code.PROOF_INVALID, "htm or htu")
        issued, jti = claims.get("iat"), claims.get("jti")
        if type(issued) is not int or type(jti) is not str or not 8 <= len(jti) <= 128:
            raise Failure(Code.PROOF_INVALID, "iat or jti")
        now, given = self._period(), str(claims.get("nonce", ""))
        period = next((p for p in (now, now - 1) if hmac.compare_digest(given.encode(), self._nonce(p).encode())), None)
        if period is None:
            # The server's nonce bounds a proof's age, so a phone whose clock is wrong by a day still gets in.
            raise Failure(Code.NONCE_REQUIRED)
        if token is not None:
            expected = b64(hashlib.sha256(token.encode()).digest())
            if not hmac.compare_digest(str(claims.get("ath", "")).encode(), expected.encode()):
                raise Failure(Code.PROOF_INVALID, "ath")
        self._replays.once(device, hashlib.sha256(jti.encode()).digest(), period, now)

    def _is_target(self, claimed: object, path: str) -> bool:
        """`htu` without query and fragment; scheme and authority are the server's own, never the Host header's."""
        if type(claimed) is not str:
            return False
        one = urlsplit(claimed)
        return one.path == path and f"{one.scheme}://{one.netloc}" in self.origins()
