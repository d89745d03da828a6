"""A reader that stops while 10,000 messages arrive: the server's memory stays flat, and the reader resumes."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from e2e.process import Cli, Serving
from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.content import Text
from werkfunk.protocol.events import EventKind, Header, parse_event
from werkfunk.protocol.labels import Label
from werkfunk.protocol.messages import seal_message
from werkfunk.sdk.client import Client
from werkfunk.wire import frames
from werkfunk.ws.connection import CLOSE_CODES

from .firm import Firm

MESSAGES = 10_000
WINDOW = 100


def seal(client: Client, conversation: bytes, text: str) -> bytes:
    core = client.core
    state = core.state(conversation)
    parts = core.keys.parts(conversation, state.generation)
    assert parts is not None
    header = Header(conversation, state.generation, core.keys.device, client.outbox.fresh_id(), EventKind.MESSAGE)
    return seal_message(
        parts.secret(conversation, state.generation),
        header,
        core.keys.signing,
        state.newest.statement,
        core.chains.users[core.keys.user].head,
        core.logs.seen(conversation),
        1,
        Text(text),
        os.urandom(12),
    )


async def stopped_reader(client: Client, base: str) -> ClientConnection:
    """Sign in like a client, with a small receive buffer, and read nothing more."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", int(base.rpartition(":")[2])))
    socket_ = await connect(base.replace("http", "ws") + "/v1/ws", sock=raw, max_queue=1, compression=None, proxy=None)
    challenge = frames.decode_server(await socket_.recv(decode=False))
    assert isinstance(challenge, frames.Challenge)
    device = client.core.keys.device
    signature = client.core.keys.signing.sign(tagged(Label.CHANNEL, base, challenge.nonce, device))
    await socket_.send(frames.encode(frames.Authenticate(device, signature)))
    assert isinstance(frames.decode_server(await socket_.recv(decode=False)), frames.Welcome)
    socket_.transport.pause_reading()
    return socket_


async def taken(reader: ClientConnection) -> AsyncIterator[bytes]:
    """All that still comes, until the server closes."""
    while True:
        try:
            yield await reader.recv(decode=False)
        except ConnectionClosed:
            return


async def resumes(client: Client) -> int:
    """How many readers the server has given up."""
    text = (await client.core.transport.request("GET", "/metrics")).text
    found = re.search(r'^werkfunk_refused_total\{code="resume"\} (\d+)', text, re.MULTILINE)
    return int(found[1]) if found else 0


async def test_ten_thousand_messages_for_a_stopped_reader(tmp_path: Path) -> None:
    environment = {
        "WERKFUNK_EVENTS_PER_SECOND": "100000", "WERKFUNK_EVENTS_BURST": "100000",
        # So long the server waits for the reader to take its goodbye: longer than a slow machine needs for all of this.
        "WERKFUNK_SILENCE_SECONDS": "200",
    }  # fmt: skip
    server = Serving(Cli(tmp_path))
    server.environment = environment
    firm = await Firm.found(server, ["Bernd"])
    anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
    try:
        await bernd.core.disconnect()
        reader = await stopped_reader(bernd, anna.core.transport.base)
        await anna.send(firm.group, "zum Aufwärmen")
        events = [seal(anna, firm.group, f"{number} " + "x" * 600) for number in range(MESSAGES)]
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss
        most = 0
        for start in range(0, MESSAGES, WINDOW):
            batch = events[start : start + WINDOW]
            await asyncio.gather(*(anna.core.channel.send(frames.Send(e), e_id(e)) for e in batch))
            most = max(most, process.memory_info().rss)
        assert most - before < 10 * 1_048_576
        assert await resumes(anna) == 1
        # What it did not take is at most what may wait; behind it the server says why it sends no more.
        reader.transport.resume_reading()
        *_, last = [frames.decode_server(data) async for data in taken(reader)]
        assert last == frames.Goodbye("resume")
        assert reader.close_code == CLOSE_CODES["resume"]
        await bernd.connect()
        texts = [text for _, text in firm.texts("Bernd")]
        assert [int(text.split()[0]) for text in texts if text[0].isdigit()] == list(range(MESSAGES))
    finally:
        await firm.close()


def e_id(event: bytes) -> bytes:
    return parse_event(event).header.message_id
