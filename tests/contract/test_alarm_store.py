"""What every AlarmStore must do."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from werkfunk.domain import alarms
from werkfunk.domain.alarm_policy import Goal, Policy, Step, Whom
from werkfunk.domain.alarms import COMING, NOT_COMING, SEEN, Level, Stage, Status
from werkfunk.storage import keys
from werkfunk.storage.alarms import (
    FAILED,
    SENT,
    Advance,
    AlarmRow,
    AlarmStore,
    MarkRow,
    PersonRow,
    ReportRow,
    SendRow,
)
from werkfunk.storage.sqlite.store import SqliteStore

ALARM, ROOM, ANNA, BERND, CLARA = b"A" * 16, b"r" * 16, b"a" * 32, b"b" * 32, b"c" * 32
POLICY = Policy(
    name="Notfall", repeat_every=60, repeat_times=3, steps=[Step(after=90, to=Whom(silent=True), via=["sms"])], stop=Goal(coming=2)
)  # fmt: skip
T = 1_000_000


@pytest.fixture(params=["sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AlarmStore]:
    made = SqliteStore(tmp_path, keys.Keys(bytes(32)))
    yield made.alarms
    await made.close()


def row(alarm: bytes = ALARM, **changes: object) -> AlarmRow:
    state = alarms.begin(POLICY, [ANNA, BERND], [7], T)
    made = AlarmRow(alarm, CLARA, b"", Level.URGENT, b"t" * 16, False, state, places=((ROOM, 4),))
    return replace(made, **changes)  # type: ignore[arg-type]


async def kept(store: AlarmStore, alarm: bytes = ALARM) -> AlarmRow:
    found = await store.get(alarm)
    assert found is not None
    return found


async def test_an_alarm_comes_back_as_it_was_and_is_created_once(store: AlarmStore) -> None:
    assert await store.create(row(), MarkRow(T, "raised"))
    assert not await store.create(row(drill=True), MarkRow(T, "raised"))
    assert await kept(store) == row()
    assert await store.get(b"?" * 16) is None
    assert await store.marks(ALARM) == [MarkRow(T, "raised")]
    assert await store.due() == [(ALARM, T + 60_000)]


async def test_a_transition_happens_once_of_many(store: AlarmStore) -> None:
    await store.create(row(), MarkRow(T, "raised"))
    before = await kept(store)
    after, action = alarms.tick(before.state, T + 60_000)
    send = SendRow(os.urandom(16), ALARM, 1, ANNA, b"g" * 16, time=T)
    changes = [
        Advance(
            replace(before, state=after),
            [MarkRow(T + 60_000, "repeated", 1)],
            [CLARA],
            [replace(send, id=os.urandom(16))],
        )
        for _ in range(5)
    ]
    assert isinstance(action, alarms.Repeat)
    assert sorted(await asyncio.gather(*(store.advance(c) for c in changes))) == [False] * 4 + [True]
    found = await kept(store)
    assert (found.version, found.state.round) == (1, 1)
    assert set(found.state.people) == {ANNA, BERND, CLARA}
    assert len(await store.marks(ALARM)) == 2
    assert len(await store.sends(ALARM, 10)) == 1


@pytest.mark.parametrize(
    "order",
    [
        [(Stage.DELIVERED, None), (Stage.DISPLAYED, None), (Stage.ACKNOWLEDGED, COMING)],
        [(Stage.ACKNOWLEDGED, None), (Stage.DELIVERED, None), (Stage.ACKNOWLEDGED, NOT_COMING), (Stage.ACKNOWLEDGED, SEEN)],
        [(Stage.DISPLAYED, None), (Stage.ACKNOWLEDGED, 7), (Stage.ACKNOWLEDGED, COMING)],
        [(Stage.ACKNOWLEDGED, SEEN)],
        [(Stage.SENT, None), (Stage.DISPLAYED, None)],
    ],
)  # fmt: skip
async def test_reports_are_kept_as_the_machine_says(store: AlarmStore, order: list[tuple[Stage, int | None]]) -> None:
    await store.create(row(), MarkRow(T, "raised"))
    state = row().state
    for number, (stage, code) in enumerate(order, 1):
        if stage is not Stage.SENT:
            await store.report([ReportRow(ALARM, ANNA, stage, T + number, code)])
        state = alarms.heard(state, ANNA, stage, T + number, code)
    await store.report([ReportRow(ALARM, CLARA, Stage.ACKNOWLEDGED, T, COMING)])  # not called: nothing
    assert (await kept(store)).state == state


async def test_an_ended_alarm_takes_no_reports_and_goes_when_its_time_is_over(store: AlarmStore) -> None:
    await store.create(row(), MarkRow(T, "raised"))
    await store.create(row(b"B" * 16), MarkRow(T, "raised"))
    before = await kept(store)
    ended = replace(before, state=alarms.finish(before.state, Status.ENDED), ended=T + 5, ender=CLARA)
    send = SendRow(os.urandom(16), ALARM, 0, ANNA, b"g" * 16, time=T)
    assert await store.advance(Advance(ended, [MarkRow(T + 5, "ended")], [], [send]))
    await store.report([ReportRow(ALARM, ANNA, Stage.ACKNOWLEDGED, T + 9, COMING)])
    assert (await kept(store)).state.people[ANNA].acknowledged == 0
    assert [alarm for alarm, _ in await store.due()] == [b"B" * 16]
    assert await store.drop_before(T + 5) == 0
    assert await store.drop_before(T + 6) == 1
    assert await store.get(ALARM) is None
    assert await store.marks(ALARM) == []
    assert await store.sends(ALARM, 10) == []
    assert await store.get(b"B" * 16) is not None


async def test_alarms_are_found_by_person_and_conversation(store: AlarmStore) -> None:
    await store.create(row(), MarkRow(T, "raised"))
    late = row(b"B" * 16, places=((b"s" * 16, 1),))
    await store.create(replace(late, state=replace(late.state, started=T + 1)), MarkRow(T, "raised"))
    assert await store.about(ANNA, 10) == [b"B" * 16, ALARM]
    assert await store.about(CLARA, 1) == [b"B" * 16]
    assert await store.about(b"x" * 32, 10) == []
    assert await store.in_conversations([ROOM, b"s" * 16], 10) == [b"B" * 16, ALARM]
    assert await store.in_conversations([b"?" * 16], 10) == []


async def test_a_message_is_held_by_one_and_comes_again_if_it_dies(store: AlarmStore) -> None:
    await store.create(row(), MarkRow(T, "raised"))
    before = await kept(store)
    sends = [SendRow(bytes([n]) * 16, ALARM, 1, ANNA, b"g" * 16, time=T) for n in range(3)]
    await store.advance(Advance(before, [], [], sends))
    assert await store.next_send() == T
    assert await store.claim(T - 1, T + 30, 10) == []
    claimed = await asyncio.gather(*(store.claim(T, T + 30, 2) for _ in range(4)))
    assert sorted(s.id for batch in claimed for s in batch) == [s.id for s in sends]
    first, second, third = sorted((s for batch in claimed for s in batch), key=lambda s: s.id)
    await store.settle(replace(first, state=SENT, time=T + 1))
    await store.settle(replace(second, state=FAILED, time=T + 1, error="status_500"))
    # The holder of the third dies: after its time it is tried again, and only it.
    (again,) = await store.claim(T + 30, T + 60, 10)
    assert (again.id, again.attempts) == (third.id, 2)
    await store.settle(replace(first, state=FAILED, time=T + 9, error="late"))
    assert {s.id: (s.state, s.error) for s in await store.sends(ALARM, 10)}[first.id] == (SENT, "")
    assert await store.next_send() == T + 60
    assert len(await store.sends(None, 2)) == 2


async def test_settings_and_people_are_sealed_and_overwritten(store: AlarmStore, tmp_path: Path) -> None:
    assert await store.put_setting("policy", b"1" * 16, b"Geheime Einstellung", 2)
    assert await store.put_setting("policy", b"2" * 16, b"two", 2)
    assert not await store.put_setting("policy", b"3" * 16, b"three", 2)
    assert await store.put_setting("policy", b"1" * 16, b"Neue Einstellung", 2)
    assert await store.put_setting("gateway", b"1" * 16, b"other", 2)
    assert await store.settings("policy") == {b"1" * 16: b"Neue Einstellung", b"2" * 16: b"two"}
    assert await store.setting("gateway", b"2" * 16) is None
    assert await store.drop_setting("policy", b"2" * 16)
    assert not await store.drop_setting("policy", b"2" * 16)
    one = PersonRow(ANNA, "on", b"", b'{"phone":"+49151"}')
    for person in (one, PersonRow(ANNA, "off")):
        await store.put_person(person)
        assert await store.people([ANNA, BERND]) == {ANNA: person}
