"""What every request needs: the services, who asks, the body within its limits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from ipaddress import ip_address

from starlette.requests import ClientDisconnect, Request

from werkfunk.adapters.config import Config
from werkfunk.adapters.maps import MapFolder
from werkfunk.adapters.metrics import Metrics
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.roles import Subject
from werkfunk.services.alarm_settings import AlarmSettings
from werkfunk.services.alarms import Alarms
from werkfunk.services.blobs import Blobs
from werkfunk.services.conversations import Conversations
from werkfunk.services.directory import Directory
from werkfunk.services.limiter import Limiter
from werkfunk.services.offers import Offers
from werkfunk.services.push import Push
from werkfunk.services.sessions import Sessions
from werkfunk.storage.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """All that the HTTP edge calls."""

    config: Config
    store: Store
    directory: Directory
    conversations: Conversations
    offers: Offers
    sessions: Sessions
    blobs: Blobs
    push: Push
    maps: MapFolder
    alarms: Alarms
    alarm_settings: AlarmSettings
    metrics: Metrics
    requests: Limiter
    seen: Callable[[bytes], None]
    fault: Callable[[BaseException], None]
    stopping: Callable[[], bool]

    def limit(self, key: object) -> None:
        """Count a request. Raises Failure RATE_LIMITED."""
        if not self.requests.allow(key):
            raise Failure(Code.RATE_LIMITED)

    def authenticate(self, request: Request) -> Subject:
        """Who asks, by token and proof. Raises Failure."""
        try:
            subject = self.sessions.authenticate(
                request.headers.get("authorization", ""),
                request.method,
                request.url.path,
                request.headers.get("dpop", ""),
            )
        except Failure:
            # Who is no device is limited by address, which is held in memory only. Devices are not: a whole business
            # shares one address behind its router, or that of the proxy.
            self.limit(address(request))
            raise
        self.limit(subject.device)
        self.seen(subject.user)
        return subject


def address(request: Request) -> str:
    """The other end's address, for the rate limit; an IPv6 address by its /64."""
    host = request.client.host if request.client else ""
    try:
        parsed = ip_address(host)
    except ValueError:
        return host
    return host if parsed.version == 4 else ":".join(parsed.exploded.split(":")[:4])


async def body(services: Services, request: Request, most: int) -> bytes:
    """The request's body. Raises Failure BODY_TOO_LARGE or MALFORMED."""
    try:
        declared = int(request.headers.get("content-length", "0"))
    except ValueError:
        raise Failure(Code.MALFORMED, "content-length") from None
    if declared > most:
        raise Failure(Code.BODY_TOO_LARGE, str(most))
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in arriving(services, request):
            size += len(piece)
            if size > most:
                raise Failure(Code.BODY_TOO_LARGE, str(most))
            pieces.append(piece)
    except ClientDisconnect:
        raise Failure(Code.MALFORMED, "the request ended early") from None
    return b"".join(pieces)


async def arriving(services: Services, request: Request) -> AsyncIterator[bytes]:
    """The body's pieces. Raises ClientDisconnect, too when nothing came for twice `silence_seconds`: the line is dead."""
    pieces = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(2 * services.config.silence_seconds):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ClientDisconnect from None
        yield piece


def identifier(text: str, size: int) -> bytes:
    """An id from a path, lower-case hex. Raises Failure NOT_FOUND."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != size or value.hex() != text:
        raise Failure(Code.NOT_FOUND)
    return value
