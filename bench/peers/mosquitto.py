"""Mosquitto, QoS 1, nothing stored: the raw relay that marks the limit."""

import asyncio
import socket

from bench.peers.base import Link, Peer, free_port, until_listening

TEXT = b"x" * 300


def field(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def packet(kind: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (128 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


class Mqtt(asyncio.Protocol, Link):
    """A minimal MQTT 3.1.1 client."""

    def __init__(self, user: str, inbox: str, target: bytes = b"") -> None:
        self.user, self.inbox, self.target = user, inbox, target
        self.buffer = bytearray()
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport.write(packet(0x10, field(b"MQTT") + b"\x04\x02\x00\x00" + field(self.user.encode())))

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer
        buffer += data
        position, acks = 0, []
        while len(buffer) - position >= 2:
            size, shift, index = 0, 0, position + 1
            while True:
                if index >= len(buffer):
                    size = -1
                    break
                digit = buffer[index]
                size |= (digit & 127) << shift
                shift += 7
                index += 1
                if digit < 128:
                    break
            if size < 0 or len(buffer) < index + size:
                break
            kind = buffer[position] >> 4
            if kind == 3:
                topic = int.from_bytes(buffer[index : index + 2], "big")
                acks.append(b"\x40\x02" + bytes(buffer[index + 2 + topic : index + 4 + topic]))
                self.received()
            elif kind == 4:
                self.acked()
            elif kind == 2:
                self.transport.write(packet(0x82, b"\x00\x01" + field(self.inbox.encode()) + b"\x01"))
            elif kind == 9:
                self.ready.set_result(None)
            position = index + size
        del buffer[:position]
        if acks:
            self.transport.write(b"".join(acks))

    def send(self, number: int) -> None:
        identifier = (number % 65535 + 1).to_bytes(2, "big")
        self.transport.write(packet(0x32, field(self.target) + identifier + TEXT))

    def close(self) -> None:
        self.transport.close()


class Mosquitto(Peer):
    """See the module."""

    name = "mosquitto"
    ack = "PUBACK of the broker, nothing on disk"

    async def start(self) -> None:
        self.port = free_port()
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\n"
            "max_queued_messages 0\npersistence false\nset_tcp_nodelay true\nlog_type none\nmax_connections -1\n"
        )
        self.spawn("mosquitto", "-c", str(config))
        await until_listening(self.port)

    async def _link(self, user: str, inbox: str, target: bytes = b"") -> Mqtt:
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(lambda: Mqtt(user, inbox, target), "127.0.0.1", self.port)
        await link.ready
        return link

    async def pairs(self, pairs: int, messages: int) -> list[tuple[Link, Link]]:
        return [
            (await self._link(f"s{i}", f"in/s{i}", f"in/r{i}".encode()), await self._link(f"r{i}", f"in/r{i}"))
            for i in range(pairs)
        ]

    async def room(self, members: int, messages: int) -> tuple[Link, list[Link]]:
        sender = await self._link("m0", "none", b"room")
        return sender, [await self._link(f"m{i}", "room") for i in range(1, members)]

    async def idle(self, count: int) -> list[Link]:
        return [await self._link(f"i{i}", f"in/{i}") for i in range(count)]
