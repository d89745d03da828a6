"""Push-to-talk over real sockets: the floor, the frames, and everybody who must not have either."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from malicious.conftest import Firm
from werkfunk.domain import limits
from werkfunk.domain.roles import Role
from werkfunk.sdk import account
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.wire import frames

from .raw import Wire, signed_in

SEALED = b"sealed" * 12


@pytest.fixture
async def wires(firm: Firm) -> AsyncIterator[dict[str, Wire]]:
    """Anna (lead), Bernd and Clara, signed in and listening."""
    found = {name: await listening(client, firm.group) for name, client in firm.clients.items()}
    yield found
    for wire in found.values():
        await wire.socket.close()


async def listening(client: Client, group: bytes) -> Wire:
    wire = await signed_in(client)
    await wire.send(frames.Tune([group]))
    await wire.send(frames.Ping(1))
    assert (await wire.until(frames.Pong)).value == 1
    return wire


async def ask(wire: Wire, group: bytes, *, urgent: bool = False, generation: int = 1) -> bytes:
    burst = os.urandom(16)
    await wire.send(frames.FloorRequest(group, generation, burst, urgent))
    return burst


async def granted(wire: Wire, group: bytes, **more: Any) -> bytes:
    burst = await ask(wire, group, **more)
    assert (await wire.until(frames.FloorGranted)).burst == burst
    return burst


async def nothing_came(wire: Wire, kind: type) -> None:
    """What was sent before has been dealt with, and no frame of `kind` came of it."""
    await wire.send(frames.Ping(99))
    while not isinstance(frame := await wire.next(), frames.Pong):
        assert not isinstance(frame, kind), frame


async def quiet_room(listener: Wire, talker: Wire) -> None:
    """The talker's frames have been read by the server, and none went to the listener."""
    await nothing_came(talker, frames.Voice)
    await nothing_came(listener, frames.Voice)


async def test_the_floor_is_granted_and_frames_go_to_the_others_as_they_came(
    firm: Firm, wires: dict[str, Wire]
) -> None:
    anna, bernd, clara = wires["Anna"], wires["Bernd"], wires["Clara"]
    burst = await granted(bernd, firm.group)
    for wire in (anna, clara):
        taken = await wire.until(frames.FloorTaken)
        assert (taken.burst, taken.user) == (burst, firm.clients["Bernd"].core.keys.user)
        assert 0 < taken.ends - now() <= limits.BURST_MS
    sent = [frames.Voice(burst, number, SEALED + bytes([number])) for number in (0, 1, 2, 7)]
    for frame in sent:
        await bernd.send(frame)
    for wire in (anna, clara):
        assert [await wire.until(frames.Voice) for _ in sent] == sent
    await bernd.send(frames.FloorRelease(firm.group, burst))
    for wire in (anna, clara, bernd):
        assert (await wire.until(frames.FloorReleased)).reason == "released"
    await bernd.send(frames.Voice(burst, 8, SEALED))
    await quiet_room(anna, bernd)


async def test_two_ask_at_once_and_one_speaks_then_the_other(firm: Firm, wires: dict[str, Wire]) -> None:
    bernd, clara = wires["Bernd"], wires["Clara"]
    for _ in range(5):
        first, second = await asyncio.gather(ask(bernd, firm.group), ask(clara, firm.group))
        answers = {}
        for name, wire in (("Bernd", bernd), ("Clara", clara)):
            while not isinstance(frame := await wire.next(), frames.FloorGranted | frames.FloorQueued):
                pass
            answers[name] = type(frame)
        assert sorted(kind.__name__ for kind in answers.values()) == ["FloorGranted", "FloorQueued"]
        winner, loser = (bernd, clara) if answers["Bernd"] is frames.FloorGranted else (clara, bernd)
        burst, later = (first, second) if winner is bernd else (second, first)
        await loser.send(frames.Voice(later, 0, SEALED))
        await quiet_room(wires["Anna"], loser)
        await winner.send(frames.FloorRelease(firm.group, burst))
        assert (await loser.until(frames.FloorGranted)).burst == later
        await loser.send(frames.FloorRelease(firm.group, later))
        while (await loser.until(frames.FloorReleased)).burst != later:
            pass


async def test_the_lead_goes_before_and_an_alarm_interrupts(firm: Firm, wires: dict[str, Wire]) -> None:
    anna, bernd, clara = wires["Anna"], wires["Bernd"], wires["Clara"]
    burst = await granted(bernd, firm.group)
    waiting = await ask(clara, firm.group)
    assert (await clara.until(frames.FloorQueued)).position == 1
    await ask(anna, firm.group)
    assert (await anna.until(frames.FloorQueued)).position == 1
    assert (await clara.until(frames.FloorQueued)).position == 2
    taken = await bernd.until(frames.FloorTaken)
    while len(taken.waiting) < 2:
        taken = await bernd.until(frames.FloorTaken)
    users = {name: client.core.keys.user for name, client in firm.clients.items()}
    assert taken.waiting == [users["Anna"], users["Clara"]]
    alarm = await ask(clara, firm.group, urgent=True)
    released = await bernd.until(frames.FloorReleased)
    assert (released.burst, released.reason) == (burst, "interrupted")
    assert (await clara.until(frames.FloorGranted)).burst == alarm != waiting
    taken = await bernd.until(frames.FloorTaken)
    assert taken.urgent
    assert taken.waiting == [users["Anna"]], "a device waits once"


async def test_a_site_lead_goes_before_members_where_he_is_a_member_himself(firm: Firm, wires: dict[str, Wire]) -> None:
    anna = firm.clients["Anna"]
    lead = await firm.join("Dora", await anna.office.invite(Role.SITE_LEAD, 1, now() + 3_600_000))
    await anna.add(firm.group, [lead.core.keys.user])
    await lead.connect()
    generation = anna.core.state(firm.group).generation
    dora = await listening(lead, firm.group)
    await granted(wires["Bernd"], firm.group, generation=generation)
    await ask(wires["Clara"], firm.group, generation=generation)
    assert (await wires["Clara"].until(frames.FloorQueued)).position == 1
    await ask(dora, firm.group, generation=generation)
    assert (await dora.until(frames.FloorQueued)).position == 1
    assert (await wires["Clara"].until(frames.FloorQueued)).position == 2


async def test_who_joins_late_learns_who_speaks_and_hears_the_rest(firm: Firm, wires: dict[str, Wire]) -> None:
    burst = await granted(wires["Bernd"], firm.group)
    await wires["Bernd"].send(frames.Voice(burst, 0, SEALED))
    await wires["Anna"].until(frames.Voice)
    late = await signed_in(firm.clients["Clara"])
    await late.send(frames.Tune([firm.group]))
    assert (await late.until(frames.FloorTaken)).burst == burst
    await wires["Bernd"].send(frames.Voice(burst, 1, SEALED))
    assert (await late.until(frames.Voice)).number == 1
    await late.send(frames.Tune([]))
    await nothing_came(late, frames.Voice)
    await wires["Bernd"].send(frames.Voice(burst, 2, SEALED))
    await wires["Anna"].until(frames.Voice)
    await nothing_came(late, frames.Voice)


async def test_a_holder_who_vanishes_frees_the_floor(firm: Firm, wires: dict[str, Wire]) -> None:
    await granted(wires["Bernd"], firm.group)
    waiting = await ask(wires["Clara"], firm.group)
    await wires["Clara"].until(frames.FloorQueued)
    wires["Bernd"].socket.transport.abort()
    assert (await wires["Clara"].until(frames.FloorReleased)).reason == "gone"
    assert (await wires["Clara"].until(frames.FloorGranted)).burst == waiting


async def test_silence_frees_the_floor(firm: Firm, wires: dict[str, Wire], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FLOOR_SILENCE_S", 0.2)
    await granted(wires["Bernd"], firm.group)
    assert (await wires["Clara"].until(frames.FloorReleased)).reason == "silent"
    await granted(wires["Clara"], firm.group)


async def test_a_burst_has_its_limit(firm: Firm, wires: dict[str, Wire], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BURST_MS", 300)
    burst = await granted(wires["Bernd"], firm.group)
    assert (await wires["Bernd"].until(frames.FloorReleased)).reason == "limit"
    await wires["Bernd"].send(frames.Voice(burst, 0, SEALED))
    await quiet_room(wires["Anna"], wires["Bernd"])


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (lambda b: frames.Voice(b, 5, bytes(limits.VOICE_FRAME_MAX + 1)), "malformed"),
        (lambda b: frames.Voice(b, 5, bytes(16)), "malformed"),
        (lambda b: frames.Voice(b, 4, SEALED), "conflict"),
        (lambda b: frames.Voice(b, -1, SEALED), "conflict"),
        (lambda b: frames.Voice(b, 1_000_000, SEALED), "rate_limited"),
        (lambda b: ["voice", b, 5, SEALED, bytes(5_000)], "malformed"),
    ],
    ids=["oversized", "too small", "replayed", "negative", "too fast", "padded"],
)  # fmt: skip
async def test_a_holder_who_breaks_a_rule_loses_the_floor(
    firm: Firm, wires: dict[str, Wire], frame: Any, code: str
) -> None:
    bernd = wires["Bernd"]
    burst = await granted(bernd, firm.group)
    await bernd.send(frames.Voice(burst, 4, SEALED))
    await wires["Anna"].until(frames.Voice)
    await bernd.socket.send(msgspec.msgpack.encode(frame(burst)))
    refused = await bernd.until(frames.Refused)
    assert (refused.reference, refused.code) == (burst, code)
    assert (await wires["Clara"].until(frames.FloorReleased)).reason == "refused"
    await nothing_came(wires["Clara"], frames.Voice)
    await granted(wires["Clara"], firm.group)


async def test_frames_faster_than_speech_are_refused(firm: Firm, wires: dict[str, Wire]) -> None:
    bernd = wires["Bernd"]
    burst = await granted(bernd, firm.group)
    for number in range(2_000):
        await bernd.send(frames.Voice(burst, number, SEALED))
    assert (await bernd.until(frames.Refused)).code == "rate_limited"


async def refused(wire: Wire, group: bytes, **more: Any) -> str:
    burst = await ask(wire, group, **more)
    frame = await wire.until(frames.Refused)
    assert frame.reference == burst
    return str(frame.code)


async def test_an_outsider_gets_neither_floor_nor_voice(firm: Firm, wires: dict[str, Wire]) -> None:
    dora = await signed_in(await firm.invite("Dora"))
    assert await refused(dora, firm.group) == "not_found"
    await dora.send(frames.Tune([firm.group]))
    assert (await dora.until(frames.Refused)).code == "not_found"
    burst = await granted(wires["Bernd"], firm.group)
    await dora.send(frames.Voice(burst, 0, SEALED))
    await dora.send(frames.FloorRelease(firm.group, burst))
    await quiet_room(wires["Anna"], dora)
    await wires["Bernd"].send(frames.Voice(burst, 0, SEALED))
    await wires["Anna"].until(frames.Voice)
    await nothing_came(dora, frames.Voice | frames.FloorTaken)


async def test_another_member_does_not_speak_in_the_holders_name(firm: Firm, wires: dict[str, Wire]) -> None:
    burst = await granted(wires["Bernd"], firm.group)
    await wires["Clara"].send(frames.Voice(burst, 0, SEALED))
    await wires["Clara"].send(frames.FloorRelease(firm.group, burst))
    await quiet_room(wires["Anna"], wires["Clara"])
    await wires["Bernd"].send(frames.Voice(burst, 0, SEALED))
    assert (await wires["Anna"].until(frames.Voice)).burst == burst


async def test_who_is_removed_while_speaking_or_listening_is_out_at_once(firm: Firm, wires: dict[str, Wire]) -> None:
    burst = await granted(wires["Bernd"], firm.group)
    await wires["Bernd"].send(frames.Voice(burst, 0, SEALED))
    await wires["Clara"].until(frames.Voice)
    anna, bernd = await firm.people()
    await anna.remove(firm.group, [bernd.core.keys.user])
    await wires["Bernd"].send(frames.Voice(burst, 1, SEALED))
    assert (await wires["Clara"].until(frames.FloorReleased)).reason == "rekey_required"
    await nothing_came(wires["Clara"], frames.Voice)
    assert await refused(wires["Bernd"], firm.group) == "not_found"
    generation = anna.core.state(firm.group).generation
    after = await granted(wires["Clara"], firm.group, generation=generation)
    await wires["Clara"].send(frames.Voice(after, 0, SEALED))
    await wires["Anna"].until(frames.Voice)
    await nothing_came(wires["Bernd"], frames.Voice | frames.FloorTaken)


async def test_a_new_generation_ends_the_burst_and_the_old_one_is_refused(firm: Firm, wires: dict[str, Wire]) -> None:
    burst = await granted(wires["Bernd"], firm.group)
    anna, _ = await firm.people()
    await anna.statements.rekey(firm.group)
    await wires["Bernd"].send(frames.Voice(burst, 0, SEALED))
    assert (await wires["Clara"].until(frames.FloorReleased)).reason == "rekey_required"
    assert await refused(wires["Bernd"], firm.group) == "rekey_required"
    await granted(wires["Bernd"], firm.group, generation=2)


async def test_a_revoked_device_is_cut_off_and_the_floor_is_free(firm: Firm, wires: dict[str, Wire]) -> None:
    bernd = firm.clients["Bernd"]
    await account.join(await bernd.office.add_device(), firm.folder / "Bernd2", "", "Zweites")
    second = Client(firm.folder / "Bernd2")
    await second.connect()
    wire = await listening(second, firm.group)
    await granted(wire, firm.group)
    await bernd.office.revoke_device(second.core.keys.device)
    assert (await wire.until(frames.Goodbye)).code == "device_revoked"
    assert (await wires["Clara"].until(frames.FloorReleased)).reason == "gone"
    assert await refused(wires["Clara"], firm.group) == "rekey_required", "the revoked device knows the key"
    await second.close()


async def test_a_guest_speaks_but_not_urgently(firm: Firm, wires: dict[str, Wire]) -> None:
    anna = firm.clients["Anna"]
    link = await anna.office.invite(Role.GUEST, 1, now() + 3_600_000)
    guest = await firm.join("Gast", link)
    await anna.add(firm.group, [guest.core.keys.user])
    await guest.connect()
    wire = await listening(guest, firm.group)
    generation = anna.core.state(firm.group).generation
    assert await refused(wire, firm.group, urgent=True, generation=generation) == "forbidden"
    burst = await granted(wire, firm.group, generation=generation)
    await wire.send(frames.Voice(burst, 0, SEALED))
    assert (await wires["Anna"].until(frames.Voice)).burst == burst


async def test_a_burst_is_used_once(firm: Firm, wires: dict[str, Wire]) -> None:
    bernd = wires["Bernd"]
    burst = await granted(bernd, firm.group)
    await bernd.send(frames.FloorRelease(firm.group, burst))
    await bernd.until(frames.FloorReleased)
    for wire in (bernd, wires["Clara"]):
        await wire.send(frames.FloorRequest(firm.group, 1, burst))
        assert (await wire.until(frames.Refused)).code == "conflict"
    await bernd.send(frames.FloorRequest(firm.group, 1, b"short"))
    assert (await bernd.until(frames.Refused)).code == "malformed"
    await bernd.send(frames.Tune([os.urandom(16)] * (limits.TUNED_MAX + 1)))
    assert (await bernd.until(frames.Refused)).code == "malformed"


async def test_a_listener_that_does_not_read_loses_frames_and_nothing_else(firm: Firm, wires: dict[str, Wire]) -> None:
    """Late frames are dropped at the server; the connection stays, its messages come, nothing piles up."""
    bernd, clara, anna = wires["Bernd"], wires["Clara"], wires["Anna"]
    clara.socket.transport.pause_reading()
    heard = 0
    monkeypatched = limits.VOICE_FRAMES_AHEAD
    limits.VOICE_FRAMES_AHEAD = 10**9
    try:
        burst = await granted(bernd, firm.group)
        number = 0
        sealed = bytes(limits.VOICE_FRAME_MAX)
        # More than a socket's buffers hold.
        while number < 20_000:
            for _ in range(100):
                await bernd.send(frames.Voice(burst, number, sealed))
                number += 1
            while (await anna.until(frames.Voice)).number < number - 1:
                pass
    finally:
        limits.VOICE_FRAMES_AHEAD = monkeypatched
    await firm.clients["Anna"].send(firm.group, "Nachricht")
    clara.socket.transport.resume_reading()
    while not isinstance(frame := await clara.next(), frames.Event):
        heard += isinstance(frame, frames.Voice)
    assert 0 < heard < number
    await granted_after(bernd, clara, firm, burst)


async def granted_after(bernd: Wire, clara: Wire, firm: Firm, burst: bytes) -> None:
    await bernd.send(frames.FloorRelease(firm.group, burst))
    await clara.until(frames.FloorReleased)
    await granted(clara, firm.group)


async def test_what_another_node_has_granted_is_not_granted_again(firm: Firm, wires: dict[str, Wire]) -> None:
    """Nodes share nothing but the store: there another node's lease stands, taken as `Floors` takes its own."""
    store, anna, theirs = firm.server._store, wires["Anna"], os.urandom(16)
    assert await store.take_lease(firm.group, theirs, now(), now() + 60_000)
    burst = await ask(anna, firm.group)
    refused = await anna.until(frames.Refused)
    assert (refused.reference, refused.code) == (burst, "busy")
    await nothing_came(wires["Bernd"], frames.FloorTaken)
    await store.drop_lease(firm.group, theirs)
    mine = await granted(anna, firm.group)
    # And the other way round: while this node's holder speaks, no other node gets it.
    assert not await store.take_lease(firm.group, theirs, now(), now() + 60_000)
    await anna.send(frames.FloorRelease(firm.group, mine))
    while (await anna.until(frames.FloorReleased)).burst != mine:
        pass
