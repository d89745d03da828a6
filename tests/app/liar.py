"""A server that lies to one browser: the honest server's answers and frames, changed on their way down."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
from playwright.async_api import Route

from malicious.lies import Log
from werkfunk.wire import api, frames
from werkfunk.wire.routes import ROUTES

from .browser import Device

Change = Callable[[Any], Any]


async def lie(device: Device, route: str, change: Change) -> None:
    """From now on the answers of one route are changed before the app sees them."""
    (known,) = [one for one in ROUTES if one.name == route]
    pattern = re.compile(re.escape(device.origin) + re.sub(r"\{\w+\}", "[^/?]+", known.path) + r"(\?.*)?$")

    async def changed(request: Route) -> None:
        if request.request.method != known.method:
            await request.fallback()
            return
        answer = await request.fetch()
        if not answer.ok:
            await request.fulfill(response=answer)
            return
        told = change(msgspec.json.decode(await answer.body(), type=known.response))
        await request.fulfill(response=answer, body=msgspec.json.encode(told))

    await device.context.route(pattern, changed)


async def invent(device: Device, path: str, answer: msgspec.Struct) -> None:
    """The answer to what the honest server does not know."""

    async def made_up(request: Route) -> None:
        await request.fulfill(body=msgspec.json.encode(answer), content_type="application/json")

    await device.context.route(re.compile(re.escape(device.origin + path) + r"(\?.*)?$"), made_up)


async def deny(device: Device, path: str) -> None:
    """This is not known, says the server."""
    problem = api.Problem(type="", title="Not found", status=404, code="not_found")

    async def denied(request: Route) -> None:
        body = msgspec.json.encode(problem)
        await request.fulfill(status=404, body=body, content_type="application/problem+json")

    await device.context.route(re.compile(re.escape(device.origin + path) + r"(\?.*)?$"), denied)


async def honest(device: Device) -> None:
    """The truth again, from the next connection on."""
    device.link.rewriter = None
    await device.context.unroute_all(behavior="wait")


async def lie_about_log(device: Device, conversation: str, change: Callable[[Log], Log]) -> None:
    """Pages of a conversation's log, over the WebSocket and over HTTP, are changed from the next connection on."""
    name = bytes.fromhex(conversation)

    def told(message: bytes) -> bytes:
        frame = frames.decode_server(message)
        if isinstance(frame, frames.Page) and frame.conversation == name and frame.events:
            frame.events = change(frame.events)
            return frames.encode(frame)
        return message

    def page(answer: api.EventPage) -> api.EventPage:
        events = [frames.Logged(e.seq, e.time, e.event, e.hash) for e in answer.events]
        told = change(events) if events else []
        answer.events = [api.LoggedEvent(seq=e.seq, time=e.time, event=e.event, hash=e.hash) for e in told]
        return answer

    device.link.rewriter = lambda: Rewriter(told)
    await lie(device, "events", page)


class Rewriter:
    """Changes the binary messages of a WebSocket as the server sends it (RFC 6455: whole, not masked)."""

    def __init__(self, change: Callable[[bytes], bytes]) -> None:
        self._change = change
        self._left = b""
        self._upgraded = False

    def __call__(self, data: bytes) -> bytes:
        self._left += data
        out = b""
        if not self._upgraded:
            head, end, rest = self._left.partition(b"\r\n\r\n")
            if not end:
                return b""
            out, self._left, self._upgraded = head + end, rest, True
        while (message := self._next()) is not None:
            kind, payload = message
            out += _framed(kind, self._change(payload) if kind == 0x82 else payload)
        return out

    def _next(self) -> tuple[int, bytes] | None:
        if len(self._left) < 2:
            return None
        size, at = self._left[1], 2
        if size > 125:
            at = 4 if size == 126 else 10
            if len(self._left) < at:
                return None
            size = int.from_bytes(self._left[2:at])
        if len(self._left) < at + size:
            return None
        kind, payload = self._left[0], self._left[at : at + size]
        self._left = self._left[at + size :]
        return kind, payload


def _framed(kind: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes([kind, size]) + payload
    if size < 65_536:
        return bytes([kind, 126]) + size.to_bytes(2) + payload
    return bytes([kind, 127]) + size.to_bytes(8) + payload
