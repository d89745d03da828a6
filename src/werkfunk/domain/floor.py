"""The floor of one conversation: who speaks, who waits, in which order. Pure; the lease and the sending are services/floors.

One speaks at a time. Who asks while somebody speaks waits: urgent wishes first, then leads, then the others, each in
the order of asking. An urgent wish interrupts a burst that is not urgent itself.
"""

from dataclasses import dataclass
from enum import IntEnum

from werkfunk.domain.limits import FLOOR_QUEUE_MAX


class Rank(IntEnum):
    """Who goes first."""

    MEMBER = 0
    LEAD = 1
    URGENT = 2


@dataclass(frozen=True, slots=True)
class Turn:
    """A wish to speak, named by its burst's salt; one a device."""

    burst: bytes
    user: bytes
    device: bytes
    generation: int
    rank: Rank


class Floor:
    """Holder and queue of one conversation."""

    __slots__ = ("holder", "waiting")

    def __init__(self) -> None:
        self.holder: Turn | None = None
        self.waiting: list[Turn] = []

    def ask(self, turn: Turn) -> bool:
        """Put a wish into the queue, in place of an older one of the same device; False when the queue is full."""
        self.withdraw(turn.device)
        if len(self.waiting) >= FLOOR_QUEUE_MAX:
            return False
        behind = [place for place, other in enumerate(self.waiting) if other.rank < turn.rank]
        self.waiting.insert(behind[0] if behind else len(self.waiting), turn)
        return True

    def withdraw(self, device: bytes) -> bool:
        """Take a device out of the queue; whether it was there."""
        before = len(self.waiting)
        self.waiting = [turn for turn in self.waiting if turn.device != device]
        return len(self.waiting) < before

    def interrupted(self) -> bool:
        """Whether the holder must stop for the next in the queue."""
        urgent = bool(self.waiting) and self.waiting[0].rank is Rank.URGENT
        return urgent and self.holder is not None and self.holder.rank is not Rank.URGENT

    def hand(self) -> Turn:
        """Give the free floor to the next who waits."""
        assert self.holder is None, "one speaks at a time"
        self.holder = self.waiting.pop(0)
        return self.holder

    def free(self) -> None:
        """The burst is over."""
        self.holder = None
