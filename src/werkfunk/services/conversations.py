"""Conversations: sending, statements, reading. Authorised against the room's view, logged through the append queue."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from werkfunk.adapters.clock import Clock
from werkfunk.domain import limits
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.roles import Operation, Subject
from werkfunk.protocol import conversation as conv
from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import Event, EventKind, is_own, parse_event
from werkfunk.protocol.generation import Generation
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.statements import body_of, parse
from werkfunk.services.appender import Appender, Done
from werkfunk.services.directory import Directory, refused
from werkfunk.services.hub import Bus, Peer
from werkfunk.services.rooms import Room, Rooms
from werkfunk.storage.store import Append, Appended, BoxRow, EventRow, MemberRow, StatementWrite, Store
from werkfunk.wire import api, frames

Told = Callable[[frozenset[bytes], bytes, bytes, int], None]
"""Whom an event concerns beyond those connected: readers, sending device, conversation, seq."""
KINDS = ("generation", "grant", "repair", "holder", "holder", "holder")


class Conversations:
    """See the module."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        rooms: Rooms,
        bus: Bus,
        clock: Clock,
        fault: Callable[[BaseException], None],
    ) -> None:
        self._store = store
        self._directory = directory
        self._rooms = rooms
        self._bus = bus
        self._clock = clock
        self._dirty: set[Peer] = set()
        self.told: Told = lambda readers, device, conversation, seq: None
        self.appender = Appender(store, self._flush, fault)

    # -- sending

    def send(
        self,
        subject: Subject,
        event: Event,
        data: bytes,
        blobs: list[bytes],
        done: Done,
        origin: Peer | None,
        *,
        knock: bool = True,
    ) -> Awaitable[None] | None:
        """Log a message event; `data` is the bytes that `event` was parsed from. Its readers' devices are woken if `knock`.

        Returns:
            None when it is queued; else something to await first (the room is not in memory yet).

        Raises:
            Failure: it is not taken; otherwise `done` is called with the result after the commit.
        """
        header = event.header
        if header.kind is not EventKind.MESSAGE or header.device != subject.device:
            raise Failure(Code.PROTOCOL, "header_mismatch")
        if not is_own(header):
            raise Failure(Code.PROTOCOL, "message_id_foreign")
        if len(blobs) > 16 or any(len(blob) != 16 for blob in blobs):
            raise Failure(Code.MALFORMED, "blobs")
        room = self._rooms.peek(header.conversation)
        if room is None:
            again = partial(self.send, subject, event, data, blobs, done, origin, knock=knock)
            return self._send_later(header.conversation, again, done)
        self._directory.require(subject, Operation.SEND_EVENT, member=self._member(subject, room))
        if room.blocked:

            def log() -> None:
                try:
                    self._log(room, event, data, blobs, done, origin, knock=knock)
                except Failure as failure:
                    done(failure)

            if len(room.waiting) >= limits.IN_FLIGHT_MAX:
                raise Failure(Code.BUSY)
            room.waiting.append(log)
        else:
            self._log(room, event, data, blobs, done, origin, knock=knock)
        return None

    async def _send_later(self, conversation: bytes, again: Callable[[], object], done: Done) -> None:
        try:
            await self._rooms.room(conversation)
            again()
        except Failure as failure:
            done(failure)

    def _log(
        self, room: Room, event: Event, data: bytes, blobs: list[bytes], done: Done, origin: Peer | None, *, knock: bool
    ) -> None:
        header = event.header
        now = self._clock()
        if header.generation != room.state.generation:
            raise Failure(Code.REKEY_REQUIRED, "generation")
        reason = self._rooms.rekey_reason(room, now)
        if reason is not None:
            raise Failure(Code.REKEY_REQUIRED, reason)
        item = Append(header.conversation, header.device, header.message_id, 0, now, data, sha256(data), blobs)

        def logged(result: Appended | Failure) -> None:
            done(result)
            if isinstance(result, Appended) and not result.repeated:
                self._emit(room, header.conversation, result, data, origin)
                if knock:
                    self.told(room.members, header.device, header.conversation, result.seq)

        self.appender.submit(item, logged)

    def _emit(self, room: Room, conversation: bytes, result: Appended, data: bytes, origin: Peer | None) -> None:
        room.last_seq = max(room.last_seq, result.seq)
        frame = frames.Event(conversation, result.seq, result.time, data)
        self._bus.publish(room.members, frame, but=origin, dirty=self._dirty)

    def _flush(self) -> None:
        """After a commit: one write a connection for all that it brought."""
        dirty, self._dirty = self._dirty, set()
        for peer in dirty:
            peer.flush()

    def mark(self, peer: Peer) -> None:
        """A connection has something queued; it is flushed with the commit's other frames."""
        self._dirty.add(peer)

    @staticmethod
    def parse(data: bytes) -> Event:
        """An event, of the right form and size. Raises Failure."""
        if len(data) > limits.EVENT_MAX:
            raise Failure(Code.EVENT_TOO_LARGE)
        try:
            return parse_event(data)
        except ProtocolError as error:
            raise refused(error) from error

    @staticmethod
    def _member(subject: Subject, room: Room) -> bool:
        """Membership; an outsider learns no more than of a conversation that does not exist."""
        if subject.user not in room.members:
            raise Failure(Code.NOT_FOUND)
        return True

    async def room_for(self, subject: Subject, conversation: bytes, operation: Operation) -> Room:
        """The room, if the subject may do `operation` in it. Raises Failure."""
        room = await self._rooms.room(conversation)
        self._directory.require(subject, operation, member=self._member(subject, room))
        return room

    async def state(self, conversation: bytes) -> ConversationState:
        """A conversation's state, for other services; they decide who may learn of it. Raises Failure NOT_FOUND."""
        return (await self._rooms.room(conversation)).state

    async def members(self, conversation: bytes) -> frozenset[bytes]:
        """A conversation's members, likewise."""
        return (await self._rooms.room(conversation)).members

    async def leads(self, conversation: bytes) -> frozenset[bytes]:
        """Who leads a conversation as the organisation is now, likewise."""
        return (await self._rooms.room(conversation)).state.leads(self._directory.founded())

    # -- statements

    async def create(self, subject: Subject, body: api.ConversationStatement) -> api.Appended:
        """Create a conversation with its first statement."""
        event = self._statement_event(subject, body)
        conversation = event.header.conversation
        if await self._store.conversation(conversation) is not None:
            raise Failure(Code.CONFLICT)
        state = self._apply(None, event)
        room = Room(state, 0, 0, self._clock())
        room.blocked = True
        if self._rooms.peek(conversation) is not None:
            raise Failure(Code.CONFLICT)
        self._rooms.add(conversation, room)
        try:
            return await self._log_statement(room, None, state, event, body)
        except BaseException:
            self._rooms.drop(conversation)
            raise

    async def append(self, subject: Subject, conversation: bytes, body: api.ConversationStatement) -> api.Appended:
        """Append a statement to a conversation's log."""
        event = self._statement_event(subject, body)
        if event.header.conversation != conversation:
            raise Failure(Code.PROTOCOL, "header_mismatch")
        room = await self.room_for(subject, conversation, Operation.SEND_STATEMENT)
        if room.blocked:
            raise Failure(Code.STALE, "another statement is being written")
        before = room.state
        state = self._apply(before, event)
        room.blocked = True
        return await self._log_statement(room, before, state, event, body)

    def _statement_event(self, subject: Subject, body: api.ConversationStatement) -> Event:
        event = self.parse(body.event)
        if event.header.kind is not EventKind.STATEMENT or event.header.device != subject.device:
            raise Failure(Code.PROTOCOL, "header_mismatch")
        try:
            statement = parse(event.body)
        except ProtocolError as error:
            raise refused(error) from error
        if statement.chain_id != event.header.conversation or statement.signer.device != subject.device:
            raise Failure(Code.PROTOCOL, "header_mismatch")
        return event

    def _apply(self, before: ConversationState | None, event: Event) -> ConversationState:
        directory = self._directory
        try:
            state = conv.apply(before, event.body, directory.founded(), directory.users)
        except ProtocolError as error:
            raise refused(error) from error
        new = before is None or state.generation != before.generation
        if new:
            # Named heads may be old; a new generation must not seal to what is known to be revoked or removed now.
            reason = conv.rekey_due(state, directory.founded(), directory.users, 0, state.newest.time)
            made = state.newest.record
            pins = [(pin.user, pin.box_generation) for pin in made.recipients]
            pins += [(pin.user, pin.box_generation) for pin in made.holders]
            if reason is None and any(number < directory.users[user].box.number for user, number in pins):
                reason = "pin_stale"
            if reason is not None:
                raise Failure(Code.STALE, reason)
        if event.header.generation != (before.generation if before else 0):
            raise Failure(Code.STALE, "generation")
        return state

    async def _log_statement(
        self,
        room: Room,
        before: ConversationState | None,
        state: ConversationState,
        event: Event,
        body: api.ConversationStatement,
    ) -> api.Appended:
        header = event.header
        result: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()

        def logged(outcome: Appended | Failure) -> None:
            room.blocked = False
            if isinstance(outcome, Failure):
                if not result.done():
                    result.set_exception(outcome)
            else:
                if not outcome.repeated:
                    room.advance(state, outcome.seq, outcome.time)
                    self._emit(room, header.conversation, outcome, body.event, None)
                    self._tell_removed(before, room, header.conversation, outcome, body.event)
                    joined = room.members - set(before.members if before else ())
                    self.told(joined, header.device, header.conversation, outcome.seq)
                if not result.done():
                    result.set_result(outcome)
            waiting, room.waiting = room.waiting, []
            for again in waiting:
                again()

        try:
            write = self._effects(before, state, event, body.boxes)
            item = Append(
                header.conversation,
                header.device,
                header.message_id,
                1,
                self._clock(),
                body.event,
                sha256(body.event),
                statement=write,
            )
            self.appender.submit(item, logged)
        except BaseException as error:
            logged(error if isinstance(error, Failure) else Failure(Code.INTERNAL))
            result.exception()
            raise
        # A client that goes away must not leave the room blocked: the queue calls `logged` in any case.
        appended = await asyncio.shield(result)
        return api.Appended(seq=appended.seq, time=appended.time)

    def _tell_removed(
        self, before: ConversationState | None, room: Room, conversation: bytes, result: Appended, data: bytes
    ) -> None:
        """Who was removed still learns of it, by the statement itself."""
        gone = set(before.members) - set(room.state.members) if before else set()
        self._bus.publish(gone, frames.Event(conversation, result.seq, result.time, data), dirty=self._dirty)

    @staticmethod
    def _effects(
        before: ConversationState | None, state: ConversationState, event: Event, boxes: list[api.SealedBox]
    ) -> StatementWrite:
        """What the statement changes beside the log; the boxes must be exactly those that it names."""
        body = body_of(parse(event.body), conv.KINDS)
        write = StatementWrite(create=before is None)
        old = set(before.members) if before else set()
        write.joined = {user: state.history for user in state.members if user not in old}
        if isinstance(body, conv.MembersChanged) and before is not None:
            write.joined |= {user: state.history for user, _ in body.added}
        write.removed = [user for user in old if user not in state.members]
        if before is not None:
            write.removed += list(state.left - before.left)
        made: Generation | None = None
        if before is None or state.generation != before.generation:
            made = state.newest.record
            write.generation = made.number
        named: dict[tuple[bytes, int], bytes] = {}
        if made is not None:
            named = {(r.user, 0): r.box for r in made.recipients} | {(h.user, h.index): h.box for h in made.holders}
        elif isinstance(body, conv.Granted):
            named = {(body.user, 0): body.box}
        if {(b.recipient, b.index): sha256(b.box) for b in boxes} != named or len(boxes) != len(named):
            raise Failure(Code.PROTOCOL, "boxes_mismatch")
        for box in boxes:
            if isinstance(body, conv.Granted):
                row = BoxRow(box.recipient, 1, body.last, body.first, body.box_generation, box.box)
            else:
                assert made is not None
                pins = {(r.user, 0): r.box_generation for r in made.recipients}
                pins |= {(h.user, h.index): h.box_generation for h in made.holders}
                kind = 0 if box.index == 0 else 2 + box.index
                row = BoxRow(box.recipient, kind, made.number, made.number, pins[box.recipient, box.index], box.box)
            write.boxes.append(row)
        return write

    # -- reading

    async def overview(self, subject: Subject) -> api.Conversations:
        """The subject's conversations, the newest first."""
        found = []
        for row in await self._store.memberships(subject.user):
            room = await self._rooms.room(row.conversation)
            if subject.user not in room.members:
                continue
            found.append(
                api.ConversationInfo(
                    conversation=row.conversation,
                    generation=room.state.generation,
                    last_seq=room.last_seq,
                    visible_from=row.visible,
                    rekey_required=self._rooms.rekey_reason(room, self._clock()) is not None,
                )
            )
        return api.Conversations(conversations=found)

    async def visible_from(self, conversation: bytes, user: bytes) -> int:
        """The first seq whose event the member may fetch."""
        rows = await self._store.members(conversation)
        return next((row.visible for row in rows if row.user == user), 2**53)

    async def memberships(self, subject: Subject) -> list[MemberRow]:
        """The subject's present memberships, the newest conversation first."""
        return await self._store.memberships(subject.user)

    async def page(
        self, subject: Subject, conversation: bytes, after: int, limit: int
    ) -> tuple[list[frames.Logged], int]:
        """A page of the log and where the log ends."""
        room = await self.room_for(subject, conversation, Operation.READ_EVENTS)
        limit = max(1, min(limit or limits.PAGE_EVENTS, limits.PAGE_EVENTS))
        visible = await self.visible_from(conversation, subject.user)
        rows = await self._store.events(conversation, after, limit, limits.PAGE_BYTES)
        return [self.logged(row, visible) for row in rows], room.last_seq

    @staticmethod
    def logged(row: EventRow, visible: int) -> frames.Logged:
        """An event as a member may see it: before joining, its hash only."""
        if row.seq < visible:
            return frames.Logged(row.seq, row.time, b"", sha256(row.data))
        return frames.Logged(row.seq, row.time, row.data)

    async def statements(self, subject: Subject, conversation: bytes, after: int) -> api.EventPage:
        """All statements of the log: who joins must see who made the conversation what it is."""
        room = await self.room_for(subject, conversation, Operation.READ_EVENTS)
        rows = await self._store.statements(conversation, after)
        events = [api.LoggedEvent(seq=row.seq, time=row.time, event=row.data) for row in rows]
        return api.EventPage(events=events, last_seq=room.last_seq)

    async def boxes(self, subject: Subject, conversation: bytes, after: int) -> api.Boxes:
        """The subject's boxes."""
        await self.room_for(subject, conversation, Operation.READ_BOXES)
        rows = await self._store.boxes(conversation, subject.user, after)
        return api.Boxes(
            boxes=[
                api.Box(
                    kind=KINDS[row.kind],
                    generation=row.generation,
                    first=row.first,
                    box_generation=row.box_generation,
                    box=row.box,
                )
                for row in rows
            ]
        )

    # -- slots and repairs

    async def write_slot(self, subject: Subject, data: bytes, origin: Peer | None) -> bytes:
        """Store a slot; gives its message id."""
        event = self.parse(data)
        header = event.header
        if header.kind is not EventKind.SLOT or header.device != subject.device or header.slot_tag is None:
            raise Failure(Code.PROTOCOL, "header_mismatch")
        room = await self.room_for(subject, header.conversation, Operation.WRITE_SLOT)
        if header.generation != room.state.generation or self._rooms.rekey_reason(room, self._clock()):
            raise Failure(Code.REKEY_REQUIRED)
        kept = await self._store.put_slot(
            header.conversation, subject.user, header.slot_tag, data, limits.SLOTS_MAX - 1
        )
        if not kept:
            raise Failure(Code.RATE_LIMITED, "too many slots")
        self._bus.publish(room.members, frames.Slot(header.conversation, data), but=origin)
        return header.message_id

    async def slots(self, subject: Subject, conversation: bytes) -> api.Slots:
        """The newest slots."""
        await self.room_for(subject, conversation, Operation.READ_EVENTS)
        return api.Slots(events=await self._store.slots(conversation))

    async def ask_repair(self, subject: Subject, conversation: bytes, generation: int) -> api.Empty:
        """Ask the members for the box of a generation."""
        room = await self.room_for(subject, conversation, Operation.REPAIR)
        if not room.state.entitled(subject.user, generation):
            raise Failure(Code.FORBIDDEN, "not entitled")
        await self._store.ask_repair(conversation, subject.user, generation)
        self._bus.publish(room.members, frames.RepairWanted(conversation, generation, subject.user))
        return api.Empty()

    async def answer_repair(self, subject: Subject, conversation: bytes, body: api.RepairAnswer) -> api.Empty:
        """Give a member a lacking box."""
        room = await self.room_for(subject, conversation, Operation.REPAIR)
        if not room.state.entitled(body.user, body.generation):
            raise Failure(Code.FORBIDDEN, "not entitled")
        row = BoxRow(body.user, 2, body.generation, body.generation, body.box_generation, body.box)
        if await self._store.answer_repair(conversation, row):
            frame = frames.RepairWanted(conversation, body.generation, body.user, answered=True)
            self._bus.publish([body.user], frame)
        return api.Empty()

    async def repairs(self, subject: Subject) -> api.Repairs:
        """Open questions in the subject's conversations, but the subject's own."""
        rows = await self._store.memberships(subject.user)
        found = await self._store.repairs([row.conversation for row in rows])
        return api.Repairs(
            repairs=[
                api.Repair(conversation=conversation, generation=generation, user=user)
                for conversation, user, generation in found
                if user != subject.user
            ]
        )

    async def companions(self, subject: Subject) -> set[bytes]:
        """The people with whom the subject shares a conversation."""
        found: set[bytes] = set()
        for row in await self._store.memberships(subject.user):
            room = await self._rooms.room(row.conversation)
            found |= set(room.state.members)
        return found
