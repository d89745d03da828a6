"""What the load generator needs of a server under test."""

import asyncio
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil

Received = Callable[[], None]


class Link:
    """A signed-in connection of one user. `received` is called for each message that arrives."""

    received: Received = staticmethod(lambda: None)
    acked: Received = staticmethod(lambda: None)

    def send(self, number: int) -> None:
        """Send prepared message `number` of this user."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""


class Peer:
    """A server in a folder of its own on free ports."""

    name = ""
    ack = ""
    """What an acknowledgement means here."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self.folder.chmod(0o755)
        self.processes: list[subprocess.Popen[bytes]] = []

    async def start(self) -> None:
        """Start the server and wait until it answers."""
        raise NotImplementedError

    async def pairs(self, pairs: int, messages: int) -> list[tuple[Link, Link]]:
        """Connect 2 x `pairs` users as (sender, receiver), each sender with `messages` prepared messages."""
        raise NotImplementedError

    async def room(self, members: int, messages: int) -> tuple[Link, list[Link]]:
        """Connect a room: (sender with prepared messages, the other members)."""
        raise NotImplementedError

    async def idle(self, count: int) -> list[Link]:
        """Connect `count` users who do nothing."""
        raise NotImplementedError

    def verify(self) -> None:
        """After the run: whatever must be true of what was received."""

    def tree(self) -> list[psutil.Process]:
        """All processes of the server."""
        roots = [psutil.Process(p.pid) for p in self.processes if p.poll() is None]
        return [q for root in roots for q in (root, *root.children(recursive=True))]

    def cpu(self) -> float:
        """CPU seconds, user and system, of all processes so far."""
        return sum(t.user + t.system for t in (p.cpu_times() for p in self.tree()))

    def rss(self) -> int:
        """Resident bytes of all processes."""
        return sum(p.memory_info().rss for p in self.tree())

    def spawn(self, *command: str, **more: object) -> None:
        """Start a process of the server."""
        log = (self.folder / "log").open("ab")
        self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, **more))  # type: ignore[call-overload]

    def stop(self) -> None:
        """Stop everything and delete the folder."""
        for process in self.tree():
            process.terminate()
        for popen in self.processes:
            try:
                popen.wait(15)
            except subprocess.TimeoutExpired:
                popen.kill()
                popen.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_listening(port: int, seconds: float = 60) -> None:
    """Wait until a port accepts connections."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if asyncio.get_running_loop().time() > end:
                raise
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
