"""Nothing is acknowledged before its commit is through, no queue is without bound, the newest conversations come first."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from faults.test_slow_reader import seal
from malicious.conftest import Firm
from werkfunk.domain import limits
from werkfunk.protocol.events import parse_event
from werkfunk.storage import keys
from werkfunk.storage.sqlite.database import Database, connect
from werkfunk.storage.sqlite.store import FILE
from werkfunk.wire import api, frames

from .raw import Wire, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Held:
    """The writer's connection, whose next COMMIT waits: before it is done, or done and not told yet."""

    def __init__(self, real: Any, *, done: bool) -> None:
        self._real = real
        self._done = done
        self.reached, self.go = threading.Event(), threading.Event()

    def execute(self, sql: str, *values: Any) -> Any:
        if sql != "COMMIT":
            return self._real.execute(sql, *values)
        result = self._real.execute(sql) if self._done else None
        self.reached.set()
        assert self.go.wait(60)
        return result if self._done else self._real.execute(sql)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@contextmanager
def held(firm: Firm, *, done: bool) -> Iterator[Held]:
    database: Database = firm.server._store._database
    real = database._write
    database._write = Held(real, done=done)
    try:
        yield database._write
    finally:
        database._write.go.set()
        database._write = real


def message_id(event: bytes) -> bytes:
    return parse_event(event).header.message_id


def on_disk(firm: Firm, event: bytes) -> bool:
    """Whether somebody who opens the database anew finds the event."""
    data = firm.folder / "data"
    connection = connect(data / FILE, keys.load(data / "server.key").derive("database"))
    try:
        found = connection.execute("SELECT 1 FROM log WHERE message_id = ?", (message_id(event),)).fetchone()
    finally:
        connection.close()
    return found is not None


async def nothing_yet(wire: Wire) -> None:
    """What comes next is the answer to a question asked now."""
    await wire.send(frames.Ping(9))
    assert await wire.next() == frames.Pong(9)


async def test_every_connection_to_the_database_syncs_each_commit(shared: Firm) -> None:
    database = shared.server._store._database
    for connection in (database._write, database._read):
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("done", [False, True], ids=["before the commit", "after it"])
async def test_an_ack_waits_until_the_commit_has_returned(shared: Firm, done: bool) -> None:
    anna, bernd = await shared.people()
    sender, reader = await signed_in(anna), await signed_in(bernd)
    await nothing_yet(reader)
    event = seal(anna, shared.group, "erst auf die Platte")
    with held(shared, done=done) as commit:
        await sender.send(frames.Send(event))
        assert await asyncio.to_thread(commit.reached.wait, 60)
        for wire in (sender, reader):
            await nothing_yet(wire)
        assert on_disk(shared, event) is done
        commit.go.set()
        assert (await sender.until(frames.Ack)).message_id == message_id(event)
    assert (await reader.until(frames.Event)).event == event
    assert on_disk(shared, event)
    for wire in (sender, reader):
        await wire.socket.close()


async def test_more_sends_than_may_wait_are_refused_as_busy(shared: Firm) -> None:
    anna, bernd = await shared.people()
    one, other = await signed_in(anna), await signed_in(bernd)
    events = [seal(anna, shared.group, str(number)) for number in range(limits.IN_FLIGHT_MAX + 5)]
    taken, refused = events[: limits.IN_FLIGHT_MAX], events[limits.IN_FLIGHT_MAX :]
    with held(shared, done=False) as commit:
        for event in events:
            await one.send(frames.Send(event))
        await one.send(frames.Ping(9))
        for event in refused:
            answer = await one.next()
            assert answer == frames.Refused(message_id(event), "busy", "")
        assert await one.next() == frames.Pong(9)
        mine = seal(bernd, shared.group, "auch ich")
        await other.send(frames.Send(mine))
        await nothing_yet(other)
        commit.go.set()
        acks = [await one.until(frames.Ack) for _ in taken]
        assert [ack.message_id for ack in acks] == [message_id(event) for event in taken]
        assert (await other.until(frames.Ack)).message_id == message_id(mine)
    await one.send(frames.Send(refused[0]))
    assert (await one.until(frames.Ack)).message_id == message_id(refused[0])
    for wire in (one, other):
        await wire.socket.close()


async def test_the_newest_conversations_come_first(shared: Firm) -> None:
    anna, bernd = await shared.people()
    rooms = [await anna.create(f"Raum {number}", [bernd.core.keys.user]) for number in range(3)]
    order = [rooms[1], shared.group, rooms[2], rooms[0]]
    last = 0
    for room in reversed(order):
        # Two messages of one millisecond would have no order.
        while (ack := await anna.send(room, "hier")).time <= last:
            pass
        last = ack.time
    wire = await signed_in(bernd)
    await wire.send(frames.Sync([]))
    pages = []
    while not isinstance(frame := await wire.next(), frames.Synced):
        if isinstance(frame, frames.Page):
            pages.append(frame)
    assert [page.conversation for page in pages] == order
    assert frame.conversations == len(order)
    found = await bernd.core.transport.call("conversations", api.Conversations)
    assert [info.conversation for info in found.conversations] == order
    await wire.socket.close()


async def test_who_does_not_sign_in_is_let_go(shared: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    known = await signed_in(shared.clients["Bernd"])
    monkeypatch.setattr(limits, "AUTHENTICATE_S", 0.2)
    silent, chatty = await Wire.open(shared.base), await Wire.open(shared.base)
    await chatty.socket.ping()
    for wire in (silent, chatty):
        assert isinstance(await wire.next(), frames.Challenge)
        assert await wire.next() == frames.Goodbye("malformed")
        await wire.ended()
        assert wire.socket.close_code == 4002
    await nothing_yet(known)
    await known.socket.close()
