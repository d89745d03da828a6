"""Push-to-talk: who may speak where, and passing sealed voice frames on (docs/decisions, "the floor is a lease").

    request -> queue -> lease in the store -> granted -> frames … -> released | limit | silent | gone | interrupted | …

The floor is granted by a lease in the store, so no two nodes grant it at once; holder and queue are in memory. A frame is
checked, never opened and never stored, and leaves as the bytes it came in: once for each listener and turn of the loop.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol

from werkfunk.adapters.clock import Clock
from werkfunk.adapters.metrics import Metrics
from werkfunk.domain import limits
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.floor import Floor, Rank, Turn
from werkfunk.domain.roles import Operation, Role, Subject
from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.organisation import OrganisationState
from werkfunk.services.directory import Directory
from werkfunk.services.hub import Bus, Peer
from werkfunk.services.rooms import Room, Rooms
from werkfunk.storage.store import Store, StoreFull
from werkfunk.wire import frames

WATCH_S = 1.0
BURSTS_REMEMBERED = 4_096


class Speaker(Peer, Protocol):
    """A connection that speaks or listens."""

    def send(self, frame: frames.Frame) -> None:
        """Send one frame now."""

    @property
    def connected(self) -> bool:
        """Whether the socket is there."""

    def relay(self, prepared: bytes) -> bool:
        """Write voice now, or drop it (False) where older bytes still wait: late voice is worthless."""


class Burst:
    """A burst while it lasts."""

    __slots__ = ("checked", "claimed", "conversation", "ends", "heard", "listeners", "members", "next", "out", "peer", "started", "state", "tuned", "turn")  # fmt: skip

    def __init__(self, conversation: bytes, turn: Turn, peer: Speaker, room: Room, now: float) -> None:
        self.conversation = conversation
        self.turn = turn
        self.peer = peer
        self.state: ConversationState = room.state
        self.members = room.members
        self.checked = -1
        """The directory's epoch at which the speaker's and the generation's rights were judged."""
        self.started = self.heard = now
        self.claimed = 0.0
        """Until when the lease is surely ours, by the monotonic clock."""
        self.ends = 0
        self.next = 0
        self.out: list[bytes] = []
        self.listeners: list[Speaker] = []
        self.tuned = -1
        """The version of who listens that `listeners` was made from."""


class Channel:
    """The floor of one conversation with what this node needs to run it."""

    __slots__ = ("burst", "floor", "lease", "lock", "peers")

    def __init__(self) -> None:
        self.floor = Floor()
        self.lock = asyncio.Lock()
        self.peers: dict[bytes, Speaker] = {}
        """Connections of the holder and of those who wait, by burst."""
        self.burst: Burst | None = None
        self.lease = b""
        """The burst in whose name this node holds the lease, or empty."""


class Floors:
    """See the module."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        rooms: Rooms,
        bus: Bus,
        metrics: Metrics,
        clock: Clock,
        fault: Callable[[BaseException], None],
    ) -> None:
        self._store = store
        self._directory = directory
        self._rooms = rooms
        self._bus = bus
        self._metrics = metrics
        self._clock = clock
        self._fault = fault
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._channels: dict[bytes, Channel] = {}
        self._bursts: dict[bytes, Burst] = {}
        self._used: OrderedDict[bytes, None] = OrderedDict()
        self._tuned: dict[bytes, set[Speaker]] = {}
        self._wishes: dict[Speaker, set[bytes]] = {}
        self._version = 0
        self._ready: list[Burst] = []

    # -- listening

    async def tune(self, peer: Speaker, subject: Subject, conversations: Iterable[bytes]) -> None:
        """Hear these conversations from now on. Raises Failure; then nothing changes."""
        wanted = set(conversations)
        for conversation in wanted:
            await self._room(subject, conversation, Operation.HEAR)
        if not peer.connected:
            return
        self._untune(peer)
        self._wishes[peer] = wanted
        for conversation in wanted:
            self._tuned.setdefault(conversation, set()).add(peer)
            burst = self._burst_of(conversation)
            if burst is not None:
                peer.send(self._taken(burst))

    def _untune(self, peer: Speaker) -> None:
        self._version += 1
        for conversation in self._wishes.pop(peer, ()):
            peers = self._tuned[conversation]
            peers.discard(peer)
            if not peers:
                del self._tuned[conversation]

    def left(self, peer: Speaker) -> None:
        """A connection is gone: it hears nothing, waits for nothing, and its burst is over."""
        self._untune(peer)
        for conversation, channel in list(self._channels.items()):
            if any(other is peer for other in channel.peers.values()):
                self._give_up(conversation, channel, peer, "gone")

    # -- asking and releasing

    async def request(self, peer: Speaker, subject: Subject, frame: frames.FloorRequest) -> None:
        """Grant the floor, or queue the wish. Raises Failure."""
        if len(frame.burst) != 16 or frame.burst in self._used:
            raise Failure(Code.MALFORMED if len(frame.burst) != 16 else Code.CONFLICT, "burst")
        room = await self._room(subject, frame.conversation, Operation.SPEAK)
        if frame.urgent:
            self._directory.require(subject, Operation.SPEAK_URGENTLY, member=True)
        if frame.generation != room.state.generation or self._rooms.rekey_reason(room, self._clock()):
            raise Failure(Code.REKEY_REQUIRED)
        rank = _rank(subject, room, self._directory.founded(), frame.urgent)
        turn = Turn(frame.burst, subject.user, subject.device, frame.generation, rank)
        if not peer.connected:
            return
        channel = self._channels.setdefault(frame.conversation, Channel())
        if channel.floor.holder is not None and channel.floor.holder.device == subject.device:
            raise Failure(Code.CONFLICT, "this device speaks")
        self._remember(frame.burst)
        if not channel.floor.ask(turn):
            raise Failure(Code.BUSY, "queue")
        wishes = {one.burst for one in channel.floor.waiting}
        channel.peers = {b: p for b, p in channel.peers.items() if b in wishes or b in self._bursts} | {
            turn.burst: peer
        }
        if channel.floor.interrupted():
            self._over(frame.conversation, channel, "interrupted")
        if channel.burst is not None:
            self._tell_queue(frame.conversation, channel)
        await self._advance(frame.conversation, channel)

    def release(self, peer: Speaker, frame: frames.FloorRelease) -> None:
        """Stop speaking or waiting; nothing happens where neither is the case."""
        channel = self._channels.get(frame.conversation)
        if channel is not None and channel.peers.get(frame.burst) is peer:
            self._give_up(frame.conversation, channel, peer, "released")

    def _give_up(self, conversation: bytes, channel: Channel, peer: Speaker, reason: str) -> None:
        holder = channel.floor.holder
        for burst in [b for b, p in channel.peers.items() if p is peer]:
            if holder is not None and holder.burst == burst:
                self._over(conversation, channel, reason)
            else:
                channel.floor.waiting = [turn for turn in channel.floor.waiting if turn.burst != burst]
                del channel.peers[burst]
                self._tell_queue(conversation, channel)
        self._spawn(self._advance(conversation, channel))

    # -- the floor

    async def _advance(self, conversation: bytes, channel: Channel) -> None:
        """Give the free floor to the next, or the lease back."""
        async with channel.lock:
            while channel.floor.holder is None and channel.floor.waiting:
                await self._drop_lease(conversation, channel)
                wish = channel.floor.waiting[0]
                claimed = await self._claim_for(wish, conversation, channel)
                if not claimed:
                    break
                if channel.floor.waiting[:1] == [wish]:
                    self._grant(conversation, channel, claimed)
            if channel.floor.holder is None and not channel.floor.waiting:
                await self._drop_lease(conversation, channel)
                idle = channel.floor.holder is None and not channel.floor.waiting
                if idle and self._channels.get(conversation) is channel:
                    del self._channels[conversation]

    async def _claim_for(self, wish: Turn, conversation: bytes, channel: Channel) -> float:
        """Take the lease, see `_claim`; where that fails, everybody who waits is refused."""
        code = Code.BUSY
        try:
            claimed = await self._claim(conversation, wish.burst)
            channel.lease = wish.burst if claimed else b""
            # The store may have answered so late that the lease may be another's by now.
            if claimed > self._loop.time():
                return claimed
            await self._drop_lease(conversation, channel)
        except StoreFull:
            code = Code.STORAGE_FULL
        except Exception as error:
            code = Code.INTERNAL
            self._fault(error)
        for turn in channel.floor.waiting:
            channel.peers.pop(turn.burst).send(frames.Refused(turn.burst, code.value.code, "floor"))
        channel.floor.waiting = []
        return 0.0

    async def _claim(self, conversation: bytes, burst: bytes) -> float:
        """Take or prolong the lease; until when it is surely ours, by the monotonic clock, or 0 where it is another's."""
        before, now = self._loop.time(), self._clock()
        ours = await self._store.take_lease(conversation, burst, now, now + limits.FLOOR_LEASE_MS)
        return before + limits.FLOOR_LEASE_MS / 1000 if ours else 0.0

    async def _drop_lease(self, conversation: bytes, channel: Channel) -> None:
        lease, channel.lease = channel.lease, b""
        if lease:
            await self._store.drop_lease(conversation, lease)

    def _grant(self, conversation: bytes, channel: Channel, claimed: float) -> None:
        turn = channel.floor.hand()
        peer = channel.peers[turn.burst]
        room = self._rooms.peek(conversation)
        now = self._loop.time()
        if room is None:
            channel.floor.free()
            peer.send(frames.Refused(turn.burst, Code.BUSY.value.code))
            return
        burst = channel.burst = Burst(conversation, turn, peer, room, now)
        burst.ends = self._clock() + limits.BURST_MS
        burst.claimed = claimed
        self._bursts[turn.burst] = burst
        if not self._rightful(burst):
            # Whoever waited may have been removed, or a new generation made.
            self._over(conversation, channel, "rekey_required")
            return
        peer.send(frames.FloorGranted(conversation, turn.burst, burst.ends))
        self._bus.publish(room.members, self._taken(burst))
        self._tell_places(conversation, channel)
        self._loop.call_later(WATCH_S, self._watch, burst, channel)

    def _watch(self, burst: Burst, channel: Channel) -> None:
        """Once a second: end what lasts too long or has gone silent, prolong the lease of what goes on."""
        if channel.burst is not burst:
            return
        now = self._loop.time()
        reason = self._ending(burst, now)
        if reason:
            self._over(burst.conversation, channel, reason)
            self._spawn(self._advance(burst.conversation, channel))
            return
        left = burst.started + limits.BURST_MS / 1000 - now
        self._loop.call_later(min(WATCH_S, max(0.01, left)), self._watch, burst, channel)
        self._spawn(self._prolong(burst, channel))

    def _ending(self, burst: Burst, now: float) -> str:
        if now - burst.started >= limits.BURST_MS / 1000:
            return "limit"
        if now - burst.heard > limits.FLOOR_SILENCE_S:
            return "silent"
        if now > burst.claimed:
            return "gone"
        return "" if self._rightful(burst) else "rekey_required"

    async def _prolong(self, burst: Burst, channel: Channel) -> None:
        async with channel.lock:
            if channel.burst is burst:
                burst.claimed = await self._claim(burst.conversation, burst.turn.burst) or burst.claimed

    def _over(self, conversation: bytes, channel: Channel, reason: str) -> None:
        """The burst ends; who gets the floor next is `_advance`'s."""
        burst, channel.burst = channel.burst, None
        channel.floor.free()
        if burst is None:
            return
        self._pass_on()
        self._bursts.pop(burst.turn.burst, None)
        channel.peers.pop(burst.turn.burst, None)
        frame = frames.FloorReleased(conversation, burst.turn.burst, reason)
        self._bus.publish(burst.members | {burst.turn.user}, frame)

    def _tell_queue(self, conversation: bytes, channel: Channel) -> None:
        burst = channel.burst
        if burst is not None:
            self._bus.publish(burst.members, self._taken(burst))
        self._tell_places(conversation, channel)

    def _tell_places(self, conversation: bytes, channel: Channel) -> None:
        for place, turn in enumerate(channel.floor.waiting, 1):
            channel.peers[turn.burst].send(frames.FloorQueued(conversation, turn.burst, place))

    def _taken(self, burst: Burst) -> frames.FloorTaken:
        turn, channel = burst.turn, self._channels[burst.conversation]
        waiting = [one.user for one in channel.floor.waiting]
        urgent = turn.rank is Rank.URGENT
        return frames.FloorTaken(
            burst.conversation, turn.burst, turn.user, turn.device, turn.generation, burst.ends, urgent, waiting
        )

    # -- frames

    def voice(self, peer: Speaker, frame: frames.Voice, payload: bytes) -> None:
        """Pass a frame on as it came. One of a burst that is over is dropped: it was on its way when the floor went.

        Raises:
            Failure: the frame breaks a rule; the burst is over.
        """
        burst = self._bursts.get(frame.burst)
        if burst is None or burst.peer is not peer:
            self._metrics.voice_dropped.inc()
            return
        now = self._loop.time()
        allowed = (now - burst.started) * limits.VOICE_FRAMES_PER_S + limits.VOICE_FRAMES_AHEAD
        refusal = None
        if not 16 < len(frame.sealed) <= limits.VOICE_FRAME_MAX or len(payload) > 2 * limits.VOICE_FRAME_MAX:
            refusal = Failure(Code.MALFORMED, "size")
        elif frame.number < burst.next:
            refusal = Failure(Code.CONFLICT, "number")
        elif frame.number > allowed:
            refusal = Failure(Code.RATE_LIMITED)
        channel = self._channels[burst.conversation]
        reason = "refused" if refusal else self._ending(burst, now)
        if reason:
            self._over(burst.conversation, channel, reason)
            self._spawn(self._advance(burst.conversation, channel))
            if refusal is not None:
                raise refusal
            return
        burst.heard, burst.next = now, frame.number + 1
        burst.out.append(self._bus.prepare(payload))
        if len(burst.out) == 1:
            if not self._ready:
                self._loop.call_soon(self._pass_on)
            self._ready.append(burst)

    def _pass_on(self) -> None:
        """What this turn of the loop brought: one write a listener."""
        ready, self._ready = self._ready, []
        for burst in ready:
            out, burst.out = burst.out, []
            data = out[0] if len(out) == 1 else b"".join(out)
            late = 0
            for peer in self._listeners(burst):
                if not peer.relay(data):
                    late += 1
            self._metrics.voice_dropped.inc(late * len(out))
            self._metrics.voice.inc((len(burst.listeners) - late) * len(out))

    def _listeners(self, burst: Burst) -> list[Speaker]:
        if burst.tuned != self._version:
            burst.tuned = self._version
            others = burst.members - {burst.turn.user}
            burst.listeners = [peer for peer in self._tuned.get(burst.conversation, ()) if peer.user in others]
        return burst.listeners

    def _rightful(self, burst: Burst) -> bool:
        """Whether the speaker may go on and the key is still the newest: a new statement makes a new state object."""
        room = self._rooms.peek(burst.conversation)
        if room is None or room.state is not burst.state:
            same = room is not None and room.state.generation == burst.turn.generation
            if room is None or not same or burst.turn.user not in room.members:
                return False
            burst.state, burst.members, burst.tuned, burst.checked = room.state, room.members, -1, -1
        if burst.checked != self._directory.epoch:
            burst.checked = self._directory.epoch
            return self._rooms.rekey_reason(room, self._clock()) is None
        return True

    # -- small parts

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception as error:
                self._fault(error)

        task = self._loop.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Finish what is under way; the connections are gone, so every lease is given back."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _room(self, subject: Subject, conversation: bytes, operation: Operation) -> Room:
        room = await self._rooms.room(conversation)
        if subject.user not in room.members:
            raise Failure(Code.NOT_FOUND)
        self._directory.require(subject, operation, member=True)
        return room

    def _burst_of(self, conversation: bytes) -> Burst | None:
        channel = self._channels.get(conversation)
        return channel.burst if channel is not None else None

    def _remember(self, burst: bytes) -> None:
        """A burst's salt is used once: a second burst under it would repeat nonces."""
        self._used[burst] = None
        if len(self._used) > BURSTS_REMEMBERED:
            self._used.popitem(last=False)


def _rank(subject: Subject, room: Room, organisation: OrganisationState, urgent: bool) -> Rank:
    if urgent:
        return Rank.URGENT
    lead = subject.role is Role.SITE_LEAD or subject.user in room.state.leads(organisation)
    return Rank.LEAD if lead else Rank.MEMBER
