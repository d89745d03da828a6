"""Werkfunk itself: SQLCipher, fsync before the ack; bodies sealed before the run by the people's own keys, opened after it."""

import asyncio
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from bench.peers.base import Link, Peer, free_port, until_listening
from werkfunk.adapters.config import Config
from werkfunk.domain.roles import Role
from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.content import Text
from werkfunk.protocol.events import EventKind, Header, parse_event
from werkfunk.protocol.labels import Label
from werkfunk.protocol.links import SetupLink, to_url
from werkfunk.protocol.messages import open_message, seal_message
from werkfunk.sdk import account
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.services.setup import prepare
from werkfunk.storage import keys
from werkfunk.storage.sqlite.store import SqliteStore
from werkfunk.wire import frames

TEXT = "x" * 300


def masked(payload: bytes) -> bytes:
    """A client's binary frame; the mask is zero, so the payload stays as it is."""
    size = len(payload)
    head = bytes((0x82, 0x80 | size)) if size < 126 else bytes((0x82, 0xFE)) + size.to_bytes(2, "big")
    return head + bytes(4) + payload


class Socket(asyncio.Protocol, Link):
    """A minimal WebSocket client that signs in."""

    def __init__(self, client: Client, base: str) -> None:
        self.client, self.base = client, base
        self.buffer = bytearray()
        self.upgraded = False
        self.prepared: list[bytes] = []
        self.kept: list[bytes] = []
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host = urlsplit(self.base).netloc
        self.transport.write(
            f"GET /v1/ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer
        buffer += data
        position = 0
        if not self.upgraded:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self.upgraded, position = True, end + 4
        while len(buffer) - position >= 2:
            size, start = buffer[position + 1], position + 2
            if size == 126:
                size, start = int.from_bytes(buffer[start : start + 2], "big"), start + 2
            elif size == 127:
                size, start = int.from_bytes(buffer[start : start + 8], "big"), start + 8
            if len(buffer) < start + size:
                break
            if buffer[position] == 0x82:
                self._frame(bytes(buffer[start : start + size]))
            elif buffer[position] == 0x89:
                self.transport.write(bytes((0x8A, 0x80)) + bytes(4))
            position = start + size
        del buffer[:position]

    def _frame(self, payload: bytes) -> None:
        # ["event", …] and ["ack", …]: the tag's length and first letter tell which, nothing else is decoded here.
        if payload[1:7] == b"\xa5event":
            self.kept.append(payload)
            self.received()
        elif payload[1:5] == b"\xa3ack":
            self.acked()
        else:
            self._other(payload)

    def _other(self, payload: bytes) -> None:
        frame = frames.decode_server(payload)
        if isinstance(frame, frames.Challenge):
            keys_ = self.client.core.keys
            message = tagged(Label.CHANNEL, self.base, frame.nonce, keys_.device)
            answer = frames.Authenticate(keys_.device, keys_.signing.sign(message))
            self.transport.write(masked(frames.encode(answer)))
        elif isinstance(frame, frames.Welcome):
            self.ready.set_result(None)
        elif isinstance(frame, frames.Refused):
            raise RuntimeError(f"refused: {frame.code} {frame.detail}")

    def send(self, number: int) -> None:
        self.transport.write(self.prepared[number])

    def close(self) -> None:
        self.transport.close()


class Werkfunk(Peer):
    """See the module."""

    name = "werkfunk"
    ack = "Ack after the durable commit (fsync)"

    async def start(self) -> None:
        self.port = free_port()
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        key = keys.create(data / "server.key")
        store = SqliteStore(data, key)
        secret = await prepare(store, "Bench", "Anna")
        await store.close()
        listen = f"127.0.0.1:{self.port}"
        self.base = Config(listen=listen).origins()[0]
        limits = {
            f"WERKFUNK_{n}": "1000000"
            for n in ("EVENTS_PER_SECOND", "EVENTS_BURST", "REQUESTS_PER_SECOND", "REQUESTS_BURST")
        }
        command = str(Path(sys.executable).parent / "werkfunk")
        self.spawn(command, "serve", "--data", str(data), "--listen", listen, env={**os.environ, **limits})
        await until_listening(self.port)
        self.clients: list[Client] = []
        self.rooms: list[tuple[Client, bytes, list[Socket]]] = []
        await account.join(to_url(self.base, SetupLink(secret)), self.folder / "p0", "Anna", "Bench")
        self.anna = Client(self.folder / "p0")
        await self.anna.connect()
        await self.anna.core.disconnect()

    async def _people(self, count: int) -> list[Client]:
        link = await self.anna.office.invite(Role.MEMBER, 1000, now() + 3_600_000)
        first = len(self.clients) + 1
        for number in range(first, first + count):
            await account.join(link, self.folder / f"p{number}", f"P{number}", "Bench")
            client = Client(self.folder / f"p{number}")
            self.clients.append(client)
        return self.clients[-count:]

    async def _link(self, client: Client) -> Socket:
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(lambda: Socket(client, self.base), "127.0.0.1", self.port)
        await link.ready
        return link

    def _seal(self, client: Client, conversation: bytes, messages: int) -> list[bytes]:
        core = client.core
        state = core.state(conversation)
        parts = core.keys.parts(conversation, state.generation)
        assert parts is not None
        secret, seen = parts.secret(conversation, state.generation), core.logs.seen(conversation)
        head = core.chains.users[core.keys.user].head
        prepared = []
        for number in range(messages):
            header = Header(
                conversation, state.generation, core.keys.device, client.outbox.fresh_id(), EventKind.MESSAGE
            )
            text = f"{number} {TEXT}"[:300]
            event = seal_message(
                secret, header, core.keys.signing, state.newest.statement, head, seen, now(), Text(text), os.urandom(12)
            )
            prepared.append(masked(frames.encode(frames.Send(event))))
        return prepared

    async def pairs(self, pairs: int, messages: int) -> list[tuple[Link, Link]]:
        people = await self._people(2 * pairs)
        linked: list[tuple[Link, Link]] = []
        for one, other in zip(people[::2], people[1::2], strict=True):
            await one.connect()
            conversation = await one.create("Paar", [other.core.keys.user])
            await one.core.disconnect()
            sender, receiver = await self._link(one), await self._link(other)
            sender.prepared = self._seal(one, conversation, messages)
            self.rooms.append((one, conversation, [receiver]))
            linked.append((sender, receiver))
        return linked

    async def room(self, members: int, messages: int) -> tuple[Link, list[Link]]:
        people = await self._people(members)
        await people[0].connect()
        conversation = await people[0].create("Raum", [client.core.keys.user for client in people[1:]])
        await people[0].core.disconnect()
        links = [await self._link(client) for client in people]
        links[0].prepared = self._seal(people[0], conversation, messages)
        self.rooms.append((people[0], conversation, links[1:]))
        return links[0], list(links[1:])

    async def idle(self, count: int) -> list[Link]:
        (person,) = await self._people(1)
        return [await self._link(person) for _ in range(count)]

    def verify(self) -> None:
        """Open what was received: each text there, in order, with gapless numbers."""
        for sender, conversation, receivers in self.rooms:
            core = sender.core
            state = core.state(conversation)
            parts = core.keys.parts(conversation, state.generation)
            assert parts is not None
            secret = parts.secret(conversation, state.generation)
            for link in receivers[:2]:
                last = 0
                for number, payload in enumerate(link.kept):
                    frame = frames.decode_server(payload)
                    assert isinstance(frame, frames.Event)
                    assert last in (0, frame.seq - 1)
                    last = frame.seq
                    opened = open_message(secret, parse_event(frame.event), state, core.chains.users)
                    assert isinstance(opened.content, Text)
                    assert opened.content.text.split()[0] == str(number)

    def stop(self) -> None:
        """See Peer."""
        for client in self.clients:
            client.core.local.close()
        super().stop()
