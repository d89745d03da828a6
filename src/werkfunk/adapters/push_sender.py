"""Posting to push services (RFC 8030): only to those that are allowed, never into the private network by surprise.

The address comes from a browser, so it is not trusted: its host must be on the operator's list, and the machine that
the name leads to must be a public one. An origin that the operator names whole (`http://push.local:8080`) is taken as it is.
"""

import asyncio
import secrets
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

import httpcore
from cryptography.hazmat.primitives.asymmetric import ec

from werkfunk.adapters.clock import Clock
from werkfunk.adapters.network import Checked, is_public, read_away, resolve
from werkfunk.adapters.webpush import CURVE, PAYLOAD_SIZE, Vapid, seal

ENDPOINT_MAX = 2_048
TIMEOUT_S = 20
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Target:
    """A browser's subscription: where to post, and for whom to seal."""

    endpoint: str
    public: bytes
    """P-256 point, 65 bytes."""
    auth: bytes
    """16 bytes."""


@dataclass(frozen=True, slots=True)
class Posting:
    """How to deliver: `urgency` and `topic` as in RFC 8030, `ttl` in seconds."""

    payload: bytes
    urgency: str
    ttl: int
    topic: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the push service said; status 0: it was not reached. `retry_after` in seconds, 0 if it named none."""

    status: int
    retry_after: int = 0

    @property
    def gone(self) -> bool:
        """The subscription is no more."""
        return self.status in (404, 410)

    @property
    def later(self) -> bool:
        """Trying again can help."""
        return self.status in (0, 429) or self.status >= 500


class Allowed:
    """The push services that may be spoken to."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Entries: `host`, `*.domain`, or a whole origin such as `http://push.local:8080`."""
        self._hosts = frozenset(e.lower() for e in entries if "://" not in e)
        self._origins = frozenset(e.lower().rstrip("/") for e in entries if "://" in e)
        self.exempt = frozenset((urlsplit(o).hostname or "", _port(urlsplit(o))) for o in self._origins)

    def permits(self, endpoint: str) -> bool:
        """Whether `endpoint` is one of theirs."""
        if not 0 < len(endpoint) <= ENDPOINT_MAX or not endpoint.isascii() or not endpoint.isprintable():
            return False
        try:
            url = urlsplit(endpoint)
            port = _port(url)
        except ValueError:
            return False
        host = url.hostname or ""
        if " " in endpoint or "\\" in endpoint or "@" in url.netloc or url.fragment or not host:
            return False
        if origin_of(endpoint).lower() in self._origins:
            return True
        listed = host in self._hosts or any(
            entry.startswith("*.") and host.endswith(entry[1:]) for entry in self._hosts
        )
        return url.scheme == "https" and port == 443 and listed

    async def resolve(self, host: str, port: int) -> list[str]:
        """Where a connection may lead: public addresses, or an origin that the operator named. Raises ConnectError."""
        if (host, port) in self.exempt:
            return [host]
        try:
            addresses = await resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError("name not found") from error
        if not all(is_public(address) for address in addresses):
            raise httpcore.ConnectError("not a public address")
        return addresses


def _port(url: SplitResult) -> int:
    return url.port or (80 if url.scheme == "http" else 443)


def origin_of(endpoint: str) -> str:
    """Scheme and authority, as VAPID's audience."""
    url = urlsplit(endpoint)
    return f"{url.scheme}://{url.netloc}"


def retry_after(text: str, now: int) -> int:
    """The pause that an answer asks for, in seconds: a number or a date (RFC 9110, 10.2.3); `now` in ms."""
    if text.isascii() and text.isdigit() and len(text) < 7:
        return int(text)
    try:
        return max(0, int(parsedate_to_datetime(text).timestamp() - now / 1000))
    except ValueError:
        return 0


class PushSender:
    """Seals and posts; connections are kept open and bounded."""

    def __init__(self, vapid: Vapid, allowed: Allowed, clock: Clock) -> None:
        self._vapid = vapid
        self.allowed = allowed
        self._clock = clock
        self._pool: httpcore.AsyncConnectionPool | None = None

    @property
    def public(self) -> bytes:
        """The key that browsers bind their subscriptions to (`applicationServerKey`)."""
        return self._vapid.public

    async def post(self, target: Target, posting: Posting) -> Answer:
        """Deliver to the push service; never raises for what the network or the service does."""
        if not self.allowed.permits(target.endpoint):
            return Answer(410)
        try:
            sealed = seal(
                posting.payload,
                target.public,
                target.auth,
                ec.generate_private_key(CURVE),
                secrets.token_bytes(16),
                PAYLOAD_SIZE,
            )
        except ValueError:
            return Answer(410)
        origin = origin_of(target.endpoint)
        headers = [
            (b"Host", urlsplit(target.endpoint).netloc.encode()),
            (b"Authorization", self._vapid.authorization(origin, self._clock()).encode()),
            (b"Content-Type", b"application/octet-stream"),
            (b"Content-Encoding", b"aes128gcm"),
            (b"Content-Length", str(len(sealed)).encode()),
            (b"TTL", str(posting.ttl).encode()),
            (b"Urgency", posting.urgency.encode()),
            (b"Topic", posting.topic.encode()),
        ]
        if origin.endswith(".notify.windows.com"):
            # Microsoft's service wants its own word for "opaque bytes".
            headers.append((b"X-WNS-Type", b"wns/raw"))
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._exchange(target.endpoint, headers, sealed)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, TimeoutError, OSError):
            return Answer(0)

    async def _exchange(self, endpoint: str, headers: list[tuple[bytes, bytes]], sealed: bytes) -> Answer:
        if self._pool is None:
            # Made at the first push: the trusted certificates cost memory that a server without push does not need.
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=ssl.create_default_context(),
                max_connections=CONNECTIONS,
                keepalive_expiry=30,
                network_backend=Checked(self.allowed.resolve),
            )
        async with self._pool.stream(b"POST", endpoint, headers=headers, content=sealed) as response:
            await read_away(response)
            named = {name.lower(): value for name, value in response.headers}.get(b"retry-after", b"")
            return Answer(response.status, retry_after(named.decode("latin-1"), self._clock()))

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.aclose()
