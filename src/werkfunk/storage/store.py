"""The Store protocol: each method is one transaction, durable when it returns (STYLE: one contract suite over every backend).

StoreError
  NewerSchema    the database was written by a newer Werkfunk; this one refuses to touch it
  WrongKey       the key file does not open the database
  StoreFull      the disk is full; nothing of the transaction happened
"""

from dataclasses import dataclass, field
from typing import Protocol

from werkfunk.storage.alarms import AlarmStore


class StoreError(Exception):
    """The store cannot do it."""


class NewerSchema(StoreError):
    """The database was written by a newer version."""


class WrongKey(StoreError):
    """The key does not open the database."""


class StoreFull(StoreError):
    """No room; nothing of the transaction happened."""


@dataclass(slots=True)
class ChainWrite:
    """A statement of an organisation or user chain, and what changes with it."""

    kind: int
    chain: bytes
    number: int
    data: bytes
    profile: tuple[bytes, bytes] | None = None
    """(user, profile)"""
    seals: list[tuple[bytes, bytes, int, bytes]] = field(default_factory=list)
    """(user, recipient, generation, box)"""
    replace_seals: bool = False
    """Delete the user's seals and ticket handles first: a new generation."""
    handles: list[tuple[bytes, bytes, bytes, int]] = field(default_factory=list)
    """(handle, user, recipient, expires)"""
    drop_recipients: list[bytes] = field(default_factory=list)
    """Recipients whose seal and handle go: used tickets, removed recovery recipients."""
    meta: dict[str, bytes] = field(default_factory=dict)
    picture: bytes = b""
    """The sealed picture that goes with `profile`; empty: none."""


@dataclass(slots=True)
class BoxRow:
    """A box for one user; kinds: 0 generation, 1 grant, 2 repair, 3 to 5 holder 1 to 3."""

    user: bytes
    kind: int
    generation: int
    first: int
    box_generation: int
    box: bytes


@dataclass(slots=True)
class StatementWrite:
    """What a conversation's statement changes beside the log."""

    create: bool = False
    generation: int = 0
    """The new generation's number, 0 if none was made."""
    joined: dict[bytes, bool] = field(default_factory=dict)
    """user -> whether earlier events may be fetched"""
    removed: list[bytes] = field(default_factory=list)
    boxes: list[BoxRow] = field(default_factory=list)


@dataclass(slots=True)
class Append:
    """One event to log. `time` is the server's, in ms."""

    conversation: bytes
    device: bytes
    message_id: bytes
    kind: int
    time: int
    data: bytes
    event_hash: bytes
    blobs: list[bytes] = field(default_factory=list)
    statement: StatementWrite | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an event stands; `repeated` when it was logged before."""

    seq: int
    time: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class EventRow:
    """One logged event."""

    seq: int
    time: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation's counters."""

    id: bytes
    last_seq: int
    head: bytes
    generation: int
    generation_seq: int
    time: int


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A membership; `removed` is 0 while it lasts."""

    conversation: bytes
    user: bytes
    joined: int
    removed: int
    visible: int


@dataclass(frozen=True, slots=True)
class BlobRow:
    """A stored file."""

    id: bytes
    conversation: bytes
    user: bytes
    size: int
    received: int
    time: int
    linked: bool


@dataclass(frozen=True, slots=True)
class PushRow:
    """A device's push subscription; `keys` is the browser's public point (65 bytes) and secret (16 bytes)."""

    device: bytes
    user: bytes
    endpoint: str
    keys: bytes


class Store(Protocol):
    """Everything durable but the blobs' bytes. Times in ms."""

    alarms: AlarmStore

    async def close(self) -> None:
        """Finish what runs and close."""

    async def ping(self) -> None:
        """Raise StoreError if the database does not answer."""

    async def meta(self, key: str) -> bytes | None:
        """A server-wide value."""

    async def set_meta(self, key: str, value: bytes) -> None:
        """Set a server-wide value."""

    async def chain_ids(self, kind: int) -> list[bytes]:
        """All chains of a kind."""

    async def chain(self, chain: bytes, after: int = 0) -> list[bytes]:
        """Statements from number `after` on."""

    async def write_chains(self, writes: list[ChainWrite]) -> None:
        """Append statements, all or nothing. Raises StoreError `taken` if a number is taken."""

    async def profiles(self, users: list[bytes]) -> dict[bytes, bytes]:
        """Profiles by user."""

    async def picture(self, user: bytes) -> bytes:
        """A person's sealed picture, empty where there is none."""

    async def touch(self, users: dict[bytes, int]) -> None:
        """Note the day (days since 1970) of last contact; the time of day is dropped by the caller."""

    async def seal(self, user: bytes, recipient: bytes) -> tuple[int, bytes] | None:
        """(generation, box) of the sealed seed."""

    async def handle(self, handle: bytes) -> tuple[bytes, bytes, int] | None:
        """(user, recipient, expires)."""

    async def drop_expired_handles(self, now: int) -> None:
        """Delete tickets past their end with their seals."""

    async def append(self, items: list[Append]) -> list[Appended]:
        """Log events in order, all or nothing, with one durable commit; a repeated message id gets its first answer."""

    async def conversation(self, conversation: bytes) -> ConversationRow | None:
        """One conversation's counters."""

    async def memberships(self, user: bytes) -> list[MemberRow]:
        """A user's present memberships."""

    async def members(self, conversation: bytes) -> list[MemberRow]:
        """All memberships of a conversation, past ones included."""

    async def events(self, conversation: bytes, after: int, limit: int, size: int) -> list[EventRow]:
        """Events with seq above `after`: at most `limit`, and about `size` bytes (at least one)."""

    async def statements(self, conversation: bytes, after: int = 0) -> list[EventRow]:
        """The statement events with seq above `after`."""

    async def boxes(self, conversation: bytes, user: bytes, after: int) -> list[BoxRow]:
        """A user's boxes that open generations above `after`."""

    async def answer_repair(self, conversation: bytes, box: BoxRow) -> bool:
        """Store a repair's box if it was asked for; False if not."""

    async def ask_repair(self, conversation: bytes, user: bytes, generation: int) -> None:
        """Note a question."""

    async def repairs(self, conversations: list[bytes]) -> list[tuple[bytes, bytes, int]]:
        """Open questions: (conversation, user, generation)."""

    async def put_slot(self, conversation: bytes, user: bytes, tag: bytes, data: bytes, most: int) -> bool:
        """Overwrite a slot; False when the user has `most` others already."""

    async def slots(self, conversation: bytes) -> list[bytes]:
        """The slots' events."""

    async def create_blob(self, blob: BlobRow) -> None:
        """Note an upload's beginning."""

    async def blob(self, blob: bytes) -> BlobRow | None:
        """A stored file's row."""

    async def advance_blob(self, blob: bytes, received: int) -> None:
        """Note how many bytes lie on the disk."""

    async def drop_blob(self, blob: bytes) -> bool:
        """Forget a file, unless an event names it by now: False then."""

    async def orphans(self, before: int) -> list[bytes]:
        """Files begun before `before` that no event names."""

    async def push_subscriptions(self) -> list[PushRow]:
        """All push subscriptions."""

    async def put_push(self, row: PushRow) -> None:
        """Store a device's subscription in place of the one before."""

    async def drop_push(self, devices: list[bytes]) -> None:
        """Forget the devices' subscriptions."""

    async def take_lease(self, name: bytes, holder: bytes, now: int, until: int) -> bool:
        """Take or prolong a lease until `until`; False while another holder's lasts at `now`. One holder over all nodes."""

    async def drop_lease(self, name: bytes, holder: bytes) -> None:
        """Give a lease back, if it is still this holder's."""
