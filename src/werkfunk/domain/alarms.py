"""An alarm as a state machine: people who answer, a clock that repeats and escalates, rules that stop it. Pure.

    RUNNING --goal reached--> REACHED --+--> ENDED      all-clear
       |                                |--> CANCELLED  raised by mistake
       +--------------------------------+--> EXPIRED    a day without an end

A transition gives the new state and what must be done because of it. The caller keeps both in one transaction, so each
thing is done once, whatever stops in between. Times in ms; a clock that jumps back delays nothing by more than one wait.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from werkfunk.domain.alarm_policy import Policy, Step


class Level(IntEnum):
    """How urgent; the numbers are those of the sealed content too."""

    INFO = 1
    URGENT = 2
    EMERGENCY = 3


class Status(IntEnum):
    """Where an alarm stands."""

    RUNNING = 1
    REACHED = 2
    ENDED = 3
    CANCELLED = 4
    EXPIRED = 5


class Stage(IntEnum):
    """How far an alarm has come with a person; never goes back."""

    SENT = 0
    DELIVERED = 1
    DISPLAYED = 2
    ACKNOWLEDGED = 3


OPEN = frozenset({Status.RUNNING, Status.REACHED})
SEEN = 0
"""The answer code that only says: seen."""
COMING = 1
NOT_COMING = 2
MINUTES = 1_000
"""`MINUTES + m`: comes in m minutes."""
MINUTES_MAX = 1_440
CODE_MAX = MINUTES + MINUTES_MAX
EXPIRES_MS = 24 * 3_600_000
UNREACHABLE_MS = 60_000
"""Who has not got it on any device by then is shown as unreachable."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person's times, 0 while it has not happened; `code` None until the first answer. `step` 0: from the beginning."""

    step: int = 0
    delivered: int = 0
    displayed: int = 0
    acknowledged: int = 0
    code: int | None = None

    @property
    def stage(self) -> Stage:
        """The furthest stage."""
        if self.acknowledged:
            return Stage.ACKNOWLEDGED
        if self.displayed:
            return Stage.DISPLAYED
        return Stage.DELIVERED if self.delivered else Stage.SENT

    def coming(self, counting: frozenset[int]) -> bool:
        """Whether the answer counts towards the strength."""
        return self.code is not None and (self.code in counting or self.code >= MINUTES)

    def unreachable(self, started: int, now: int) -> bool:
        """Whether no device has reported in time."""
        return self.stage is Stage.SENT and now - started >= UNREACHABLE_MS


@dataclass(frozen=True, slots=True)
class Repeat:
    """Ring again at whoever is silent; `round` counts from 1."""

    round: int


@dataclass(frozen=True, slots=True)
class Escalate:
    """Take step `number` (from 1) of the policy."""

    number: int
    step: Step


@dataclass(frozen=True, slots=True)
class Skip:
    """Step `number` was not needed: its goal was reached."""

    number: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The alarm has come to `status`."""

    status: Status


Action = Repeat | Escalate | Skip | Finish


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm. `step` and `round` count what was done; `stepped` and `rung` say when."""

    policy: Policy
    started: int
    people: Mapping[bytes, Person] = field(default_factory=dict)
    counting: frozenset[int] = frozenset({COMING})
    status: Status = Status.RUNNING
    step: int = 0
    round: int = 0
    stepped: int = 0
    rung: int = 0

    def numbers(self) -> tuple[int, int, int]:
        """(who come, who have confirmed, all)."""
        coming = sum(person.coming(self.counting) for person in self.people.values())
        seen = sum(person.stage is Stage.ACKNOWLEDGED for person in self.people.values())
        return coming, seen, len(self.people)

    def silent(self) -> list[bytes]:
        """Who has not confirmed."""
        return [user for user, person in self.people.items() if person.stage is not Stage.ACKNOWLEDGED]


def begin(policy: Policy, people: Iterable[bytes], counting: Iterable[int], now: int) -> Alarm:
    """Raise an alarm at `people`."""
    return Alarm(
        policy, now, {user: Person() for user in people}, frozenset(counting) | {COMING}, stepped=now, rung=now
    )


def due(alarm: Alarm) -> int | None:
    """When `tick` is to be called next, or None."""
    if alarm.status not in OPEN:
        return None
    times = [alarm.started + EXPIRES_MS]
    if alarm.status is Status.RUNNING:
        if alarm.step < len(alarm.policy.steps):
            times.append(alarm.stepped + alarm.policy.steps[alarm.step].after * 1000)
        if _repeats(alarm):
            times.append(alarm.rung + alarm.policy.repeat_every * 1000)
    return min(times)


def _repeats(alarm: Alarm) -> bool:
    policy = alarm.policy
    return bool(policy.repeat_every) and alarm.round < policy.repeat_times


def tick(alarm: Alarm, now: int) -> tuple[Alarm, Action | None]:
    """Do at most one thing that is due; call again while something comes back.

    A step that is late is done now, and what follows waits from now on: after an outage nothing comes in a heap. A clock
    set back moves the marks back with it.
    """
    if alarm.status not in OPEN:
        return alarm, None
    if now < max(alarm.stepped, alarm.rung, alarm.started):
        alarm = replace(
            alarm, stepped=min(alarm.stepped, now), rung=min(alarm.rung, now), started=min(alarm.started, now)
        )
    if now >= alarm.started + EXPIRES_MS:
        return replace(alarm, status=Status.EXPIRED), Finish(Status.EXPIRED)
    if alarm.status is not Status.RUNNING:
        return alarm, None
    if alarm.policy.stop.reached(*alarm.numbers()):
        return replace(alarm, status=Status.REACHED), Finish(Status.REACHED)
    if alarm.step < len(alarm.policy.steps):
        step = alarm.policy.steps[alarm.step]
        if now >= alarm.stepped + step.after * 1000:
            number = alarm.step + 1
            alarm = replace(alarm, step=number, stepped=now)
            if step.unless.reached(*alarm.numbers()):
                return alarm, Skip(number)
            return alarm, Escalate(number, step)
    if _repeats(alarm) and now >= alarm.rung + alarm.policy.repeat_every * 1000:
        alarm = replace(alarm, round=alarm.round + 1, rung=now)
        return alarm, Repeat(alarm.round)
    return alarm, None


def enlist(alarm: Alarm, users: Iterable[bytes], step: int) -> Alarm:
    """Add people whom step `step` addresses; who is in it already stays as is."""
    people = dict(alarm.people)
    for user in users:
        people.setdefault(user, Person(step))
    return replace(alarm, people=people)


def report(person: Person, stage: Stage, now: int, code: int | None = None) -> Person:
    """A device reports: reached, shown, confirmed. What happened stays with its first time; the last answer counts."""
    if stage >= Stage.DELIVERED and not person.delivered:
        person = replace(person, delivered=now)
    if stage >= Stage.DISPLAYED and not person.displayed:
        person = replace(person, displayed=now)
    if stage is Stage.ACKNOWLEDGED:
        if not person.acknowledged:
            person = replace(person, acknowledged=now)
        if person.code is None or code not in (None, SEEN):
            person = replace(person, code=SEEN if code is None else code)
    return person


def heard(alarm: Alarm, user: bytes, stage: Stage, now: int, code: int | None = None) -> Alarm:
    """A person's report, if the person is in the alarm and the alarm is open."""
    person = alarm.people.get(user)
    if person is None or alarm.status not in OPEN:
        return alarm
    return replace(alarm, people={**alarm.people, user: report(person, stage, now, code)})


def finish(alarm: Alarm, status: Status) -> Alarm:
    """End an open alarm by a person's word: ENDED or CANCELLED. One that has ended stays as it is."""
    return replace(alarm, status=status) if alarm.status in OPEN else alarm
