"""Half-open connections: a line goes dead and nobody is told. Both ends notice, nobody else does, nothing is lost or doubled."""

import asyncio
import base64
import contextlib
import os
import re
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from e2e.process import Cli, Serving, free_port
from werkfunk.protocol.content import Text
from werkfunk.sdk import channel
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NoConnection, NotAllowed
from werkfunk.sdk.files import TUS

from .cable import Cable, Line
from .firm import Firm


class Site:
    """A firm whose people reach the server through a cable."""

    def __init__(self, firm: Firm, cable: Cable) -> None:
        self.firm, self.cable = firm, cable

    async def connect(self, name: str) -> list[Line]:
        """Connect anew; gives the person's lines (WebSocket and HTTP)."""
        before = len(self.cable.lines)
        await self.firm.clients[name].connect()
        return self.cable.lines[before:]

    async def connections(self) -> int:
        """Signed-in WebSocket connections, as the server counts them."""
        url = f"http://127.0.0.1:{self.firm.server.port}/metrics"
        text = await asyncio.to_thread(lambda: urllib.request.urlopen(url).read().decode())
        found = re.search(r"^werkfunk_connections (\S+)$", text, re.MULTILINE)
        assert found
        return int(float(found[1]))


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(channel, "SILENCE_S", 1)
    port = free_port()
    server = Serving(Cli(tmp_path), "--public-url", f"http://localhost:{port}")
    server.environment = {"WERKFUNK_SILENCE_SECONDS": "1"}
    cable = await Cable.open(port, server.port)
    firm = await Firm.found(server, ["Bernd", "Clara"])
    yield Site(firm, cable)
    await firm.close()
    await cable.close()


async def until_broken(client: Client) -> None:
    with pytest.raises(NoConnection):
        async for _ in client.listen():
            pass


def texts(client: Client, group: bytes) -> list[str]:
    return [m.content.text for m in client.core.logs.messages(group, 0) if isinstance(m.content, Text)]


async def test_both_ends_notice_and_what_was_missed_comes_later(site: Site) -> None:
    firm = site.firm
    anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
    for line in await site.connect("Bernd"):
        line.cut()
    assert await site.connections() == 3
    broken = asyncio.create_task(until_broken(bernd))
    sent = [f"Nachricht {number}" for number in range(50)]
    for text in sent:
        await anna.send(firm.group, text)
    while await site.connections() != 2:
        await anna.send(firm.group, "ins Leere")
        sent.append("ins Leere")
        await asyncio.sleep(0.1)
    await broken
    await bernd.connect()
    assert texts(bernd, firm.group) == sent
    assert texts(anna, firm.group) == sent


async def test_a_lost_answer_is_asked_for_again_and_the_message_comes_once(site: Site) -> None:
    firm = site.firm
    anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
    lines = await site.connect("Bernd")
    for line in lines:
        line.cut(up=False)
    with pytest.raises(NoConnection):
        await bernd.send(firm.group, "Antwort geht verloren")
    await anna.core.catch_up(firm.group)
    assert texts(anna, firm.group) == ["Antwort geht verloren"], "it had arrived all the same"
    await bernd.connect()
    for client in (anna, bernd):
        await client.core.catch_up(firm.group)
        assert texts(client, firm.group) == ["Antwort geht verloren"]
    assert bernd.core.local.rows("SELECT 1 FROM outbox") == []


async def test_a_message_into_a_dead_line_waits_and_goes_once(site: Site) -> None:
    firm = site.firm
    anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
    for line in await site.connect("Bernd"):
        line.cut()
    with pytest.raises(NoConnection):
        await bernd.send(firm.group, "aus dem Lift")
    await bernd.connect()
    await anna.core.catch_up(firm.group)
    assert texts(anna, firm.group) == ["aus dem Lift"]


async def test_an_upload_whose_line_died_goes_on_over_another(site: Site) -> None:
    transport = site.firm.clients["Bernd"].core.transport
    content = os.urandom(300_000)
    metadata = f"conversation {base64.b64encode(site.firm.group).decode()}"
    made = await transport.request(
        "POST", "/v1/blobs", headers={**TUS, "upload-length": str(len(content)), "upload-metadata": metadata}
    )
    place = made.headers["location"]
    head = {
        **TUS, "content-type": "application/offset+octet-stream", "upload-offset": "0", "host": "localhost",
        "content-length": str(len(content)), "authorization": f"DPoP {transport._token}",
        "dpop": transport.proof("PATCH", place, transport._token),
    }  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    _, writer = await asyncio.open_connection("127.0.0.1", site.firm.server.port)
    writer.write(f"PATCH {place} HTTP/1.1\r\n{lines}\r\n".encode() + content[:100_000])
    await writer.drain()
    name = place.rpartition("/")[2]
    stored = site.firm.server.cli.folder / "data" / "blobs" / name[:2] / name
    while not stored.exists() or stored.stat().st_size == 0:
        await asyncio.sleep(0.01)
    offset, refused = 0, []
    while offset < len(content):
        offset = int((await transport.request("HEAD", place, headers=TUS)).headers["upload-offset"])
        more = {**TUS, "content-type": head["content-type"], "upload-offset": str(offset)}
        try:
            answer = await transport.request("PATCH", place, headers=more, content=content[offset:])
            offset = int(answer.headers["upload-offset"])
        except (NotAllowed, NoConnection) as error:
            # The dead line still holds the upload, or has just let go of it.
            refused.append(error.code)
    assert refused
    assert set(refused) <= {"busy", "offset_mismatch"}
    assert (await transport.request("GET", place)).content == content
    writer.close()


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Serving]:
    server = Serving(Cli(tmp_path))
    server.environment = {"WERKFUNK_SILENCE_SECONDS": "1"}
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("said", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: 1"])
async def test_who_never_ends_a_request_is_let_go(patient: Serving, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", patient.port)
    writer.write(said)
    assert await reader.read() == b""
    writer.close()


async def test_a_second_request_that_never_ends_is_let_go_too(patient: Serving) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", patient.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.write(b"GET /hea")
    assert b"HTTP/1.1" not in await reader.read()
    writer.close()


async def test_a_head_without_end_is_cut_off(tmp_path: Path) -> None:
    server = Serving(Cli(tmp_path))
    server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
    sent = 0
    with contextlib.suppress(ConnectionError):
        while not reader.at_eof():
            writer.write(b"x" * 16_384)
            await writer.drain()
            sent += 16_384
            await asyncio.sleep(0)
    # What the kernel's buffers take beyond the limit; the deadline would let gigabytes through.
    assert sent < 64 * 1_048_576
    writer.close()
    server.stop()
