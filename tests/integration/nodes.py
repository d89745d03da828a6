"""Two nodes of one firm: whole servers with ports, memories and clocks of their own, one store, and a bus between their hubs.

The embedded store has one writer, so both nodes live in this process and share it. What a node does goes to the store by a
`Way` that the test can cut: as kill -9 does, before a call reaches the store or before its answer comes back.
"""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from malicious.conftest import PLENTY, Firm, founded, free_port
from werkfunk.adapters.clock import Clock, system_clock
from werkfunk.adapters.config import Config
from werkfunk.app import Server
from werkfunk.services.hub import Bus, Hub, Peer
from werkfunk.storage.keys import Keys
from werkfunk.storage.sqlite.store import SqliteStore
from werkfunk.storage.store import StoreError
from werkfunk.wire.frames import Frame
from werkfunk.ws.framing import frame as framed


class Life:
    """Whether a node lives, and what it asks of the store."""

    def __init__(self) -> None:
        self.over = False
        self.asked: dict[str, int] = {}
        """How often each method of the store was called."""
        self.died = asyncio.Event()
        self._last = ("", False)
        self._stalled: bool | None = None
        self._waits, self._flows, self._buried = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def ends_with(self, method: str, *, committed: bool) -> None:
        """It dies in the next call of this method: after the store has done it, or before it gets there."""
        self._last = (method, committed)

    def end(self) -> None:
        self.over = True
        self.died.set()

    def stall(self, *, answers: bool = False) -> None:
        """The node lives, but the store is not reached any more; with `answers` it is, and they do not come back."""
        self._stalled = answers

    async def stalls(self) -> None:
        """Until a call waits."""
        await self._waits.wait()

    def flow(self) -> None:
        """What was stalled goes on."""
        self._stalled = None
        self._flows.set()

    def bury(self) -> None:
        """Let go of what waits for the store for ever."""
        self.end()
        self._buried.set()

    async def passes(self, method: str, *, committed: bool) -> None:
        """One end of a call: it passes, waits, or ends the node."""
        if self._stalled is committed:
            self._waits.set()
            await self._flows.wait()
        if self._last == (method, committed):
            self.end()
        if self.over:
            await self._buried.wait()
            raise StoreError("this node is dead")


class Way:
    """A node's way to the shared store (or its `alarms`)."""

    def __init__(self, store: Any, life: Life) -> None:
        self._store = store
        self._life = life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name == "alarms":
            return Way(found, self._life)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*given: Any, **more: Any) -> Any:
            self._life.asked[name] = self._life.asked.get(name, 0) + 1
            await self._life.passes(name, committed=False)
            result = await found(*given, **more)
            await self._life.passes(name, committed=True)
            return result

        return call


class Bridge(Bus):
    """One node's bus: it reaches the hubs of all nodes, as long as this one lives."""

    def __init__(self, hub: Hub, life: Life, all_: list[Hub]) -> None:
        self.prepare = framed
        self._life = life
        self._all = all_
        all_.append(hub)

    def publish(
        self, users: Iterable[bytes], frame: Frame, *, but: Peer | None = None, dirty: set[Peer] | None = None
    ) -> None:
        receivers = list(users)
        for hub in [] if self._life.over else self._all:
            hub.publish(receivers, frame, but=but, dirty=dirty)

    def cut(self, user: bytes, code: str, device: bytes | None = None) -> None:
        for hub in [] if self._life.over else self._all:
            hub.cut(user, code, device)


class Node:
    """A server on the shared store."""

    def __init__(
        self, data: Path, config: Config, keys: Keys, clock: Clock, store: SqliteStore, hubs: list[Hub]
    ) -> None:
        self.life = Life()
        way: Any = Way(store, self.life)
        self.server = Server(data, config, keys, clock, way, lambda hub: Bridge(hub, self.life, hubs))
        self.base = config.origins()[0]

    def kill(self) -> None:
        """As kill -9: from now on nothing of it reaches the store, another node or a person."""
        self.life.end()
        uvicorn = self.server._server
        for listener in uvicorn.servers:
            listener.close()
        for one in list(uvicorn.server_state.connections):
            socket: Any = one._socket if hasattr(one, "_socket") else one.transport
            socket.abort()


@contextlib.asynccontextmanager
async def two_nodes(
    tmp_path: Path, clock: Clock = system_clock, **settings: Any
) -> AsyncIterator[tuple[Firm, Node, Node]]:
    """The firm on the first node, and the second one, started when everybody was there."""
    hubs: list[Hub] = []
    made: list[tuple[Node, SqliteStore, Keys]] = []

    def first(data: Path, config: Config, keys: Keys, clock: Clock) -> Server:
        store = SqliteStore(data, keys)
        made.append((Node(data, config, keys, clock, store, hubs), store, keys))
        return made[0][0].server

    async with founded(tmp_path, clock, first, **settings) as firm:
        ((one, store, keys),) = made
        config = Config(listen=f"127.0.0.1:{free_port()}", **{**PLENTY, **settings})
        other = Node(tmp_path / "data", config, keys, clock, store, hubs)
        ready = asyncio.Event()
        running = asyncio.create_task(other.server.serve(lambda port: ready.set()))
        await ready.wait()
        yield firm, one, other
        other.life.flow()
        if other.life.over:
            other.life.bury()
        other.server.stop()
        with contextlib.suppress(StoreError):
            await running
    await store.close()
