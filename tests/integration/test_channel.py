"""Frames: order, idempotence, and every kind of bad input; after each, others work on as before."""

import asyncio
import os
from dataclasses import replace

import msgspec
import pytest
from msgspec.structs import replace as replace_

from faults.test_slow_reader import seal
from malicious.conftest import Firm
from werkfunk.domain import limits
from werkfunk.protocol.content import Text
from werkfunk.protocol.events import Event, parse_event
from werkfunk.wire import frames

from .raw import Wire, signed_in


async def still_works(firm: Firm) -> None:
    anna, bernd = await firm.people()
    before = bernd.core.logs.cursor(firm.group)
    await anna.send(firm.group, "und weiter")
    await bernd.core.catch_up(firm.group)
    assert bernd.core.logs.cursor(firm.group) == before + 1


async def test_order_is_kept_and_numbers_are_gapless(firm: Firm) -> None:
    anna, bernd = await firm.people()
    sender, reader = await signed_in(anna), await signed_in(bernd)
    events = [seal(anna, firm.group, f"{number} " + "x" * (number * 100 % 30_000)) for number in range(150)]
    for event in events:
        await sender.send(frames.Send(event))
    acks = [await sender.until(frames.Ack) for _ in events]
    got = [await reader.until(frames.Event) for _ in events]
    assert [ack.message_id for ack in acks] == [parse_event(event).header.message_id for event in events]
    assert [frame.event for frame in got] == events
    first = acks[0].seq
    assert [frame.seq for frame in got] == [ack.seq for ack in acks] == list(range(first, first + len(events)))
    assert [frame.time for frame in got] == sorted(frame.time for frame in got)


async def test_m28_the_repeat_of_a_message_gets_the_first_answer(firm: Firm) -> None:
    anna, _ = await firm.people()
    wire = await signed_in(anna)
    event = seal(anna, firm.group, "einmal")
    for _ in range(3):
        await wire.send(frames.Send(event))
    acks = [await wire.until(frames.Ack) for _ in range(3)]
    assert len({(ack.seq, ack.time) for ack in acks}) == 1
    again = await signed_in(anna)
    await again.send(frames.Send(event))
    assert (await again.until(frames.Ack)).seq == acks[0].seq
    await still_works(firm)


async def test_m28_who_sends_again_takes_what_was_logged_first(firm: Firm) -> None:
    """An attempt was logged and its ack lost: sealed anew, the message has other bytes, and the log the first ones."""
    anna, bernd = await firm.people()
    message_id = anna.outbox.queue(firm.group, Text("einmal"))
    wire = await signed_in(anna)
    await wire.send(frames.Send(await anna.outbox.sealed(firm.group, message_id, Text("einmal"))))
    first = await wire.until(frames.Ack)
    assert not first.repeated
    (again,) = await anna.outbox.flush()
    assert again == replace_(first, repeated=True)
    await bernd.core.catch_up(firm.group)
    assert anna.core.logs.seen(firm.group) == bernd.core.logs.seen(firm.group)
    assert [m.id for m in anna.core.logs.messages(firm.group, first.seq - 1)] == [message_id]


async def test_m28_a_message_with_the_id_of_another_device_is_refused(firm: Firm) -> None:
    """Bernd takes the id of Anna's message: nobody's message is put away or written over, not even in the log."""
    anna, bernd = await firm.people()
    wire = await signed_in(anna)
    event = seal(anna, firm.group, "meine")
    await wire.send(frames.Send(event))
    await wire.until(frames.Ack)
    copied = replace(parse_event(event).header, device=bernd.core.keys.device)
    forged = Event(copied, parse_event(event).body).to_bytes()
    other = await signed_in(bernd)
    await other.send(frames.Send(forged))
    assert await other.until(frames.Refused) == frames.Refused(
        copied.message_id, "protocol_refused", "message_id_foreign"
    )
    await still_works(firm)


async def refusal(firm: Firm, event: bytes, name: str = "Anna") -> str:
    wire = await signed_in(firm.clients[name])
    await wire.send(frames.Send(event))
    refused = await wire.until(frames.Refused)
    await wire.socket.close()
    return str(refused.code)


async def test_bad_events_are_refused_with_a_stable_code(firm: Firm) -> None:
    anna, bernd = await firm.people()
    good = seal(anna, firm.group, "gut")
    assert await refusal(firm, good, "Bernd") == "protocol_refused"  # another's device
    assert await refusal(firm, good[:-1]) == "protocol_refused"
    assert await refusal(firm, b"") == "protocol_refused"
    assert await refusal(firm, b"\x81" * 5_000) == "protocol_refused"
    assert await refusal(firm, good + bytes(limits.EVENT_MAX)) == "event_too_large"
    dora = await firm.invite("Dora")
    taken = parse_event(good)
    header = replace(taken.header, device=dora.core.keys.device, message_id=dora.outbox.fresh_id())
    own = Event(header, taken.body).to_bytes()
    assert await refusal(firm, own, "Dora") == "not_found"  # an outsider learns nothing
    elsewhere = good.replace(firm.group, os.urandom(16))
    assert await refusal(firm, elsewhere) == "not_found"
    await anna.statements.rekey(firm.group)
    assert await refusal(firm, good) == "rekey_required"
    assert await refusal(firm, seal(anna, firm.group, "neu")[: limits.EVENT_MAX] + b"\x00") == "protocol_refused"
    await bernd.core.catch_up(firm.group)
    await still_works(firm)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xc1", b"\x91\xa5magic", msgspec.msgpack.encode(["send", 5]), msgspec.msgpack.encode({"a": 1}), b"\x91" * 3_000,
     msgspec.msgpack.encode(["welcome", b"", 1, 1, 1])],
    ids=["empty", "reserved", "unknown tag", "wrong type", "map", "deep", "server's frame"],
)  # fmt: skip
async def test_malformed_frames_end_the_connection(firm: Firm, payload: bytes) -> None:
    wire = await signed_in(firm.clients["Bernd"])
    await wire.socket.send(payload)
    assert (await wire.until(frames.Goodbye)).code == "malformed"
    await wire.ended()
    await still_works(firm)


async def test_text_and_oversized_frames_end_the_connection(firm: Firm) -> None:
    wire = await signed_in(firm.clients["Bernd"])
    await wire.socket.send("hallo")
    await wire.ended()
    wire = await signed_in(firm.clients["Bernd"])
    await wire.socket.send(bytes(limits.FRAME_MAX + 100))
    await wire.ended()
    await still_works(firm)


async def test_nothing_is_taken_before_the_sign_in(firm: Firm) -> None:
    anna, _ = await firm.people()
    for frame in (
        frames.Send(seal(anna, firm.group, "x")),
        frames.Sync([]),
        frames.Fetch(firm.group, 0),
        frames.Ping(1),
    ):
        wire = await Wire.open(firm.base)
        assert isinstance(await wire.next(), frames.Challenge)
        await wire.send(frame)
        assert (await wire.until(frames.Refused)).code == "unauthenticated"
        await wire.ended()


async def test_an_outsider_fetches_nothing_and_sync_names_nothing(firm: Firm) -> None:
    dora = await firm.invite("Dora")
    wire = await signed_in(dora)
    await wire.send(frames.Fetch(firm.group, 0))
    assert (await wire.until(frames.Refused)).code == "not_found"
    await wire.send(frames.Sync([(firm.group, 0)]))
    assert (await wire.until(frames.Synced)).conversations == 0


async def test_a_removed_member_reads_nothing_more(firm: Firm) -> None:
    anna, bernd = await firm.people()
    wire = await signed_in(bernd)
    await anna.remove(firm.group, [bernd.core.keys.user])
    last = await wire.until(frames.Event)  # the statement itself
    await anna.send(firm.group, "ohne Bernd")
    await wire.send(frames.Fetch(firm.group, last.seq))
    frame = await wire.next()
    assert isinstance(frame, frames.Refused)
    assert frame.code == "not_found"
    await wire.send(frames.Ping(7))
    assert (await wire.next()).value == 7  # nothing else came in between


async def test_ping_and_a_graceful_end(firm: Firm) -> None:
    wire = await signed_in(firm.clients["Bernd"])
    await wire.send(frames.Ping(5))
    assert (await wire.until(frames.Pong)).value == 5
    await asyncio.wait_for(await wire.socket.ping(b"abc"), 5)
    await wire.socket.close()
    assert wire.socket.close_code == 1000


async def test_a_task_cancelled_while_it_waits_leaves_the_room_open(firm: Firm) -> None:
    """Whoever asked goes away in the middle of a statement: the statement is there, and the room is not blocked."""
    anna, bernd = await firm.people()
    task = asyncio.create_task(anna.statements.rekey(firm.group))
    while not task.done():
        await asyncio.sleep(0)
        if anna.core.transport._http is not None and len(asyncio.all_tasks()) > 3:
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await anna.connect()
    await anna.send(firm.group, "weiter")
    await bernd.core.catch_up(firm.group)
    assert bernd.core.logs.messages(firm.group, 0)[-1].content.text == "weiter"  # type: ignore[union-attr]
