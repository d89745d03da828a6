"""What of an alarm goes out: the frame for one person, a board's line, the body for who asks."""

from werkfunk.domain.alarms import Person
from werkfunk.storage.alarms import AlarmRow
from werkfunk.wire import alarms as bodies
from werkfunk.wire import frames


def frame_of(row: AlarmRow, user: bytes | None, *, watching: bool) -> frames.Alarm:
    """The alarm for a person; `user` None: for everybody called who has done nothing yet."""
    own = row.state.people.get(user) if user is not None else Person()
    return frames.Alarm(
        row.id,
        int(row.level),
        int(row.state.status),
        row.state.started,
        row.raiser,
        list(row.conversations),
        row.template,
        row.drill,
        own is not None,
        watching,
        row.state.round,
        int(own.stage) if own is not None else 0,
        own.code if own is not None else None,
    )


def board_person(user: bytes, person: Person) -> frames.AlarmPerson:
    """A line of the board."""
    time = max(person.delivered, person.displayed, person.acknowledged)
    return frames.AlarmPerson(user, int(person.stage), person.code, time)


def info_person(user: bytes, person: Person, started: int, now: int) -> bodies.AlarmPerson:
    """A line of the report."""
    return bodies.AlarmPerson(
        user=user,
        step=person.step,
        delivered=person.delivered,
        displayed=person.displayed,
        acknowledged=person.acknowledged,
        code=person.code,
        unreachable=person.unreachable(started, now),
    )


def info(row: AlarmRow, user: bytes, now: int, *, watching: bool, people: bool = True) -> bodies.AlarmInfo:
    """The alarm for who asks; everybody's lines only for who may watch."""
    state = row.state
    coming, seen, called = state.numbers()
    until = row.ended or now
    own = state.people.get(user)
    return bodies.AlarmInfo(
        alarm=row.id,
        level=int(row.level),
        status=int(state.status),
        started=state.started,
        ended=row.ended,
        raiser=row.raiser,
        ender=row.ender,
        template=row.template,
        drill=row.drill,
        conversations=list(row.conversations),
        policy=state.policy,
        counting=sorted(state.counting),
        watching=watching,
        coming=coming,
        seen=seen,
        called=called,
        me=info_person(user, own, state.started, until) if own is not None else None,
        people=[info_person(u, p, state.started, until) for u, p in state.people.items()]
        if watching and people
        else [],
    )
