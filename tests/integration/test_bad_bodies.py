"""Bad bodies at every route that takes one, signed as an owner: a stable code, no trace, and nobody else notices."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, get_args

import httpx
import msgspec
import pytest
import pytest_asyncio

from malicious.conftest import Firm
from werkfunk.domain import limits
from werkfunk.http.handlers import ID_SIZES
from werkfunk.sdk.client import Client
from werkfunk.wire import frames
from werkfunk.wire.routes import ROUTES, Route

from .raw import Wire, ask, code, once, signed, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

WITH_BODY = [route for route in ROUTES if route.request is not None]
JSON = {"content-type": "application/json"}
MALFORMED = {
    "empty": b"",
    "truncated": b'{"device": "AAAA',
    "not UTF-8": b'{"\xff\xfe": 1}',
    "a list": b"[]",
    "null": b"null",
    "an unknown field": b'{"unknown": 1}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"x":' * 40_000 + b"1" + b"}" * 40_000,
    "a number of a million digits": b"1" * 200_000,
}


class Pieces:
    """A body whose length nobody says before."""

    def __init__(self, size: int) -> None:
        self.size = size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, self.size, 65_536):
            yield b" " * min(65_536, self.size - start)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bystander(shared: Firm) -> AsyncIterator[Wire]:
    """Somebody else's connection, open all the time."""
    wire = await signed_in(shared.clients["Bernd"])
    yield wire
    await wire.socket.close()


async def unharmed(firm: Firm, bystander: Wire) -> None:
    """The other connection and the other device work on, and no mistake of the server's was noted."""
    await bystander.send(frames.Ping(7))
    assert (await bystander.until(frames.Pong)).value == 7
    assert (await once(firm.clients["Clara"], "GET", "/v1/people")).status_code == 200
    metrics = (await ask(firm.base, "GET", "/metrics")).text
    assert re.search(r"^werkfunk_faults_total 0\.0$", metrics, re.MULTILINE), metrics


def path_of(firm: Firm, route: Route) -> str:
    named = {name: bytes(size).hex() for name, size in ID_SIZES.items()}
    return route.path.format(**{**named, "conversation": firm.group.hex()})


def refused(answer: httpx.Response) -> str:
    """The code of an answer that says no more than its form has."""
    assert set(answer.json()) <= {"type", "title", "status", "code", "detail"}
    assert answer.status_code < 500
    assert not re.search(r"Traceback|\.py|site-packages", answer.text)
    return code(answer)


@pytest.mark.parametrize("route", WITH_BODY, ids=lambda route: route.name)
async def test_no_body_breaks_a_route(shared: Firm, bystander: Wire, route: Route) -> None:
    anna, path = shared.clients["Anna"], path_of(shared, route)
    assert route.request is not None
    fields = msgspec.structs.fields(route.request)
    wrong = {f"{field.name} of a wrong type": msgspec.json.encode({field.encode_name: [[{}]]}) for field in fields}
    for name, content in {**MALFORMED, **wrong}.items():
        answer = await once(anna, route.method, path, JSON, content=content)
        assert refused(answer) == "malformed", name
    answer = await once(anna, route.method, path, {"content-type": "text/plain"}, content=b"{}")
    assert refused(answer) == "unsupported_media_type"
    answer = await once(anna, route.method, path, JSON, content=Pieces(route.body_max + 1))
    assert refused(answer) == "body_too_large"
    assert b"body_too_large" in await said(anna, route.method, path, f"content-length: {route.body_max + 1}")
    assert b"malformed" in await said(anna, route.method, path, "transfer-encoding: chunked", b"1\r\n{\r\n0\r\n\r\n")
    # A request whose line breaks in the middle of its body: nobody is there any more to be told.
    await said(anna, route.method, path, "content-length: 100", b'{"half', hang_up=True)
    await unharmed(shared, bystander)


async def said(
    client: Client, method: str, path: str, length: str, content: bytes = b"", *, hang_up: bool = False
) -> bytes:
    """What the server answers to a head and `content`, by hand; at once, for it is asked to close the connection."""
    base = client.core.transport.base
    reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
    head = {"host": "localhost", **JSON, **signed(client, method, path)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    writer.write(f"{method} {path} HTTP/1.1\r\n{lines}{length}\r\n\r\n".encode() + content)
    await writer.drain()
    answer = b""
    if not hang_up:
        answer = await reader.readuntil(b"\r\n\r\n")
        size = re.search(rb"(?i)content-length: (\d+)", answer)
        assert size
        answer += await reader.readexactly(int(size[1]))
    writer.close()
    await writer.wait_closed()
    return answer


FRAMES = [kind for kind in get_args(frames.ClientFrame) if kind is not frames.Authenticate]


def bad_frames(kind: Any) -> dict[str, bytes]:
    tag, count = kind.__struct_config__.tag, len(msgspec.structs.fields(kind))
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    name = msgspec.msgpack.encode(tag)
    return {
        "truncated": bytes([0x90 + count + 1]) + name,
        "wrong types": msgspec.msgpack.encode([tag, *[{"a": None}] * count]),
        "deep": msgspec.msgpack.encode([tag, *[deep] * count]),
        "deeper than any stack": bytes([0x91 + count]) + name + b"\x91" * 100_000,
        "more than it says": msgspec.msgpack.encode([tag]) + b"\x00",
    }


@pytest.mark.parametrize("kind", FRAMES, ids=lambda kind: kind.__name__)
async def test_no_frame_breaks_the_channel(shared: Firm, bystander: Wire, kind: Any) -> None:
    for name, payload in bad_frames(kind).items():
        wire = await signed_in(shared.clients["Anna"])
        await wire.socket.send(payload)
        assert (await wire.until(frames.Goodbye)).code == "malformed", name
        await wire.ended()
    wire = await signed_in(shared.clients["Anna"])
    await wire.socket.send(bytes(limits.FRAME_MAX + 1))
    await wire.ended()
    await unharmed(shared, bystander)


async def test_others_talk_on_after_all_of_it(shared: Firm) -> None:
    anna, bernd = await shared.people()
    await anna.send(shared.group, "und weiter")
    await bernd.core.catch_up(shared.group)
    assert bernd.core.logs.messages(shared.group, 0)[-1].content.text == "und weiter"  # type: ignore[union-attr]
