"""Who is on call when: rotations with hand-over, single shifts, overrides. Pure: the time zone is handed in.

A plan counts in local wall-clock time (a hand-over at 07:00 stays at 07:00 when the clocks change); spans come out in
ms UTC, so lengths are real lengths. A time that the spring change skips counts with the offset before the change, one
that the autumn change doubles is the first (RFC 5545, 3.3.5).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from werkfunk.domain.alarm_policy import Person

REST_MS = 11 * 3_600_000
"""§5 (1) ArbZG: eleven hours of rest without interruption after the end of the working day."""

Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""Local time of day, "07:00"."""
Day = Annotated[str, Meta(pattern=r"^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Moment = Annotated[str, Meta(pattern=r"^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d$")]
"""Local date and time, "2026-12-24T07:00"."""


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`people` take turns of `days` days from `start` on, handing over at `handover`; `begins`/`ends` limit it to hours of the day."""

    people: Annotated[list[Person], Meta(min_length=1, max_length=50)]
    start: Day
    days: Annotated[int, Meta(ge=1, le=56)] = 7
    handover: Clock = "07:00"
    begins: Clock | None = None
    ends: Clock | None = None


class Shift(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One person from a moment to another."""

    person: Person
    begins: Moment
    ends: Moment


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`person` stands in for `instead` (or, without it, for everybody) from a moment to another; nobody: `person` None."""

    person: Person | None = None
    instead: Person | None = None
    begins: Moment
    ends: Moment


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A plan. `work` says that its hours are working time (a shift), not only standing by at home."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    zone: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z_+\-/0-9]+$")] = "Europe/Berlin"
    work: bool = False
    rotations: Annotated[list[Rotation], Meta(max_length=20)] = []
    shifts: Annotated[list[Shift], Meta(max_length=1_000)] = []
    overrides: Annotated[list[Override], Meta(max_length=1_000)] = []


Duty = Literal["on", "break", "off"]
"""im Dienst, Pause, Feierabend."""


class Quiet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Hours in which only urgent alarms ring, local; over midnight when `ends` is before `begins`."""

    begins: Clock
    ends: Clock
    zone: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z_+\-/0-9]+$")] = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class Span:
    """`person` is on from `begins` to before `ends`, ms UTC."""

    person: bytes
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Short:
    """A rest that is too short: `person` ends at `ends` and begins again at `begins`, `rest` ms later."""

    person: bytes
    ends: int
    begins: int

    @property
    def rest(self) -> int:
        """The rest in ms."""
        return self.begins - self.ends


class PlanError(ValueError):
    """A plan that cannot be meant; the text says why."""


def check(plan: Plan, zone: tzinfo) -> None:
    """Refuse dates that do not exist and shifts that end before they begin. Raises PlanError."""
    for rotation in plan.rotations:
        _day(rotation.start)
        if (rotation.begins is None) != (rotation.ends is None):
            raise PlanError("a rotation names both begins and ends, or none")
    limited: list[Shift | Override] = [*plan.shifts, *plan.overrides]
    for item in limited:
        if instant(item.begins, zone) >= instant(item.ends, zone):
            raise PlanError(f"{item.begins} is not before {item.ends}")


def instant(moment: str, zone: tzinfo) -> int:
    """ms UTC of a local moment. Raises PlanError for a day that does not exist."""
    try:
        local = datetime.fromisoformat(moment)
    except ValueError as error:
        raise PlanError(f"{moment}: there is no such day") from error
    return _utc(local, zone)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise PlanError(f"{text}: there is no such day") from error


def _utc(local: datetime, zone: tzinfo) -> int:
    # fold=0 is what RFC 5545 asks for: a skipped time by the offset before the gap, a doubled one the first time.
    return int(local.replace(tzinfo=zone, fold=0).timestamp()) * 1000


def spans(plan: Plan, zone: tzinfo, begins: int, ends: int) -> list[Span]:
    """Who is on between two moments, overrides applied, in order; spans of one person that touch are one."""
    found = [span for rotation in plan.rotations for span in _turns(rotation, zone, begins, ends)]
    found += [Span(s.person, instant(s.begins, zone), instant(s.ends, zone)) for s in plan.shifts]
    for override in plan.overrides:
        first, last = instant(override.begins, zone), instant(override.ends, zone)
        found = list(_cut(found, override.instead, first, last))
        if override.person is not None:
            found.append(Span(override.person, first, last))
    clipped = [Span(s.person, max(s.begins, begins), min(s.ends, ends)) for s in found]
    return _joined(span for span in clipped if span.begins < span.ends)


def _turns(rotation: Rotation, zone: tzinfo, begins: int, ends: int) -> Iterator[Span]:
    start = datetime.combine(_day(rotation.start), time.fromisoformat(rotation.handover))
    length = timedelta(days=rotation.days)
    # Two days of margin: local days and UTC differ by less.
    first = datetime.fromtimestamp(begins / 1000, UTC).replace(tzinfo=None) - timedelta(days=2)
    number = max(0, (first - start) // length)
    while True:
        local = start + number * length
        turn = Span(rotation.people[number % len(rotation.people)], _utc(local, zone), _utc(local + length, zone))
        if turn.begins >= ends:
            return
        if rotation.begins is None or rotation.ends is None:
            yield turn
        else:
            for day in range(-1, rotation.days + 1):
                base = local.date() + timedelta(days=day)
                opens = datetime.combine(base, time.fromisoformat(rotation.begins))
                closes = datetime.combine(base, time.fromisoformat(rotation.ends))
                if closes <= opens:
                    closes += timedelta(days=1)
                low, high = max(_utc(opens, zone), turn.begins), min(_utc(closes, zone), turn.ends)
                if low < high:
                    yield Span(turn.person, low, high)
        number += 1


def _cut(items: Iterable[Span], person: bytes | None, begins: int, ends: int) -> Iterator[Span]:
    for span in items:
        if (person is not None and span.person != person) or span.ends <= begins or span.begins >= ends:
            yield span
            continue
        if span.begins < begins:
            yield Span(span.person, span.begins, begins)
        if span.ends > ends:
            yield Span(span.person, ends, span.ends)


def _joined(items: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    last: dict[bytes, int] = {}
    for span in sorted(items, key=lambda s: (s.begins, s.person, s.ends)):
        known = last.get(span.person)
        if known is not None and span.begins <= joined[known].ends:
            joined[known] = Span(span.person, joined[known].begins, max(joined[known].ends, span.ends))
        else:
            last[span.person] = len(joined)
            joined.append(span)
    return joined


def on_call(plan: Plan, zone: tzinfo, now: int) -> list[bytes]:
    """Who is on call now."""
    return list(dict.fromkeys(span.person for span in spans(plan, zone, now, now + 1)))


def short_rests(worked: Iterable[Span]) -> list[Short]:
    """Where less than eleven real hours lie between the end of one span of work and the beginning of the next."""
    found = []
    previous: dict[bytes, Span] = {}
    for span in _joined(worked):
        before = previous.get(span.person)
        if before is not None and span.begins - before.ends < REST_MS:
            found.append(Short(span.person, before.ends, span.begins))
        previous[span.person] = span
    return found


def is_quiet(quiet: Quiet, zone: tzinfo, now: int) -> bool:
    """Whether `now` lies in the quiet hours."""
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).strftime("%H:%M")
    if quiet.begins <= quiet.ends:
        return quiet.begins <= local < quiet.ends
    return local >= quiet.begins or local < quiet.ends


def decode_plan(data: bytes) -> Plan:
    """A stored plan."""
    return msgspec.json.decode(data, type=Plan)
