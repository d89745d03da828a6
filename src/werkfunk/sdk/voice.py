"""Push-to-talk for programs: ask for the floor and speak, or hear what is said (docs/protocol.md, 9).

    await client.voice.tune([conversation])
    talking = await client.voice.talk(conversation)      # waits for the floor
    await talking.say(packet, peak)                      # every 20 ms, a packet of Opus
    await talking.finish()                               # the burst becomes a signed voice note

    async for heard in client.voice.heard(): ...         # Speaking, Packet …, Silence

Somebody must take the frames of the connection meanwhile (`client.listen()`), or keys and members change unseen.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from werkfunk.protocol import voice
from werkfunk.protocol.content import VoiceNote
from werkfunk.protocol.errors import SealRefused
from werkfunk.sdk import ogg, sound
from werkfunk.sdk.core import RACES, Core
from werkfunk.sdk.errors import NotAllowed, SdkError
from werkfunk.sdk.outbox import Outbox
from werkfunk.wire import frames

HEARD_MAX = 3_000
"""Events that wait for a slow reader: a minute of voice; then the oldest are dropped."""
BURSTS_REMEMBERED = 4_096
"""Of a conversation's generation, which lasts 7 days at most."""
BURSTS = "bursts "
"""In the profile, with a conversation's id: a generation, and what was heard under it."""
MARK_EVERY = 50
"""Frames, a second: so seldom is it written how far a burst was heard. Who comes back into one misses as much at most."""
PACKET_MS = 20


@dataclass(frozen=True, slots=True)
class Speaking:
    """Somebody has the floor; `waiting` are the people in the queue. Told again when the queue changes."""

    conversation: bytes
    burst: bytes
    user: bytes
    ends: int
    urgent: bool
    waiting: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Packet:
    """Opus packet `number` of a burst: 20 ms, and numbers that are missing were lost."""

    burst: bytes
    number: int
    opus: bytes


@dataclass(frozen=True, slots=True)
class Silence:
    """The burst is over; the reasons are those of `floor_released`."""

    conversation: bytes
    burst: bytes
    reason: str


Heard = Speaking | Packet | Silence


@dataclass(slots=True)
class _Known:
    """A burst that is heard."""

    conversation: bytes
    generation: int
    key: bytes
    next: int
    mark: int
    """Up to here frames count as heard in the profile."""


@dataclass(slots=True)
class Talking:
    """A burst of our own, once the floor is granted. `lost` says why it ended, or is empty."""

    conversation: bytes
    burst: bytes
    generation: int
    key: bytes
    ends: int = 0
    position: int = 0
    """Place in the queue while waiting, 0 otherwise."""
    lost: str = ""
    packets: list[bytes] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)


class Voice:
    """See the module."""

    def __init__(self, core: Core, outbox: Outbox) -> None:
        self._core = core
        self._outbox = outbox
        self._tuned: list[bytes] = []
        self._own: dict[bytes, tuple[Talking, asyncio.Future[None]]] = {}
        self._known: dict[bytes, _Known] = {}
        self._heard: asyncio.Queue[Heard] = asyncio.Queue(HEARD_MAX)
        core.voice = self._take

    # -- hearing

    async def tune(self, conversations: Iterable[bytes]) -> None:
        """Hear these conversations from now on, on this connection."""
        self._tuned = list(conversations)
        await self._core.channel.send(frames.Tune(self._tuned))

    async def heard(self) -> AsyncIterator[Heard]:
        """What is said, as it comes, until cancelled."""
        while True:
            yield await self._heard.get()

    def _tell(self, heard: Heard) -> None:
        if self._heard.full():
            self._heard.get_nowait()
        self._heard.put_nowait(heard)

    def _take(self, frame: frames.Frame) -> None:
        match frame:
            case frames.Voice():
                self._packet(frame)
            case frames.FloorTaken():
                self._taken(frame)
            case frames.FloorReleased():
                self._released(frame)
            case frames.FloorGranted():
                self._granted(frame)
            case frames.FloorQueued() if frame.burst in self._own:
                self._own[frame.burst][0].position = frame.position

    def _taken(self, frame: frames.FloorTaken) -> None:
        if frame.burst not in self._known and frame.burst not in self._own:
            mark = self._marks(frame.conversation, frame.generation).get(frame.burst, 0)
            key = self._key(frame)
            if key is None or mark >= voice.FRAMES_MAX:
                return
            self._known[frame.burst] = _Known(frame.conversation, frame.generation, key, mark, mark)
        waiting = tuple(frame.waiting)
        self._tell(Speaking(frame.conversation, frame.burst, frame.user, frame.ends, frame.urgent, waiting))

    def _key(self, frame: frames.FloorTaken) -> bytes | None:
        """The burst's key, or None where it is not to be believed. [M39]"""
        state = self._core.logs.state(frame.conversation)
        owner = self._core.chains.users.get(frame.user)
        device = owner.devices.get(frame.device) if owner is not None else None
        if frame.device == self._core.keys.device:
            return None
        if state is None or not state.is_member(frame.user) or device is None or device.revoked is not None:
            return None
        parts = self._core.keys.parts(frame.conversation, frame.generation)
        if parts is None or frame.generation != state.generation:
            return None
        secret = parts.secret(frame.conversation, frame.generation)
        return voice.burst_key(secret, frame.conversation, frame.generation, frame.device, frame.burst)

    def _packet(self, frame: frames.Voice) -> None:
        known = self._known.get(frame.burst)
        if known is None or frame.number < known.next:
            return
        try:
            opus = voice.open_frame(known.key, frame.number, frame.sealed)
        except SealRefused:
            return
        known.next = frame.number + 1
        if known.next > known.mark:
            self._mark(frame.burst, known, known.next + MARK_EVERY)
        self._tell(Packet(frame.burst, frame.number, opus))

    def _released(self, frame: frames.FloorReleased) -> None:
        known = self._known.pop(frame.burst, None)
        if known is not None:
            self._mark(frame.burst, known, voice.FRAMES_MAX)
            self._tell(Silence(frame.conversation, frame.burst, frame.reason))
        own = self._own.pop(frame.burst, None)
        if own is not None:
            own[0].lost = own[0].lost or frame.reason

    def _marks(self, conversation: bytes, generation: int) -> dict[bytes, int]:
        """Bursts heard under a generation, the oldest first: salt -> the first frame that may be heard. [M39]

        Kept in the profile, for a server has patience.
        """
        kept = self._core.local.get(BURSTS + conversation.hex()) or b""
        if kept[:8] != generation.to_bytes(8):
            return {}
        entries = (kept[at : at + 24] for at in range(8, len(kept), 24))
        return {entry[:16]: int.from_bytes(entry[16:]) for entry in entries}

    def _mark(self, burst: bytes, known: _Known, mark: int) -> None:
        known.mark = mark
        marks = list({**self._marks(known.conversation, known.generation), burst: mark}.items())[-BURSTS_REMEMBERED:]
        data = known.generation.to_bytes(8) + b"".join(salt + number.to_bytes(8) for salt, number in marks)
        self._core.local.put(BURSTS + known.conversation.hex(), data)

    # -- speaking

    async def talk(self, conversation: bytes, *, urgent: bool = False) -> Talking:
        """Wait for the floor.

        Raises:
            NotAllowed: not a member, the queue is full, … NoConnection. Unsafe: the conversation is blocked.
        """
        for attempt in range(RACES):
            self._outbox.check_safe(conversation)
            state = await self._outbox.ready(conversation)
            parts = self._core.keys.parts(conversation, state.generation)
            if parts is None:
                raise SdkError("the conversation's key is not there yet; please try again", "key_missing")
            burst = os.urandom(16)
            secret = parts.secret(conversation, state.generation)
            key = voice.burst_key(secret, conversation, state.generation, self._core.keys.device, burst)
            talking = Talking(conversation, burst, state.generation, key)
            try:
                await self._ask(talking, urgent)
            except NotAllowed as error:
                if error.code != "rekey_required" or attempt == RACES - 1:
                    raise
                await self._outbox.renew(conversation, state.generation)
                continue
            return talking
        raise SdkError("the conversation keeps changing; please try again")

    async def _ask(self, talking: Talking, urgent: bool) -> None:
        channel = self._core.channel
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def refused(error: SdkError) -> None:
            if not granted.done():
                granted.set_exception(error)
            talking.lost = error.code or "gone"

        self._own[talking.burst] = (talking, granted)
        channel.refused[talking.burst] = refused
        try:
            await channel.send(frames.FloorRequest(talking.conversation, talking.generation, talking.burst, urgent))
            await granted
        except BaseException:
            self._own.pop(talking.burst, None)
            channel.refused.pop(talking.burst, None)
            if not granted.done() or granted.cancelled():
                # Whoever waited has gone away: so does the wish.
                await channel.send(frames.FloorRelease(talking.conversation, talking.burst))
            raise

    def _granted(self, frame: frames.FloorGranted) -> None:
        own = self._own.get(frame.burst)
        if own is not None and not own[1].done():
            talking, granted = own
            talking.ends, talking.position = frame.ends, 0
            granted.set_result(None)

    async def say(self, talking: Talking, packet: bytes, peak: int = 0) -> bool:
        """Say one packet of 20 ms; False when the floor is lost, or the key may not be used any more. [M24]"""
        state = self._core.state(talking.conversation)
        worn = state.generation != talking.generation or self._outbox.due(state)
        if talking.lost or worn or self._core.logs.blocked(talking.conversation):
            talking.lost = talking.lost or "rekey_required"
            return False
        number = len(talking.packets)
        talking.packets.append(packet)
        talking.peaks.append(peak)
        await self._core.channel.send(
            frames.Voice(talking.burst, number, voice.seal_frame(talking.key, number, packet))
        )
        return True

    async def finish(self, talking: Talking) -> frames.Ack | None:
        """Give the floor back; what was said becomes a signed voice note. None when nothing was said."""
        self._core.channel.refused.pop(talking.burst, None)
        if self._own.pop(talking.burst, None) is not None:
            await self._core.channel.send(frames.FloorRelease(talking.conversation, talking.burst))
        if not talking.packets:
            return None
        data = ogg.write(talking.packets, int.from_bytes(talking.burst[:4], "big"))
        attachment = await self._core.files.upload_bytes(talking.conversation, "sprachnachricht.ogg", data)
        length = len(talking.packets) * PACKET_MS
        note = VoiceNote((attachment,), length, talking.burst, sound.levels(talking.peaks))
        return await self._outbox.send(talking.conversation, note, [attachment.blob_id])
