"""The network between one browser and the server: it can be cut, slow, thin, or swallow everything.

A link is the HTTP proxy of one browser context, so nothing that a page does goes past it. It runs in a thread of its
own: a test that waits for something else does not stop the network.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

PIECE = 16_384
# Chromium itself asks here (what a form's fields mean, its own updates and accounts), and has no flag of its own against
# it; no page's doing. Not reached either.
BROWSERS_OWN = ("content-autofill.googleapis.com", "update.googleapis.com", "accounts.google.com")


class Network:
    """The thread in which links live."""

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="network")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def link(self, server_port: int) -> "Link":
        link = Link(self, server_port)
        await link.do(link.listen())
        return link


class Link:
    """All attributes may be changed while connections are open."""

    def __init__(self, network: Network, server_port: int) -> None:
        self._network = network
        self._server_port = server_port
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._budget: tuple[str, int] | None = None
        self._spent: Future[None] = Future()
        self.port = 0
        self.up = True
        self.delay = 0.0
        """Seconds, each way."""
        self.rate = 0
        """Bytes a second, each way and connection; 0 is no limit."""
        self.rewriter: Callable[[], Callable[[bytes], bytes]] | None = None
        """For a lying server: makes what changes the bytes that come down a tunnel (a WebSocket's)."""
        self.stall: Callable[[], float] = lambda: 0.0
        """Asked for each piece that comes down: seconds that it, and all behind it, wait."""
        self.foreign: list[str] = []
        """Targets other than the server that were asked for; none is reached."""

    async def do(self, work: asyncio.Future[None] | object) -> None:
        """Run a coroutine on the network's thread."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._network.loop))  # type: ignore[arg-type]

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Cut everything and stop listening."""
        await self.do(self._close())

    async def _close(self) -> None:
        # First nobody is taken any more: whoever is taken and finds the server closed stays open for ever (Python 3.11).
        for listener in self._server.sockets:
            self._network.loop.remove_reader(listener.fileno())
        await _turns()
        self._server.close()
        # A connection taken just now is on its way to `_accept` for some turns of the loop.
        await _turns()
        self._drop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # What was aborted is closed in the next.
        await _turns()

    async def cut(self) -> None:
        """Every connection breaks, none can be made until `mend`."""
        self.up = False
        await self.do(self._cut())

    async def _cut(self) -> None:
        self._drop()

    def mend(self) -> None:
        self.up = True

    def cut_after(self, direction: str, size: int) -> "Future[None]":
        """Cut by itself once `size` more bytes went "up" or "down"; the future tells when (`await asyncio.wrap_future`)."""
        self._spent = Future()
        self._budget = (direction, size)
        return self._spent

    def _drop(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        try:
            await self._carry(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._open.discard(writer)
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b" ", 2)
        authority = target.decode().removeprefix("http://").partition("/")[0]
        if not authority.endswith(f"localhost:{self._server_port}"):
            if authority.partition(":")[0] not in BROWSERS_OWN:
                self.foreign.append(target.decode())
            return
        if not self.up:
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except ConnectionRefusedError:
            return
        self._open.add(far_writer)
        try:
            if method == b"CONNECT":
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                head = b""
            change = self.rewriter() if self.rewriter and not head else bytes
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, far_writer, "up", head, bytes))
                group.create_task(self._pump(far_reader, writer, "down", b"", change))
        except* ConnectionError:
            pass
        finally:
            far_writer.transport.abort()
            self._open.discard(far_writer)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        direction: str,
        first: bytes,
        change: Callable[[bytes], bytes],
    ) -> None:
        """Carry bytes one way until its end, in order, each piece `delay` later and no faster than `rate`."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

        async def deliver() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(due - loop.time())
                if not data:
                    break
                if direction == "down":
                    await asyncio.sleep(self.stall())
                if self.rate:
                    await asyncio.sleep(len(data) / self.rate)
                writer.write(self._within_budget(direction, change(data)))
                await writer.drain()
            # One end closed: so does the other, as a whole. HTTP and WebSocket need no half-closed connections.
            raise ConnectionResetError

        async with asyncio.TaskGroup() as group:
            group.create_task(deliver())
            data = first or await reader.read(PIECE)
            while True:
                await queue.put((loop.time() + self.delay, data))
                if not data:
                    return
                data = await reader.read(PIECE)

    def _within_budget(self, direction: str, data: bytes) -> bytes:
        if self._budget is None or self._budget[0] != direction:
            return data
        left = self._budget[1] - len(data)
        if left > 0:
            self._budget = (direction, left)
            return data
        self._budget = None
        self.up = False
        self._network.loop.call_soon(self._drop)
        self._spent.set_result(None)
        return data[: len(data) + left]


async def _turns() -> None:
    for _ in range(8):
        await asyncio.sleep(0)
