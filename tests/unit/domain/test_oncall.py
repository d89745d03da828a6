"""On-call plans: hand-over, overrides, the days when the clocks change, and the rest that the law asks for."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkfunk.domain import oncall
from werkfunk.domain.oncall import Override, Plan, PlanError, Quiet, Rotation, Shift, Short, Span

ANNA, BERND, CLARA = (name * 32 for name in (b"a", b"b", b"c"))
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()) * 1000


def weekly(**more: object) -> Plan:
    return Plan(name="Wasser", rotations=[Rotation(people=[ANNA, BERND], start="2026-03-02", days=7)], **more)  # type: ignore[arg-type]


def test_a_rotation_hands_over_at_its_hour() -> None:
    plan = weekly()
    assert oncall.on_call(plan, BERLIN, at("2026-03-09T06:59")) == [ANNA]
    assert oncall.on_call(plan, BERLIN, at("2026-03-09T07:00")) == [BERND]
    assert oncall.on_call(plan, BERLIN, at("2026-03-16T07:00")) == [ANNA]
    assert oncall.on_call(plan, BERLIN, at("2026-03-01T12:00")) == []


def test_the_week_of_the_spring_change_has_an_hour_less_and_hands_over_at_seven() -> None:
    (anna, bernd, _) = oncall.spans(weekly(), BERLIN, at("2026-03-23T07:00") - 7 * 24 * HOUR, at("2026-04-06T07:00"))
    assert (anna.person, bernd.person) == (ANNA, BERND)
    assert bernd == Span(BERND, at("2026-03-23T07:00"), at("2026-03-30T07:00"))
    assert bernd.ends - bernd.begins == 7 * 24 * HOUR - HOUR


def test_hours_of_the_day_over_midnight() -> None:
    rotation = Rotation(people=[ANNA], start="2026-03-02", days=7, begins="16:00", ends="07:00")
    plan = Plan(name="Nacht", rotations=[rotation])
    nights = oncall.spans(plan, BERLIN, at("2026-03-03T00:00"), at("2026-03-05T12:00"))
    assert nights == [
        Span(ANNA, at("2026-03-03T00:00"), at("2026-03-03T07:00")),
        Span(ANNA, at("2026-03-03T16:00"), at("2026-03-04T07:00")),
        Span(ANNA, at("2026-03-04T16:00"), at("2026-03-05T07:00")),
    ]


def test_an_override_stands_in_for_one_or_for_all() -> None:
    one = Override(person=CLARA, instead=ANNA, begins="2026-03-03T08:00", ends="2026-03-03T12:00")
    plan = weekly(overrides=[one], shifts=[Shift(person=BERND, begins="2026-03-03T00:00", ends="2026-03-04T00:00")])
    assert set(oncall.on_call(plan, BERLIN, at("2026-03-03T09:00"))) == {BERND, CLARA}
    assert set(oncall.on_call(plan, BERLIN, at("2026-03-03T12:00"))) == {ANNA, BERND}
    nobody = Override(begins="2026-03-03T08:00", ends="2026-03-03T12:00")
    assert oncall.on_call(weekly(overrides=[nobody]), BERLIN, at("2026-03-03T09:00")) == []


def test_eleven_hours_are_real_hours() -> None:
    def plan(first: str, second: str) -> Plan:
        shifts = [
            Shift(person=ANNA, begins=f"{first}T12:00", ends=f"{first}T20:00"),
            Shift(person=ANNA, begins=f"{second}T07:00", ends=f"{second}T15:00"),
        ]
        return Plan(name="Schicht", work=True, shifts=shifts)

    def rests(p: Plan) -> list[Short]:
        return oncall.short_rests(oncall.spans(p, BERLIN, at("2026-01-01T00:00"), at("2026-12-31T00:00")))

    assert rests(plan("2026-03-10", "2026-03-11")) == []  # 20:00 to 07:00 is eleven hours
    (short,) = rests(plan("2026-03-28", "2026-03-29"))  # ten, for at two it was three
    assert short.rest == 10 * HOUR
    late = Plan(
        name="Schicht", work=True,
        shifts=[
            Shift(person=ANNA, begins="2026-10-24T12:00", ends="2026-10-24T20:30"),
            Shift(person=ANNA, begins="2026-10-25T07:00", ends="2026-10-25T15:00"),
            Shift(person=BERND, begins="2026-10-25T07:00", ends="2026-10-25T15:00"),
        ],
    )  # fmt: skip
    assert rests(late) == []  # in autumn the night has an hour more: 11.5


def test_times_that_the_clocks_skip_or_double() -> None:
    assert oncall.instant("2026-03-29T02:30", BERLIN) == at("2026-03-29T03:30")
    assert oncall.instant("2026-10-25T03:00", BERLIN) - oncall.instant("2026-10-25T02:30", BERLIN) == 90 * 60_000


@pytest.mark.parametrize(
    "plan",
    [
        Plan(name="x", shifts=[Shift(person=ANNA, begins="2026-02-30T08:00", ends="2026-03-01T08:00")]),
        Plan(name="x", shifts=[Shift(person=ANNA, begins="2026-03-01T08:00", ends="2026-03-01T08:00")]),
        Plan(name="x", rotations=[Rotation(people=[ANNA], start="2026-02-30")]),
        Plan(name="x", rotations=[Rotation(people=[ANNA], start="2026-02-20", begins="08:00")]),
    ],
)
def test_plans_that_cannot_be_meant_are_refused(plan: Plan) -> None:
    with pytest.raises(PlanError):
        oncall.check(plan, BERLIN)


def test_quiet_hours_over_midnight() -> None:
    quiet = Quiet(begins="20:00", ends="06:00")
    assert [oncall.is_quiet(quiet, BERLIN, at(f"2026-03-10T{hour}")) for hour in ("19:59", "20:00", "05:59", "06:00")] == [
        False, True, True, False,
    ]  # fmt: skip
    assert oncall.is_quiet(Quiet(begins="12:00", ends="13:00"), BERLIN, at("2026-03-10T12:30"))


@given(days=st.integers(1, 14), count=st.integers(1, 4), offset=st.integers(0, 400), length=st.integers(1, 60))
def test_a_rotation_has_no_hole_and_no_double(days: int, count: int, offset: int, length: int) -> None:
    people = [bytes([n]) * 32 for n in range(count)]
    plan = Plan(name="x", rotations=[Rotation(people=people, start="2026-01-05", days=days)])
    begins = at("2026-01-05T07:00") + offset * 24 * HOUR
    found = oncall.spans(plan, BERLIN, begins, begins + length * 24 * HOUR)
    assert found[0].begins == begins
    assert found[-1].ends == begins + length * 24 * HOUR
    for one, next_one in pairwise(found):
        assert one.ends == next_one.begins
