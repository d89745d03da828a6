"""Debian's mumble-server, voice through its TCP tunnel: TLS, and the four messages that a client needs, written by hand."""

import asyncio
import ssl
import subprocess

from bench.peers.base import Link, Peer, free_port, until_listening

VERSION, TUNNEL, AUTHENTICATE, PING, SERVER_SYNC = 0, 1, 2, 3, 5
OPUS = 4 << 5


def varint(value: int) -> bytes:
    """A protobuf varint."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))


def number(value: int) -> bytes:
    """A number of the voice packets, up to 28 bits."""
    if value < 0x80:
        return bytes((value,))
    if value < 0x4000:
        return bytes((0x80 | value >> 8, value & 255))
    return bytes((0xC0 | value >> 16, value >> 8 & 255, value & 255))


def message(kind: int, body: bytes) -> bytes:
    return kind.to_bytes(2, "big") + len(body).to_bytes(4, "big") + body


class MumbleLink(asyncio.Protocol, Link):
    """One client; every voice packet counts as received."""

    def __init__(self, name: str, opus: bytes) -> None:
        self.name, self.opus = name, opus
        self.buffer = bytearray()
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        name = self.name.encode()
        version = b"\x08" + varint(1 << 16 | 3 << 8 | 4)
        authenticate = b"\x0a" + varint(len(name)) + name + b"\x28\x01"
        transport.write(message(VERSION, version) + message(AUTHENTICATE, authenticate))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer
        buffer += data
        position = 0
        while len(buffer) - position >= 6:
            size = int.from_bytes(buffer[position + 2 : position + 6], "big")
            if len(buffer) < position + 6 + size:
                break
            kind = buffer[position + 1]
            if kind == TUNNEL:
                self.received()
            elif kind == SERVER_SYNC and not self.ready.done():
                self.ready.set_result(None)
            position += 6 + size
        del buffer[:position]

    def send(self, index: int) -> None:
        packet = bytes((OPUS,)) + number(2 * index) + number(len(self.opus)) + self.opus
        self.transport.write(message(TUNNEL, packet))

    def ping(self) -> None:
        """A sign of life; the server closes silent connections after 30 s."""
        self.transport.write(message(PING, b"\x08\x01"))

    def close(self) -> None:
        self.transport.close()


class Mumble(Peer):
    """See the module."""

    name = "mumble-server (TLS)"

    async def start(self) -> None:
        # Started by root, it changes to a user of its own, who keeps the database here.
        self.folder.chmod(0o777)
        self.port = free_port()
        config = self.folder / "mumble.ini"
        config.write_text(
            f"database={self.folder}/mumble.sqlite\nport={self.port}\nhost=127.0.0.1\nusers=1000\nbandwidth=558000\n"
            f"autobanAttempts=0\nlogfile={self.folder}/mumble.log\npidfile={self.folder}/mumble.pid\nbonjour=False\n"
            "timeout=120\n"
        )
        self.spawn("/usr/sbin/murmurd", "-fg", "-ini", str(config))
        await until_listening(self.port)

    async def channel(self, listeners: int, opus: bytes) -> tuple[MumbleLink, list[MumbleLink]]:
        """A talker and the others in one channel."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        loop = asyncio.get_running_loop()
        links = []
        for index in range(listeners + 1):
            name = f"p{index}"
            _, link = await loop.create_connection(
                lambda name=name: MumbleLink(name, opus), "127.0.0.1", self.port, ssl=context
            )
            await asyncio.wait_for(link.ready, 60)
            links.append(link)
        return links[0], links[1:]


def version() -> str:
    """The installed version."""
    return subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", "mumble-server"], capture_output=True, text=True, check=False
    ).stdout
