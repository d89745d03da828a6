"""(g) Push-to-talk: server CPU for 1,000 frames delivered, one talker to 100 and to 500 listeners, 50 frames a second.

Listeners of Werkfunk are connections of ten people; the server's work is for each connection. Frames are really sealed, and
those of two listeners are opened after the run.
"""

import asyncio
import os
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.harness import percentile
from bench.peers.base import until_listening
from bench.peers.mumble import Mumble
from bench.peers.mumble import version as mumble_version
from bench.peers.werkfunk import Socket, Werkfunk, masked
from werkfunk.protocol import voice
from werkfunk.wire import frames

OPUS = bytes((0x78,)) + os.urandom(59)
"""A packet as speech at 24 kbit/s has it."""
INTERVAL = 0.02


class Listener(Socket):
    """A connection that hears live voice."""

    def _frame(self, payload: bytes) -> None:
        if payload[1:7] == b"\xa5voice":
            self.kept.append(payload)
            self.received()
        else:
            self._other(payload)

    def _other(self, payload: bytes) -> None:
        frame = frames.decode_server(payload)
        if isinstance(frame, frames.FloorGranted | frames.Pong):
            self.answered.set_result(frame)
        else:
            super()._other(payload)

    def ask(self, *sent: frames.Frame) -> "asyncio.Future[frames.Frame]":
        """Send; the next grant or pong answers."""
        self.answered: asyncio.Future[frames.Frame] = asyncio.get_running_loop().create_future()
        for frame in sent:
            self.transport.write(masked(frames.encode(frame)))
        return self.answered


class Plain(Werkfunk):
    """Werkfunk behind a proxy that ends TLS."""

    name = "werkfunk"
    tls: ssl.SSLContext | None = None

    async def ready(self) -> None:
        """Before the connections are made."""

    async def _listener(self, client: Any) -> Listener:
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(
            lambda: Listener(client, self.base), "127.0.0.1", self.port, ssl=self.tls
        )
        await link.ready
        return link

    async def channel(self, listeners: int, count: int) -> tuple[Listener, list[Listener]]:
        """A talker with the floor and prepared frames, and those who hear."""
        people = await self._people(11)
        talker = people[0]
        await talker.connect()
        self.group = await talker.create("Kanal", [client.core.keys.user for client in people[1:]])
        await talker.core.disconnect()
        await self.ready()
        links = [await self._listener(people[1 + index % 10]) for index in range(listeners)]
        for link in links:
            await link.ask(frames.Tune([self.group]), frames.Ping(1))
        speaker = await self._listener(talker)
        burst = os.urandom(16)
        parts = talker.core.keys.parts(self.group, 1)
        assert parts is not None
        secret = parts.secret(self.group, 1)
        self.key = voice.burst_key(secret, self.group, 1, talker.core.keys.device, burst)
        speaker.prepared = [
            masked(frames.encode(frames.Voice(burst, n, voice.seal_frame(self.key, n, OPUS)))) for n in range(count)
        ]
        await speaker.ask(frames.FloorRequest(self.group, 1, burst))
        return speaker, links


class Secure(Plain):
    """Werkfunk that ends TLS itself, as Mumble does."""

    name = "werkfunk (TLS)"

    async def ready(self) -> None:
        cert, key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True,
        )  # fmt: skip
        (plain,) = self.processes
        plain.terminate()
        plain.wait(15)
        self.processes.clear()
        listen = f"127.0.0.1:{self.port}"
        command = str(Path(sys.executable).parent / "werkfunk")
        self.spawn(
            command, "serve", "--data", str(self.folder / "data"), "--listen", listen,
            "--tls-cert", str(cert), "--tls-key", str(key),
        )  # fmt: skip
        await until_listening(self.port)
        self.base = self.base.replace("http:", "https:")
        self.tls = ssl.create_default_context()
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE


async def run(listeners: int, count: int, peer: Plain | Mumble) -> dict[str, Any]:
    """One talker, `count` frames at the pace of speech."""
    if isinstance(peer, Plain):
        talker, links = await peer.channel(listeners, count)
    else:
        talker, links = await peer.channel(listeners, OPUS)  # type: ignore[assignment]
    sent: list[float] = []
    lags: list[float] = []
    total = listeners * count
    done = asyncio.get_running_loop().create_future()
    got = 0

    def hear(link: Any) -> None:
        own = 0

        def received() -> None:
            nonlocal own, got
            lags.append(time.perf_counter() - sent[own])
            own += 1
            got += 1
            if got == total:
                done.set_result(None)

        link.received = received

    for link in links:
        hear(link)
    before, started = peer.cpu(), time.perf_counter()
    for index in range(count):
        sent.append(time.perf_counter())
        talker.send(index)
        await asyncio.sleep(max(0.0, started + (index + 1) * INTERVAL - time.perf_counter()))
    await asyncio.wait_for(done, 240)
    used = peer.cpu() - before
    if isinstance(peer, Plain):
        for link in links[:2]:
            opened = [frames.decode_server(payload) for payload in link.kept]
            assert [voice.open_frame(peer.key, f.number, f.sealed) for f in opened] == [OPUS] * count
    for one in (talker, *links):
        one.close()
    return {
        "peer": peer.name,
        "listeners": listeners,
        "frames": count,
        "delivered": total,
        "server_cpu_s_per_1000_delivered": round(used / total * 1000, 5),
        "lag_p50_ms": round(percentile(lags, 0.5) * 1000, 1),
        "lag_p99_ms": round(percentile(lags, 0.99) * 1000, 1),
        "reference": mumble_version() if isinstance(peer, Mumble) else "",
    }
