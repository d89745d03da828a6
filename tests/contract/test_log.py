"""The embedded store's log: appended, indexed later in slices, the same to whoever reads at any point of that."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from werkfunk.protocol.kdf import sha256
from werkfunk.storage import keys
from werkfunk.storage.schema import FILE, MIGRATIONS
from werkfunk.storage.sqlite.database import Connection, connect, migrate
from werkfunk.storage.sqlite.store import SqliteStore
from werkfunk.storage.store import Append, Appended, StatementWrite, StoreError, StoreFull

KEYS = keys.Keys(bytes(32))
ROOMS = [bytes([n]) * 16 for n in range(3)]


def event(room: bytes, number: int) -> Append:
    data = b"%d" % number
    return Append(
        conversation=room, device=bytes(16), message_id=sha256(data)[:16], kind=0, time=number, data=data,
        event_hash=sha256(data),
    )  # fmt: skip


def creation(room: bytes) -> Append:
    write = StatementWrite(create=True, generation=1, joined={})
    return Append(
        conversation=room, device=bytes(16), message_id=room, kind=1, time=0, data=b"", event_hash=sha256(b""), statement=write
    )  # fmt: skip


def indexed(data: Path) -> tuple[int, int, int]:
    """Events, entries by place, entries by id."""
    connection = connect(data / FILE, KEYS.derive("database"))
    counts = [
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("log", "log_places", "log_once")
    ]
    connection.close()
    return counts[0], counts[1], counts[2]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), tail=st.integers(1, 60))
async def test_m28_it_is_the_same_log_however_far_it_is_indexed(
    tmp_path_factory: pytest.TempPathFactory, seed: int, tail: int
) -> None:
    chance = random.Random(seed)
    data = tmp_path_factory.mktemp("log")
    store = SqliteStore(data, KEYS, tail)
    logs: dict[bytes, list[bytes]] = {room: [b""] for room in ROOMS}
    answers: dict[bytes, Appended] = {}
    await store.append([creation(room) for room in ROOMS])
    number = 0
    for _ in range(12):
        batch: list[Append] = []
        for _ in range(chance.randrange(1, 40)):
            if answers and chance.random() < 0.1:
                batch.append(event(chance.choice(ROOMS), int(chance.choice(list(answers)))))
            else:
                number += 1
                batch.append(event(chance.choice(ROOMS), number))
        for item, got in zip(batch, await store.append(batch), strict=True):
            first = answers.get(item.data)
            if first is None:
                logs[item.conversation].append(item.data)
                answers[item.data] = got
                assert (got.seq, got.repeated) == (len(logs[item.conversation]), False)
            else:
                assert (got.seq, got.time, got.repeated) == (first.seq, first.time, True)
        for room, wanted in logs.items():
            after, limit = chance.randrange(0, len(wanted) + 2), chance.randrange(1, 50)
            rows = await store.events(room, after, limit, 10**6)
            assert [(row.seq, row.data) for row in rows] == list(enumerate(wanted, 1))[after : after + limit]
        if chance.random() < 0.2:
            await store.close()
            store = SqliteStore(data, KEYS, tail)
            assert len(set(indexed(data))) == 1
    await store.close()


async def test_entries_are_written_as_events_come(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, KEYS, 100)
    await store.append([creation(ROOMS[0])])
    await store.append([event(ROOMS[0], n) for n in range(1, 100)])
    assert indexed(tmp_path) == (100, 0, 0)
    await store.append([event(ROOMS[0], 100)])
    assert indexed(tmp_path) == (101, 64, 64)
    await store.append([event(ROOMS[0], 101)])
    assert indexed(tmp_path) == (102, 100, 100)
    await store.close()


async def test_a_failed_commit_leaves_index_and_memory_as_they_were(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, KEYS, 50)
    await store.append([creation(ROOMS[0])])
    await store.append([event(ROOMS[0], n) for n in range(1, 60)])
    # The next commit carries a slice of the index, and fails: a conversation is created twice.
    with pytest.raises(StoreError):
        await store.append([event(ROOMS[0], 60), replace(creation(ROOMS[0]), message_id=b"x" * 16)])
    assert indexed(tmp_path) == (60, 0, 0)
    (got,) = await store.append([event(ROOMS[0], 60)])
    assert (got.seq, got.repeated) == (61, False)
    assert [row.seq for row in await store.events(ROOMS[0], 0, 100, 10**6)] == list(range(1, 62))
    await store.close()


async def test_full_is_said_and_the_log_goes_on_when_there_is_room(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, KEYS, 20)
    await store.append([creation(ROOMS[0])])

    def pages(count: int) -> Callable[[Connection], None]:
        return lambda c: c.execute(f"PRAGMA max_page_count = {count}").fetchone()

    await store._database.write(pages(70))
    logged = 0

    async def fill() -> None:
        nonlocal logged
        while True:
            await store.append([event(ROOMS[0], logged + 1)])
            logged += 1

    with pytest.raises(StoreFull):
        await fill()
    await store._database.write(pages(10**6))
    (again,) = await store.append([event(ROOMS[0], logged + 1)])
    assert (again.seq, again.repeated) == (logged + 2, False)
    rows = await store.events(ROOMS[0], 0, 5_000, 10**6)
    assert [row.seq for row in rows] == list(range(1, logged + 3))
    await store.close()


async def test_an_older_store_keeps_its_events(tmp_path: Path) -> None:
    """The migration that took the indexes out of the events' table."""
    connection = connect(tmp_path / FILE, KEYS.derive("database"))
    migrate(connection, MIGRATIONS[:4])
    connection.execute(
        "INSERT INTO conversations (id, last_seq, head, generation, generation_seq, time) VALUES (?, 3, ?, 1, 1, 3)",
        (ROOMS[0], bytes(32)),
    )
    old = [event(ROOMS[0], n) for n in (1, 2, 3)]
    connection.executemany(
        "INSERT INTO events (conversation, seq, time, device, message_id, kind, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(e.conversation, seq, e.time, e.device, e.message_id, int(seq == 1), e.data) for seq, e in enumerate(old, 1)],
    )
    connection.close()
    store = SqliteStore(tmp_path, KEYS)
    assert [(row.seq, row.data) for row in await store.events(ROOMS[0], 0, 10, 10**6)] == [
        (1, b"1"),
        (2, b"2"),
        (3, b"3"),
    ]
    assert [row.seq for row in await store.statements(ROOMS[0])] == [1]
    assert [(r.seq, r.repeated) for r in await store.append([old[1], event(ROOMS[0], 4)])] == [(2, True), (4, False)]
    await store.close()
