"""Push-to-talk through the client library: what is said is heard, and only what may be believed."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from malicious.conftest import Firm
from werkfunk.domain import limits
from werkfunk.protocol import voice
from werkfunk.protocol.content import VoiceNote
from werkfunk.sdk import ogg
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NoConnection, NotAllowed
from werkfunk.sdk.voice import Packet, Silence, Speaking
from werkfunk.wire import frames

OPUS = [bytes((0x78, n)) * 20 for n in range(30)]


@pytest.fixture
async def following(firm: Firm) -> AsyncIterator[Firm]:
    """Everybody listens, and takes what comes."""

    async def follow(client: Client) -> None:
        try:
            async for _ in client.listen():
                pass
        except (NoConnection, NotAllowed):
            pass

    tasks = [asyncio.create_task(follow(client)) for client in firm.clients.values()]
    for client in firm.clients.values():
        await client.voice.tune([firm.group])
    yield firm
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(client: Client, kind: type) -> object:
    async for heard in client.voice.heard():
        if isinstance(heard, kind):
            return heard
    raise AssertionError


async def test_what_is_said_is_heard_and_becomes_a_signed_note(following: Firm) -> None:
    firm = following
    anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
    talking = await bernd.voice.talk(firm.group)
    for number, packet in enumerate(OPUS):
        assert await bernd.voice.say(talking, packet, number)
    ack = await bernd.voice.finish(talking)
    assert ack is not None
    speaking = await until(anna, Speaking)
    assert isinstance(speaking, Speaking)
    assert (speaking.user, speaking.burst) == (bernd.core.keys.user, talking.burst)
    got = [await until(anna, Packet) for _ in OPUS]
    assert [p.opus for p in got if isinstance(p, Packet)] == OPUS
    assert await until(anna, Silence) == Silence(firm.group, talking.burst, "released")
    await anna.core.catch_up(firm.group)
    message = anna.core.logs.messages(firm.group, 0)[-1]
    assert message.seq == ack.seq
    note = message.content
    assert isinstance(note, VoiceNote)
    assert (note.burst, note.duration, note.levels) == (talking.burst, 600, bytes(range(30)))
    path = await anna.core.files.download(note.files[0], firm.folder / "heard")
    assert ogg.read(path.read_bytes()) == OPUS


async def test_who_waits_speaks_next_and_sees_the_place(following: Firm) -> None:
    firm = following
    bernd, clara = firm.clients["Bernd"], firm.clients["Clara"]
    first = await bernd.voice.talk(firm.group)
    waiting = asyncio.create_task(clara.voice.talk(firm.group))
    while not (isinstance(heard := await until(bernd, Speaking), Speaking) and heard.waiting):
        pass
    assert heard.waiting == (clara.core.keys.user,)
    assert not waiting.done()
    await bernd.voice.finish(first)
    second = await waiting
    assert await clara.voice.say(second, OPUS[0])
    given_up = asyncio.create_task(bernd.voice.talk(firm.group))
    while not (isinstance(heard := await until(clara, Speaking), Speaking) and heard.waiting):
        pass
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    while not (isinstance(heard := await until(firm.clients["Anna"], Speaking), Speaking) and heard.waiting):
        pass
    while not (isinstance(heard := await until(firm.clients["Anna"], Speaking), Speaking) and not heard.waiting):
        pass
    await clara.voice.finish(second)


async def test_m24_nothing_is_said_under_an_old_generation(following: Firm) -> None:
    firm = following
    anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
    talking = await bernd.voice.talk(firm.group)
    await anna.statements.rekey(firm.group)
    await bernd.core.catch_up(firm.group)
    assert not await bernd.voice.say(talking, OPUS[0])
    assert talking.lost == "rekey_required"
    assert await bernd.voice.finish(talking) is None
    again = await bernd.voice.talk(firm.group)
    assert again.generation == 2
    await bernd.voice.finish(again)


async def test_m24_a_burst_ends_when_a_member_has_left(following: Firm) -> None:
    """Nobody has made a new generation yet: who has left would hear on under the one that he holds."""
    firm = following
    bernd, clara = firm.clients["Bernd"], firm.clients["Clara"]
    talking = await bernd.voice.talk(firm.group)
    await clara.remove(firm.group, [clara.core.keys.user])
    await bernd.core.catch_up(firm.group)
    assert bernd.core.state(firm.group).generation == talking.generation
    assert not await bernd.voice.say(talking, OPUS[0])
    assert talking.packets == []
    assert await bernd.voice.finish(talking) is None


async def test_the_limit_ends_what_is_said(following: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    firm = following
    monkeypatch.setattr(limits, "BURST_MS", 200)
    bernd = firm.clients["Bernd"]
    talking = await bernd.voice.talk(firm.group)
    while await bernd.voice.say(talking, OPUS[0]):
        await asyncio.sleep(0.02)
    assert talking.lost == "limit"
    assert await bernd.voice.finish(talking) is not None, "what was said is kept"


async def test_m39_a_lying_server_is_not_believed(firm: Firm) -> None:
    """Replayed bursts and frames, old generations, foreign devices and people: nothing is heard."""
    anna, bernd = await firm.people()
    state = anna.core.state(firm.group)
    keys = bernd.core.keys
    parts = keys.parts(firm.group, 1)
    assert parts is not None
    secret = parts.secret(firm.group, 1)
    heard = anna.voice

    def taken(burst: bytes, **change: object) -> frames.FloorTaken:
        frame = frames.FloorTaken(firm.group, burst, keys.user, keys.device, 1, 0, False)
        for name, value in change.items():
            setattr(frame, name, value)
        return frame

    def said(burst: bytes, number: int, sealed_as: int | None = None) -> frames.Voice:
        key = voice.burst_key(secret, firm.group, 1, keys.device, burst)
        sealed = voice.seal_frame(key, number if sealed_as is None else sealed_as, OPUS[number % len(OPUS)])
        return frames.Voice(burst, number, sealed)

    def count() -> int:
        found = [heard._heard.get_nowait() for _ in range(heard._heard.qsize())]
        return sum(isinstance(one, Packet) for one in found)

    burst = os.urandom(16)
    heard._take(taken(burst))
    for frame in (said(burst, 0), said(burst, 3)):
        heard._take(frame)
    assert count() == 2
    for frame in (said(burst, 0), said(burst, 3), said(burst, 4, 5), flipped(said(burst, 6))):
        heard._take(frame)
    assert count() == 0, "replayed, renumbered, changed"
    heard._take(frames.FloorReleased(firm.group, burst, "released"))
    heard._take(taken(burst))
    heard._take(said(burst, 7))
    assert count() == 0, "an old burst is not heard again"
    async with Client(firm.folder / "Anna") as later:
        for frame in (taken(burst), said(burst, 8)):
            later.voice._take(frame)
        assert later.voice._heard.empty(), "nor after a restart"
        later.voice._take(taken(os.urandom(16)))
        assert not later.voice._heard.empty(), "a fresh one is"
    running = os.urandom(16)
    for frame in (taken(running), said(running, 0), said(running, 3)):
        heard._take(frame)
    assert count() == 2
    async with Client(firm.folder / "Anna") as later:
        heard = later.voice
        for frame in (taken(running), said(running, 0), said(running, 3)):
            heard._take(frame)
        assert count() == 0, "of one that goes on, nothing twice"
        heard._take(said(running, 100))
        assert count() == 1, "but what is said next"
    heard = anna.voice

    stranger = await firm.invite("Dora")
    for change in (
        {"generation": 2},
        {"user": anna.core.keys.user},
        {"device": os.urandom(16)},
        {"user": stranger.core.keys.user, "device": stranger.core.keys.device},
        {"conversation": os.urandom(16)},
    ):
        fresh = os.urandom(16)
        heard._take(taken(fresh, **change))
        heard._take(said(fresh, 0))
        assert count() == 0, change
    assert state.generation == 1
    await anna.statements.rekey(firm.group)
    await anna.core.catch_up(firm.group)
    fresh = os.urandom(16)
    heard._take(taken(fresh))
    heard._take(said(fresh, 0))
    assert count() == 0, "an old generation"


def flipped(frame: frames.Voice) -> frames.Voice:
    return frames.Voice(frame.burst, frame.number, frame.sealed[:-1] + bytes((frame.sealed[-1] ^ 1,)))
