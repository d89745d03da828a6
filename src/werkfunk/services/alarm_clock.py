"""The clock of alarms: does what is due, each step once, across stops, kills and several nodes.

What is due stands in the store. A step and everything that follows from it are one transaction that succeeds only from
the version that was read: who comes second finds nothing to do. The clock sleeps until the next moment, or is woken.
"""

import os
from collections.abc import Callable
from dataclasses import replace

import msgspec

from werkfunk.adapters.clock import Clock
from werkfunk.domain import alarms
from werkfunk.domain.alarms import Escalate, Finish, Repeat, Skip, Status
from werkfunk.domain.gateways import Contact
from werkfunk.services.alarm_settings import AlarmSettings
from werkfunk.services.alarms import Alarms
from werkfunk.services.directory import Directory
from werkfunk.services.pulse import Pulse, seconds_until
from werkfunk.storage.alarms import FAILED, Advance, AlarmRow, AlarmStore, MarkRow, SendRow


class AlarmClock:
    """See the module."""

    def __init__(
        self,
        store: AlarmStore,
        directory: Directory,
        alarms_: Alarms,
        settings: AlarmSettings,
        clock: Clock,
        fault: Callable[[BaseException], None],
    ) -> None:
        self._store = store
        self._directory = directory
        self._alarms = alarms_
        self._settings = settings
        self._clock = clock
        self.pulse = Pulse(self.turn, fault)
        """Runs the turns."""
        self.sends: Callable[[], None] = lambda: None
        """Tells the sender that messages wait."""

    async def turn(self) -> float:
        """Do all that is due now; gives the seconds until the next look."""
        open_ = [alarm for alarm, _ in await self._store.due()]
        await self._alarms.keep_up(open_)
        for alarm in open_:
            # Each is looked at, due or not: enough may have come, the clock may have been set back.
            while await self._step(alarm):
                pass
        upcoming = [at for _, at in await self._store.due()]
        return seconds_until(min(upcoming, default=None), self._clock())

    async def _step(self, alarm: bytes) -> bool:
        """One transition, if something is due; True when there may be more."""
        row = await self._store.get(alarm)
        if row is None:
            return False
        now = self._clock()
        state, action = alarms.tick(row.state, now)
        if state == row.state:
            return False
        change = Advance(replace(row, state=state), [])
        rung: list[bytes] = []
        match action:
            case Repeat():
                change.marks = [MarkRow(now, "repeated", action.round)]
                rung = state.silent()
            case Skip():
                change.marks = [MarkRow(now, "skipped", action.number)]
            case Finish():
                change.marks = [MarkRow(now, action.status.name.lower())]
                if action.status is Status.EXPIRED:
                    change.row = replace(change.row, ended=now)
            case Escalate():
                change.marks = [MarkRow(now, "escalated", action.number)]
                users = await self._whom(row, action)
                change.added = [user for user in users if user not in state.people]
                change.sends = await self._messages(row, action, users, now)
                rung = users if "app" in action.step.via else change.added
            case None:
                pass
        if not await self._alarms.advance(change):
            return True
        if rung:
            await self._alarms.ring(alarm, rung)
        if action is not None:
            # Also a step that calls nobody in the app stands in the timeline.
            self._alarms.tell_watchers(alarm, rung)
        if change.sends:
            self.sends()
        return action is not None

    async def _whom(self, row: AlarmRow, action: Escalate) -> list[bytes]:
        to = action.step.to
        users = dict.fromkeys(row.state.silent() if to.silent else [])
        users |= dict.fromkeys(to.people)
        if to.plan is not None:
            users |= dict.fromkeys(sorted(await self._settings.on_call(to.plan)))
        state = self._directory.founded()
        return [user for user in users if state.role(user) is not None]

    async def _messages(self, row: AlarmRow, action: Escalate, users: list[bytes], now: int) -> list[SendRow]:
        """One message for each person and gateway of the step's channels; who cannot be reached so stands in the log too."""
        gateways = await self._settings.stored_gateways()
        persons = await self._settings.persons(users)
        found = []
        for channel in action.step.via:
            if channel == "app":
                continue
            matching = [key for key, stored in gateways.items() if stored.gateway.channel == channel]
            for user in users:
                contact = persons[user].contact if user in persons else b""
                known = bool(contact) and msgspec.json.decode(contact, type=Contact).address(channel) is not None
                send = SendRow(b"", row.id, action.number, user, b"", time=now)
                if not matching or not known:
                    error = "no_gateway" if not matching else "no_contact"
                    found.append(replace(send, id=os.urandom(16), state=FAILED, error=error))
                else:
                    found += [replace(send, id=os.urandom(16), gateway=key) for key in matching]
        return found
