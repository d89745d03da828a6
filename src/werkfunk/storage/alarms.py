"""The Store's part for alarms: each method is one transaction, durable when it returns. Times in ms.

A transition of an alarm and everything that follows from it (marks of the timeline, people added, messages to send
through gateways) are one transaction, guarded by the alarm's version: of several nodes that see the same thing due, one
does it, once.
"""

from dataclasses import dataclass, field
from typing import Protocol

from werkfunk.domain.alarms import Alarm, Level, Stage

WAITING, SENT, FAILED = range(3)
"""States of a message to a gateway."""


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm: who raised it (a person, or a hook's id), and the machine's state."""

    id: bytes
    raiser: bytes
    hook: bytes
    level: Level
    template: bytes
    drill: bool
    state: Alarm
    ended: int = 0
    ender: bytes = b""
    version: int = 0
    places: tuple[tuple[bytes, int], ...] = ()
    """Conversations whose members are called, and where in their log the alarm stands (0: a machine's, it has no text)."""

    @property
    def conversations(self) -> list[bytes]:
        """The conversations."""
        return [conversation for conversation, _ in self.places]


@dataclass(frozen=True, slots=True)
class MarkRow:
    """One entry of the timeline: `kind` is raised, repeated, escalated, skipped, reached, ended, cancelled or expired."""

    time: int
    kind: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A device's report: how far the alarm has come with a person."""

    alarm: bytes
    user: bytes
    stage: Stage
    time: int
    code: int | None = None


@dataclass(frozen=True, slots=True)
class SendRow:
    """One message to one person through one gateway; `id` names it to the gateway too, the same on each attempt."""

    id: bytes
    alarm: bytes
    step: int
    user: bytes
    gateway: bytes
    state: int = WAITING
    attempts: int = 0
    time: int = 0
    """When it was sent or given up; while it waits: when to try (again), or until when a node holds it."""
    error: str = ""


@dataclass(slots=True)
class Advance:
    """What a transition changes. `row.version` is the version that it starts from."""

    row: AlarmRow
    marks: list[MarkRow] = field(default_factory=list)
    added: list[bytes] = field(default_factory=list)
    """People whom the newest step has added."""
    sends: list[SendRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person's own settings: duty status (on, break, off or empty), quiet hours and contact (JSON or empty)."""

    user: bytes
    duty: str = ""
    quiet: bytes = b""
    contact: bytes = b""


class AlarmStore(Protocol):
    """See the module."""

    async def create(self, row: AlarmRow, mark: MarkRow) -> bool:
        """Keep a new alarm with its people; False when the id exists."""

    async def get(self, alarm: bytes) -> AlarmRow | None:
        """An alarm with its people and conversations."""

    async def marks(self, alarm: bytes) -> list[MarkRow]:
        """The timeline."""

    async def about(self, user: bytes, limit: int) -> list[bytes]:
        """The newest alarms that a person raised or was called by, newest first."""

    async def in_conversations(self, conversations: list[bytes], limit: int) -> list[bytes]:
        """The newest alarms of conversations."""

    async def due(self) -> list[tuple[bytes, int]]:
        """Open alarms and when each is due, the earliest first."""

    async def advance(self, change: Advance) -> bool:
        """Make a transition; False, and nothing happened, when the alarm has moved on since it was read."""

    async def report(self, reports: list[ReportRow]) -> None:
        """Keep reports of people in open alarms, each stage with its first time, the last answer."""

    async def drop_before(self, time: int) -> int:
        """Delete alarms that ended before `time`, with all about them; gives their number."""

    async def claim(self, now: int, until: int, limit: int) -> list[SendRow]:
        """Take messages that wait and hold them until `until`; nobody else gets them before."""

    async def settle(self, send: SendRow) -> None:
        """Keep a message's outcome."""

    async def sends(self, alarm: bytes | None, limit: int) -> list[SendRow]:
        """Messages of an alarm, or the newest of all: the delivery log."""

    async def next_send(self) -> int | None:
        """When the next message is to be tried."""

    async def settings(self, kind: str) -> dict[bytes, bytes]:
        """All settings of a kind (policy, gateway, hook, plan) by id."""

    async def setting(self, kind: str, key: bytes) -> bytes | None:
        """One setting."""

    async def put_setting(self, kind: str, key: bytes, value: bytes, most: int) -> bool:
        """Set one; False when there are `most` others."""

    async def drop_setting(self, kind: str, key: bytes) -> bool:
        """Delete one; False when there was none."""

    async def people(self, users: list[bytes]) -> dict[bytes, PersonRow]:
        """People's own settings; who has none is left out."""

    async def put_person(self, row: PersonRow) -> None:
        """Overwrite a person's own settings; nothing of the old ones stays."""
