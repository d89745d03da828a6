"""What connections share: the services behind them, catching up, and the watch over silent ones."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Protocol

from werkfunk.adapters.clock import Clock
from werkfunk.adapters.metrics import Metrics
from werkfunk.domain import limits
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.roles import Subject
from werkfunk.services.alarms import Alarms
from werkfunk.services.conversations import Conversations
from werkfunk.services.directory import Directory
from werkfunk.services.floors import Floors, Speaker
from werkfunk.services.hub import Hub, Peer
from werkfunk.services.limiter import Limiter
from werkfunk.services.sessions import Sessions
from werkfunk.wire import frames


class Reader(Speaker, Protocol):
    """A connection, as the gateway writes to it."""

    subject: Subject | None

    async def room(self) -> bool:
        """Wait for room in the socket."""


class Arrival(Reader, Protocol):
    """What the gateway notes of a connection that ends."""

    heard: int


class Gateway:
    """See the module."""

    def __init__(
        self,
        directory: Directory,
        conversations: Conversations,
        sessions: Sessions,
        alarms: Alarms,
        hub: Hub,
        floors: Floors,
        metrics: Metrics,
        events: Limiter,
        clock: Clock,
        seen: Callable[[bytes], None],
        fault: Callable[[BaseException], None],
        broken: Callable[[bytes, bytes, int], None] = lambda user, device, heard: None,
        silence_s: int = limits.SILENCE_S,
    ) -> None:
        """What connections share.

        `broken` is told of connections that end with the app in front: user, device, last sign of life in ms. A connection
        is asked for a sign of life after `silence_s` and closed after twice that.
        """
        self.directory = directory
        self.conversations = conversations
        self.sessions = sessions
        self.alarms = alarms
        self.hub = hub
        self.floors = floors
        self.metrics = metrics
        self.events = events
        self.clock = clock
        self._seen = seen
        self._fault = fault
        self._broken = broken
        self.silence_s = silence_s
        self._tasks: set[asyncio.Task[None]] = set()
        self.loop = asyncio.get_running_loop()

    def spawn(self, work: Awaitable[None]) -> None:
        """Run work of a connection; a mistake is logged, the connection lives on."""

        async def run() -> None:
            try:
                await work
            except Exception as error:
                self._fault(error)

        task = self.loop.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    def forget(work: Awaitable[None]) -> None:
        """Close work that will not be run."""
        if isinstance(work, Coroutine):
            work.close()

    def refused(self, code: str) -> None:
        """Count a refusal."""
        self.metrics.refused.labels(code).inc()

    def arrived(self, peer: Peer) -> None:
        """A connection has signed in."""
        self.hub.add(peer)
        self.metrics.connections.set(len(self.hub))
        self._seen(peer.user)

    def left(self, peer: Arrival) -> None:
        """A connection is gone."""
        self.hub.discard(peer)
        self.floors.left(peer)
        self.metrics.connections.set(len(self.hub))
        if peer.shown:
            self._broken(peer.user, peer.device, peer.heard)

    def welcome(self, subject: Subject) -> frames.Welcome:
        """The answer to a signed challenge."""
        organisation = self.directory.founded()
        user = self.directory.users[subject.user]
        return frames.Welcome(subject.user, self.clock(), organisation.length, user.length)

    async def sync(self, peer: Reader, frame: frames.Sync) -> None:
        """Send the first page of each conversation that is behind, the newest first."""
        assert peer.subject is not None
        rows = await self.conversations.memberships(peer.subject)
        cursors = dict(frame.cursors)
        behind = 0
        for row in rows:
            after = cursors.get(row.conversation, 0)
            if not await peer.room():
                return
            try:
                events, last = await self.conversations.page(peer.subject, row.conversation, after, 0)
            except Failure as failure:
                if failure.code is Code.NOT_FOUND:
                    continue
                raise
            if not events:
                continue
            behind += 1
            peer.send(frames.Page(row.conversation, events, last, events[-1].seq < last))
        peer.send(frames.Synced(behind))

    async def fetch(self, peer: Reader, frame: frames.Fetch) -> None:
        """Send one page."""
        assert peer.subject is not None
        if not await peer.room():
            return
        events, last = await self.conversations.page(peer.subject, frame.conversation, frame.after, frame.limit)
        more = bool(events) and events[-1].seq < last
        peer.send(frames.Page(frame.conversation, events, last, more))

    async def write_slot(self, peer: Reader, frame: frames.WriteSlot) -> None:
        """Store a slot."""
        assert peer.subject is not None
        if not self.events.allow(peer.device):
            raise Failure(Code.RATE_LIMITED)
        message_id = await self.conversations.write_slot(peer.subject, frame.event, peer)
        peer.send(frames.Ack(message_id, b"", 0, self.clock()))

    async def tune(self, peer: Reader, frame: frames.Tune) -> None:
        """Choose the conversations whose live voice comes here."""
        assert peer.subject is not None
        if len(frame.conversations) > limits.TUNED_MAX:
            raise Failure(Code.MALFORMED, "conversations")
        await self.floors.tune(peer, peer.subject, frame.conversations)

    async def request_floor(self, peer: Reader, frame: frames.FloorRequest) -> None:
        """Ask for the floor."""
        assert peer.subject is not None
        if not self.events.allow(peer.device):
            raise Failure(Code.RATE_LIMITED)
        await self.floors.request(peer, self.directory.subject(peer.device), frame)

    async def close(self) -> None:
        """Tell everybody to come back, and stop."""
        self.hub.end_all("restart")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.floors.close()
