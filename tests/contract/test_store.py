"""What every Store must do; run over each backend (SQLite with SQLCipher now)."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from werkfunk.protocol.events import HEAD_ZERO, next_head
from werkfunk.protocol.kdf import sha256
from werkfunk.storage import keys
from werkfunk.storage.schema import COLUMNS, MIGRATIONS
from werkfunk.storage.sqlite.database import Database, connect, migrate
from werkfunk.storage.sqlite.store import FILE, SqliteStore
from werkfunk.storage.store import (
    Append,
    BlobRow,
    BoxRow,
    ChainWrite,
    NewerSchema,
    PushRow,
    StatementWrite,
    Store,
    StoreError,
    StoreFull,
    WrongKey,
)

ROOM, DEVICE, ANNA, BERND = b"r" * 16, b"d" * 16, b"a" * 32, b"b" * 32
KEYS = keys.Keys(bytes(32))


@pytest.fixture(params=["sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = SqliteStore(tmp_path, KEYS)
    yield made
    await made.close()


def event(number: int, room: bytes = ROOM, **changes: object) -> Append:
    data = f"event {number}".encode()
    values = {
        "conversation": room,
        "device": DEVICE,
        "message_id": number.to_bytes(16, "big"),
        "kind": 0,
        "time": 1_000 + number,
    }
    return Append(**{**values, "data": data, "event_hash": sha256(data), **changes})  # type: ignore[arg-type]


def creation(room: bytes = ROOM, **changes: object) -> Append:
    write = StatementWrite(create=True, generation=1, joined={ANNA: True, BERND: True})
    return event(0, room, kind=1, statement=write, **changes)


async def test_numbers_are_gapless_and_the_head_is_the_logs(store: Store) -> None:
    await store.append([creation()])
    first = await store.append([event(n) for n in range(1, 6)])
    second = await store.append([event(n) for n in range(6, 9)])
    assert [r.seq for r in first + second] == list(range(2, 10))
    rows = await store.events(ROOM, 0, 100, 10**6)
    head = HEAD_ZERO
    for row in rows:
        head = next_head(ROOM, row.seq, row.time, head, sha256(row.data))
    conversation = await store.conversation(ROOM)
    assert conversation is not None
    assert (conversation.last_seq, conversation.head) == (9, head)


async def test_m28_a_repeat_gets_its_first_answer_in_any_batch(store: Store) -> None:
    await store.append([creation()])
    first = await store.append([event(1), event(2)])
    again = await store.append([event(3), event(1), event(3), event(4)])
    assert [(r.seq, r.repeated) for r in again] == [(4, False), (first[0].seq, True), (4, True), (5, False)]
    assert [r.seq for r in await store.events(ROOM, 0, 100, 10**6)] == [1, 2, 3, 4, 5]


async def test_a_batch_is_all_or_nothing(store: Store) -> None:
    await store.append([creation()])
    with pytest.raises(StoreError):
        await store.append([event(1), event(9, kind=1, statement=StatementWrite(create=True))])
    assert [r.seq for r in await store.events(ROOM, 0, 100, 10**6)] == [1]
    assert (await store.append([event(1)]))[0].seq == 2


async def test_time_never_goes_backwards_in_a_log(store: Store) -> None:
    await store.append([creation(time=5_000)])
    results = await store.append([event(1, time=9_000), event(2, time=1), event(3, time=9_500)])
    assert [r.time for r in results] == [9_000, 9_000, 9_500]


async def test_pages_have_a_length_and_a_size(store: Store) -> None:
    await store.append([creation(), *(event(n) for n in range(1, 10))])
    assert [r.seq for r in await store.events(ROOM, 2, 3, 10**6)] == [3, 4, 5]
    assert [r.seq for r in await store.events(ROOM, 2, 100, 16)] == [3, 4]
    assert [r.seq for r in await store.events(ROOM, 2, 100, 1)] == [3]
    assert [r.seq for r in await store.statements(ROOM)] == [1]


async def test_memberships(store: Store) -> None:
    await store.append([creation()])
    await store.append([event(1, kind=1, statement=StatementWrite(generation=2, removed=[BERND]))])
    assert [(m.user, m.removed) for m in await store.members(ROOM)] == [(ANNA, 0), (BERND, 2)]
    assert await store.memberships(BERND) == []
    await store.append([event(2, kind=1, statement=StatementWrite(generation=3, joined={BERND: False}))])
    (row,) = await store.memberships(BERND)
    assert (row.joined, row.visible) == (3, 1)  # what was visible before stays so


async def test_slots_go_with_the_generation(store: Store) -> None:
    await store.append([creation()])
    for tag in range(3):
        assert await store.put_slot(ROOM, ANNA, bytes([tag]) * 16, b"v", 3)
    assert not await store.put_slot(ROOM, ANNA, b"x" * 16, b"v", 3)
    assert await store.put_slot(ROOM, ANNA, b"\x01" * 16, b"new", 3)
    assert sorted(await store.slots(ROOM)) == [b"new", b"v", b"v"]
    await store.append([event(1, kind=1, statement=StatementWrite(generation=2))])
    assert await store.slots(ROOM) == []


async def test_boxes_and_repairs(store: Store) -> None:
    boxes = [BoxRow(ANNA, 0, 1, 1, 1, b"one"), BoxRow(BERND, 0, 1, 1, 1, b"two")]
    await store.append([event(0, kind=1, statement=StatementWrite(create=True, generation=1, boxes=boxes))])
    assert [b.box for b in await store.boxes(ROOM, ANNA, 0)] == [b"one"]
    assert await store.boxes(ROOM, ANNA, 1) == []
    answer = BoxRow(ANNA, 2, 1, 1, 1, b"repair")
    assert not await store.answer_repair(ROOM, answer)  # nobody asked
    await store.ask_repair(ROOM, ANNA, 1)
    await store.ask_repair(ROOM, ANNA, 1)
    assert await store.repairs([ROOM]) == [(ROOM, ANNA, 1)]
    assert await store.answer_repair(ROOM, answer)
    assert await store.repairs([ROOM]) == []
    assert sorted(b.box for b in await store.boxes(ROOM, ANNA, 0)) == [b"one", b"repair"]


async def test_chains_seals_handles_profiles(store: Store) -> None:
    handle = b"h" * 16
    write = ChainWrite(
        2, ANNA, 0, b"genesis", (ANNA, b"profile"), [(ANNA, DEVICE, 1, b"seal")], handles=[(handle, ANNA, DEVICE, 50)]
    )
    await store.write_chains([write])
    with pytest.raises(StoreError, match="taken"):
        await store.write_chains([ChainWrite(2, BERND, 0, b"other"), write])
    assert await store.chain_ids(2) == [ANNA]
    assert await store.chain(ANNA) == [b"genesis"]
    assert await store.profiles([ANNA, BERND]) == {ANNA: b"profile"}
    assert await store.picture(ANNA) == await store.picture(BERND) == b""
    for number, picture in ((1, b"picture"), (2, b"")):
        await store.write_chains([ChainWrite(2, ANNA, number, b"more", (ANNA, b"profile"), picture=picture)])
        assert await store.picture(ANNA) == picture
    assert await store.seal(ANNA, DEVICE) == (1, b"seal")
    assert await store.handle(handle) == (ANNA, DEVICE, 50)
    await store.drop_expired_handles(51)
    assert await store.handle(handle) is None
    assert await store.seal(ANNA, DEVICE) is None
    await store.touch({ANNA: 20_000})


async def test_blobs(store: Store) -> None:
    blob = b"f" * 16
    await store.create_blob(BlobRow(blob, ROOM, ANNA, 10, 0, 1_000, False))
    await store.advance_blob(blob, 4)
    found = await store.blob(blob)
    assert found is not None
    assert found.received == 4
    assert await store.orphans(1_001) == [blob]
    await store.append([creation(), event(1, blobs=[blob])])
    assert await store.orphans(1_001) == []
    other = event(2, b"x" * 16, statement=StatementWrite(create=True), kind=1, blobs=[blob])
    assert not await store.drop_blob(blob)  # a message needs it
    await store.append([other])  # another conversation cannot claim it
    found = await store.blob(blob)
    assert found is not None
    assert found.conversation == ROOM
    await store.create_blob(BlobRow(b"g" * 16, ROOM, ANNA, 10, 0, 1_000, False))
    assert await store.drop_blob(b"g" * 16)
    assert await store.blob(b"g" * 16) is None


async def test_everything_is_there_after_closing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, KEYS)
    await store.append([creation(), event(1)])
    await store.set_meta("k", b"v")
    await store.close()
    again = SqliteStore(tmp_path, KEYS)
    assert [r.seq for r in await again.events(ROOM, 0, 9, 10**6)] == [1, 2]
    assert await again.meta("k") == b"v"
    await again.close()


# -- the embedded store's own


async def test_a_task_cancelled_inside_a_transaction_leaves_nothing_open(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, KEYS)
    await store.append([creation()])
    for number in range(1, 30):
        task = asyncio.create_task(store.append([event(number)]))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    # Whether a cancelled write happened is open; that the store is whole and goes on is not.
    assert (await store.append([event(100)]))[0].seq == len(await store.events(ROOM, 0, 1000, 10**6))
    await store.close()


def test_an_exception_inside_a_transaction_rolls_back(tmp_path: Path) -> None:
    async def run() -> None:
        database = Database(tmp_path / FILE, bytes(32))
        with pytest.raises(KeyboardInterrupt):
            await database.write(_interrupted)
        assert await database.read(lambda c: c.execute("SELECT count(*) FROM repairs").fetchone()) == (0,)
        await database.close()

    asyncio.run(run())


def _interrupted(connection: object) -> None:
    connection.execute("INSERT INTO repairs VALUES (x'00', x'00', 1)")  # type: ignore[attr-defined]
    raise KeyboardInterrupt


async def test_full_is_said_and_nothing_happened(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, KEYS)
    await store.append([creation()])
    await store._database.write(lambda c: c.execute("PRAGMA max_page_count = 140"))
    big = [event(number, data=os.urandom(5_000)) for number in range(1, 1_000)]
    for one in big[:5]:
        await store.append([one])
    with pytest.raises(StoreFull):
        await store.append(big[5:])
    last = len(await store.events(ROOM, 0, 1000, 10**8))
    await store._database.write(lambda c: c.execute("PRAGMA max_page_count = 100000"))
    assert (await store.append([event(1_000)]))[0].seq == last + 1
    await store.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    connection = connect(tmp_path / FILE, bytes(32))
    migrate(connection)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(NewerSchema, match="newer"):
        migrate(connection)
    connection.close()


def test_migrations_run_once_each_and_a_broken_one_leaves_no_trace(tmp_path: Path) -> None:
    connection = connect(tmp_path / FILE, bytes(32))
    migrate(connection)
    migrate(connection)
    with pytest.raises(Exception, match="syntax"):
        migrate(connection, (*MIGRATIONS, "CREATE TABLE extra (a INTEGER); NONSENSE"))
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)
    migrate(connection, (*MIGRATIONS, "CREATE TABLE extra (a INTEGER)"))
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
    connection.close()


def test_another_key_does_not_open_the_database(tmp_path: Path) -> None:
    connection = connect(tmp_path / FILE, bytes(32))
    migrate(connection)
    connection.close()
    assert b"SQLite format" not in (tmp_path / FILE).read_bytes()
    with pytest.raises(WrongKey):
        connect(tmp_path / FILE, b"x" * 32)


def test_the_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    made = keys.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.load(path).derive("x") == made.derive("x")
    assert "***" in repr(made)
    path.chmod(0o644)
    with pytest.raises(WrongKey, match="chmod"):
        keys.load(path)
    with pytest.raises(FileExistsError):
        keys.create(path)


def test_personal_columns_are_sealed_with_a_key_outside_the_database() -> None:
    sealed = KEYS.seal_column("people.profile", b"Anna")
    assert b"Anna" not in sealed
    assert KEYS.open_column("people.profile", sealed) == b"Anna"
    with pytest.raises(WrongKey):
        KEYS.open_column("meta.value", sealed)
    assert {f"{c.table}.{c.name}" for c in COLUMNS if c.encrypted} == {
        "people.profile",
        "meta.value",
        "push_subscriptions.endpoint",
        "push_subscriptions.keys",
        "alarms.policy",
        "alarm_settings.data",
        "alarm_persons.quiet",
        "alarm_persons.contact",
    }


def push_row(device: bytes = DEVICE, endpoint: str = "https://push.example/geheim") -> PushRow:
    return PushRow(device, ANNA, endpoint, b"k" * 81)


async def test_a_push_subscription_is_kept_replaced_and_dropped(store: Store) -> None:
    other = b"e" * 16
    await store.put_push(push_row())
    await store.put_push(push_row(other))
    await store.put_push(push_row(endpoint="https://push.example/neu"))
    rows = {row.device: row for row in await store.push_subscriptions()}
    assert rows == {DEVICE: push_row(endpoint="https://push.example/neu"), other: push_row(other)}
    await store.drop_push([DEVICE, b"x" * 16])
    assert await store.push_subscriptions() == [push_row(other)]


async def test_a_push_endpoint_is_sealed_inside_the_open_database(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, KEYS)
    await store.put_push(push_row())
    await store.close()
    connection = connect(tmp_path / FILE, KEYS.derive("database"))
    ((endpoint, keys),) = connection.execute("SELECT endpoint, keys FROM push_subscriptions").fetchall()
    connection.close()
    assert b"push.example" not in endpoint
    assert b"kkkk" not in keys
