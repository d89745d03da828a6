"""The in-memory view of conversations that the hot path is authorised against: members, generation, log end.

Loaded from the store when first asked for, changed only after a commit; the least recently used are dropped.
"""

from collections import OrderedDict
from collections.abc import Callable

from werkfunk.domain.errors import Code, Failure
from werkfunk.protocol import conversation as conv
from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.events import parse_event
from werkfunk.services.directory import Directory
from werkfunk.storage.store import Store

ROOMS_MAX = 10_000


class Room:
    """One conversation as this server knows it."""

    __slots__ = (
        "blocked",
        "checked",
        "generation_seq",
        "generation_time",
        "last_seq",
        "members",
        "reason",
        "state",
        "waiting",
    )

    def __init__(self, state: ConversationState, last_seq: int, generation_seq: int, generation_time: int) -> None:
        self.state = state
        self.members: frozenset[bytes] = _active(state)
        self.last_seq = last_seq
        self.generation_seq = generation_seq
        self.generation_time = generation_time
        """The server's own time of the newest generation: clients' clocks may be wrong by years."""
        self.checked = -1
        self.reason: str | None = None
        self.blocked = False
        """A statement is on its way to the disk: messages wait, for it may change who may send."""
        self.waiting: list[Callable[[], None]] = []

    def advance(self, state: ConversationState, seq: int, time: int) -> None:
        """A statement was committed as event `seq`."""
        if state.generation != self.state.generation:
            self.generation_seq, self.generation_time = seq, time
        self.state = state
        self.members = _active(state)
        self.checked = -1


def _active(state: ConversationState) -> frozenset[bytes]:
    return frozenset(user for user in state.members if user not in state.left)


class Rooms:
    """See the module."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory
        self._rooms: OrderedDict[bytes, Room] = OrderedDict()

    def peek(self, conversation: bytes) -> Room | None:
        """The room, if it is in memory."""
        return self._rooms.get(conversation)

    async def room(self, conversation: bytes) -> Room:
        """The room. Raises Failure NOT_FOUND."""
        found = self._rooms.get(conversation)
        if found is None:
            found = await self._load(conversation)
            found = self._rooms.setdefault(conversation, found)
            self._shrink()
        self._rooms.move_to_end(conversation)
        return found

    async def _load(self, conversation: bytes) -> Room:
        row = await self._store.conversation(conversation)
        if row is None:
            raise Failure(Code.NOT_FOUND)
        state: ConversationState | None = None
        organisation = self._directory.founded()
        made = 0
        for event in await self._store.statements(conversation):
            body = parse_event(event.data).body
            before, state = state, conv.apply(state, body, organisation, self._directory.users, verify=False)
            if before is None or state.generation != before.generation:
                made = event.time
        if state is None:
            raise Failure(Code.NOT_FOUND)
        return Room(state, row.last_seq, row.generation_seq, made)

    def _shrink(self) -> None:
        while len(self._rooms) > ROOMS_MAX:
            name, room = next(iter(self._rooms.items()))
            if room.blocked:
                return
            del self._rooms[name]

    def add(self, conversation: bytes, room: Room) -> None:
        """A conversation was created."""
        self._rooms[conversation] = room
        self._shrink()

    def drop(self, conversation: bytes) -> None:
        """A conversation was not created after all."""
        self._rooms.pop(conversation, None)

    def rekey_reason(self, room: Room, now: int) -> str | None:
        """Why the room needs a new generation, or None. Judged anew only when a chain has changed."""
        if room.checked != self._directory.epoch:
            room.checked = self._directory.epoch
            room.reason = conv.rekey_due(
                room.state, self._directory.founded(), self._directory.users, 0, room.state.newest.time
            )
        return room.reason or conv.worn(room.last_seq - room.generation_seq, now - room.generation_time)
