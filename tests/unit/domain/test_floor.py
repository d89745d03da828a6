"""The floor of a conversation: one speaks, urgent wishes and leads go first, everybody gets a turn."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from werkfunk.domain.floor import Floor, Rank, Turn
from werkfunk.domain.limits import FLOOR_QUEUE_MAX


def turn(name: str, rank: Rank = Rank.MEMBER) -> Turn:
    return Turn(name.encode(), b"user of " + name.encode(), name.encode(), 1, rank)


def speaking(name: str, rank: Rank = Rank.MEMBER) -> Floor:
    floor = Floor()
    assert floor.ask(turn(name, rank))
    assert floor.hand() == turn(name, rank)
    return floor


def order(floor: Floor) -> str:
    return "".join(one.device.decode() for one in floor.waiting)


def test_leads_go_before_members_and_urgent_wishes_before_both() -> None:
    floor = speaking("a")
    for name, rank in zip("bcdef", (Rank.MEMBER, Rank.LEAD, Rank.MEMBER, Rank.URGENT, Rank.LEAD), strict=True):
        assert floor.ask(turn(name, rank))
    assert order(floor) == "ecfbd"


def test_only_an_urgent_wish_interrupts_and_only_what_is_not_urgent() -> None:
    floor = speaking("a")
    assert floor.ask(turn("b", Rank.LEAD))
    assert not floor.interrupted()
    assert floor.ask(turn("c", Rank.URGENT))
    assert floor.interrupted()
    urgent = speaking("a", Rank.URGENT)
    assert urgent.ask(turn("c", Rank.URGENT))
    assert not urgent.interrupted()


def test_a_device_waits_once_with_its_newest_wish() -> None:
    floor = speaking("a")
    assert floor.ask(turn("b"))
    assert floor.ask(turn("c"))
    newer = Turn(b"newer", b"user of b", b"b", 2, Rank.MEMBER)
    assert floor.ask(newer)
    assert order(floor) == "cb"
    assert floor.waiting[1] is newer
    assert floor.withdraw(b"b")
    assert not floor.withdraw(b"b")


def test_the_queue_is_bounded() -> None:
    floor = speaking("a")
    for number in range(FLOOR_QUEUE_MAX):
        assert floor.ask(turn(f"n{number}"))
    assert not floor.ask(turn("one more"))
    assert len(floor.waiting) == FLOOR_QUEUE_MAX


class AnyOrder(RuleBasedStateMachine):
    """Whatever people do: one holder, nobody twice in the queue, ranks in order, each wish served or withdrawn."""

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor()
        self.open: dict[bytes, int] = {}
        self.count = 0

    @rule(name=st.sampled_from("abcdefgh"), rank=st.sampled_from(Rank))
    def ask(self, name: str, rank: Rank) -> None:
        if self.floor.holder is not None and self.floor.holder.device == name.encode():
            return
        if self.floor.ask(turn(name, rank)):
            self.count += 1
            self.open[name.encode()] = self.count

    @rule(name=st.sampled_from("abcdefgh"))
    def withdraw(self, name: str) -> None:
        assert self.floor.withdraw(name.encode()) == (self.open.pop(name.encode(), None) is not None)

    @precondition(lambda self: self.floor.holder is None and self.floor.waiting)
    @rule()
    def hand(self) -> None:
        handed = self.floor.hand()
        assert all(one.rank <= handed.rank for one in self.floor.waiting)
        same = [one.device for one in self.floor.waiting if one.rank == handed.rank]
        assert all(self.open[device] > self.open[handed.device] for device in same)
        del self.open[handed.device]

    @precondition(lambda self: self.floor.holder is not None)
    @rule()
    def free(self) -> None:
        self.floor.free()

    @invariant()
    def whole(self) -> None:
        assert {one.device for one in self.floor.waiting} == set(self.open)
        assert len(self.floor.waiting) == len(self.open) <= FLOOR_QUEUE_MAX
        ranks = [one.rank for one in self.floor.waiting]
        assert ranks == sorted(ranks, reverse=True)


TestAnyOrder = AnyOrder.TestCase
