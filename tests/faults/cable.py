"""A line between clients and a server that can go dead without either end being told, as a phone's does in a lift."""

import asyncio
import contextlib
from typing import Self


class Line:
    """One connection through the cable."""

    def __init__(self) -> None:
        self.up = self.down = True
        """Whether bytes pass to the server, to the client."""

    def cut(self, *, up: bool = True, down: bool = True) -> None:
        """From now on what is sent vanishes; nobody is told, both sockets stay open."""
        self.up, self.down = self.up and not up, self.down and not down


class Cable:
    """Listens for clients and passes on to the server."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.lines: list[Line] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    @classmethod
    async def open(cls, port: int, target: int) -> Self:
        cable = cls(target)
        cable._server = await asyncio.start_server(cable._accept, "127.0.0.1", port)
        return cable

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line()
        self.lines.append(line)
        self._ends.append(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        self._ends.append(far_writer)
        for work in (self._pump(line, reader, far_writer, up=True), self._pump(line, far_reader, writer, up=False)):
            task = asyncio.ensure_future(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, line: Line, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                if line.up if up else line.down:
                    sink.write(data)
                    await sink.drain()
        # A dead line carries no goodbye either.
        if line.up if up else line.down:
            sink.close()

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in self._ends:
            end.close()
            with contextlib.suppress(OSError):
                await end.wait_closed()
