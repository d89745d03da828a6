"""HTTP with DPoP (RFC 9449): each request signed by the device's key, tokens renewed by themselves."""

import asyncio
import contextlib
import hashlib
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import msgspec

from werkfunk.protocol.proofs import b64, sign_proof
from werkfunk.protocol.signing import SigningKey
from werkfunk.sdk.errors import NoConnection, NotAllowed, SdkError
from werkfunk.wire import api
from werkfunk.wire.routes import ROUTES

BY_NAME = {route.name: route for route in ROUTES}
B = TypeVar("B", bound=msgspec.Struct)
RETRIES = 6


class Transport:
    """Calls of the HTTP API for one device (or, without a device, of its public part)."""

    def __init__(self, base: str, device: bytes = b"", seed: bytes = b"") -> None:
        """`base` is the server's URL, `seed` the device signing key's."""
        self.base = base.rstrip("/")
        self._device = device
        self._key = SigningKey(seed) if seed else None
        self._token = ""
        self._nonce = ""
        self.heard: Callable[[int], None] = lambda _: None
        """Told what time it is at the server (ms), with each answer."""
        timeout = httpx.Timeout(60, connect=10)
        # The certificates that the system trusts, as for the WebSocket: a business may have its own (SSL_CERT_FILE).
        self._http = httpx.AsyncClient(timeout=timeout, trust_env=False, verify=ssl.create_default_context())

    async def close(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def call(
        self,
        name: str,
        kind: type[B],
        body: msgspec.Struct | None = None,
        ids: Mapping[str, bytes] | None = None,
        query: Mapping[str, int] | None = None,
    ) -> B:
        """Call a route of the table.

        Raises:
            NotAllowed: the server refuses; `code` says why. NoConnection, SdkError.
        """
        route = BY_NAME[name]
        path = route.path
        for key, value in (ids or {}).items():
            path = path.replace(f"{{{key}}}", value.hex())
        content = msgspec.json.encode(body) if body is not None else None
        headers = {"content-type": "application/json"} if content is not None else {}
        signed = route.operation is not None
        response = await self.request(
            route.method, path, headers=headers, content=content, params=dict(query or {}), signed=signed
        )
        return msgspec.json.decode(response.content, type=kind)

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: Any = None,
        params: Mapping[str, int] | None = None,
        signed: bool = True,
    ) -> httpx.Response:
        """A request with token and proof; repeated when the server asks for a nonce, a new token or patience."""
        for attempt in range(RETRIES):
            if signed and not self._token:
                await self._sign_in()
            all_headers = dict(headers or {})
            if signed:
                all_headers |= {"authorization": f"DPoP {self._token}", "dpop": self.proof(method, path, self._token)}
            response = await self._send(method, path, all_headers, content, params)
            if response.status_code < 400:
                return response
            problem = _problem(response)
            if signed and problem.code == "use_dpop_nonce":
                continue
            if signed and problem.code == "unauthenticated" and attempt == 0:
                self._token = ""
                continue
            if problem.code in ("rate_limited", "busy") and attempt < RETRIES - 1:
                await asyncio.sleep(0.2 * 2**attempt)
                continue
            raise error_of(problem.code, problem.title, problem.detail)
        raise SdkError("the server keeps asking for another nonce")

    async def _send(
        self, method: str, path: str, headers: dict[str, str], content: Any, params: Mapping[str, int] | None
    ) -> httpx.Response:
        try:
            response = await self._http.request(
                method, self.base + path, headers=headers, content=content, params=params or None
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise NoConnection(f"no connection to {self.base}", type(error).__name__) from error
        self._nonce = response.headers.get("dpop-nonce", self._nonce)
        with contextlib.suppress(ValueError):
            self.heard(int(parsedate_to_datetime(response.headers.get("date", "")).timestamp() * 1000))
        return response

    async def _sign_in(self) -> None:
        body = msgspec.json.encode(api.SessionRequest(device=self._device))
        path = "/v1/sessions"
        for _ in range(3):
            headers = {"content-type": "application/json", "dpop": self.proof("POST", path, "")}
            response = await self._send("POST", path, headers, body, None)
            if response.status_code < 400:
                self._token = msgspec.json.decode(response.content, type=api.Session).token
                return
            problem = _problem(response)
            if problem.code != "use_dpop_nonce":
                raise error_of(problem.code, problem.title, problem.detail)
        raise SdkError("the server keeps asking for another nonce")

    def proof(self, method: str, path: str, token: str) -> str:
        """A DPoP proof for one request."""
        assert self._key is not None
        claims: dict[str, Any] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": self.base + path,
            "iat": int(time.time()),
            "nonce": self._nonce,
        }
        if token:
            claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
        return sign_proof(self._key, claims)


def error_of(code: str, title: str, detail: str = "") -> SdkError:
    """The library's error for a server's."""
    text = f"{title} ({code}{': ' + detail if detail else ''})"
    if code in ("unavailable", "busy", "internal"):
        return NoConnection(text, code)
    return NotAllowed(text, code)


def _problem(response: httpx.Response) -> api.Problem:
    try:
        return msgspec.json.decode(response.content, type=api.Problem)
    except msgspec.MsgspecError:
        return api.Problem(type="", title="The answer is not Werkfunk's", status=response.status_code, code="unknown")
