"""Alarms: raising, reports of devices, the live board, the end. What it is about stands sealed in the conversations.

Write, commit, change memory, then emit, as everywhere. Open alarms are held in memory too (`_open`), so that reports of
thousands of devices are checked, counted and shown without reading them back; the store stays the truth for each step.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import replace

from werkfunk.adapters.clock import Clock
from werkfunk.domain import alarms, limits
from werkfunk.domain.alarm_policy import NONE
from werkfunk.domain.alarms import OPEN, Level, Stage, Status
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.roles import Operation, Subject
from werkfunk.services.alarm_settings import AlarmSettings
from werkfunk.services.alarm_views import board_person, frame_of, info
from werkfunk.services.conversations import Conversations
from werkfunk.services.directory import Directory
from werkfunk.services.hub import Bus, Peer
from werkfunk.services.limiter import Limiter
from werkfunk.services.push import Notice
from werkfunk.storage.alarms import Advance, AlarmRow, AlarmStore, MarkRow, ReportRow
from werkfunk.storage.store import Appended
from werkfunk.wire import alarms as bodies
from werkfunk.wire import frames
from werkfunk.wire.api import Empty
from werkfunk.wire.frames import encode

NOWHERE = bytes(16)
"""In a notice: an alarm that stands in none of the person's conversations; the app opens the alarms."""
Notify = Callable[[Iterable[bytes], Notice], None]
"""Wakes people's devices; web push stands behind it."""


class Alarms:
    """See the module."""

    def __init__(
        self,
        store: AlarmStore,
        directory: Directory,
        conversations: Conversations,
        settings: AlarmSettings,
        bus: Bus,
        raises: Limiter,
        notify: Notify,
        clock: Clock,
        fault: Callable[[BaseException], None],
    ) -> None:
        self._store = store
        self._directory = directory
        self._conversations = conversations
        self._settings = settings
        self._bus = bus
        self._raises = raises
        self._clock = clock
        self._fault = fault
        self._open: dict[bytes, AlarmRow] = {}
        self._watchers: dict[bytes, set[bytes]] = {}
        self._pending: list[tuple[ReportRow, asyncio.Future[None] | None]] = []
        self._order = asyncio.Lock()
        """Reading an alarm back and keeping reports do not overtake each other."""
        self._writing: asyncio.Task[None] | None = None
        self._notify = notify
        self.wake: Callable[[], None] = lambda: None
        """Tells the clock that something changed."""

    async def load(self) -> None:
        """Take up the open alarms after a start."""
        for alarm, _ in await self._store.due():
            await self.refresh(alarm)

    async def refresh(self, alarm: bytes) -> AlarmRow | None:
        """Read an alarm back from the store; one that has ended is forgotten."""
        async with self._order:
            row = await self._store.get(alarm)
            if row is None or row.state.status not in OPEN:
                self._open.pop(alarm, None)
            else:
                self._open[alarm] = row
        if alarm in self._open and row is not None:
            self._watchers[alarm] = await self._watching(row)
        return row

    async def keep_up(self, stored: Iterable[bytes]) -> None:
        """Take up what another node has raised, forget what it has ended; `stored` are the store's open alarms."""
        for alarm in self._open.keys() ^ set(stored):
            await self.refresh(alarm)

    # -- raising

    async def raise_(self, subject: Subject, body: bodies.RaiseAlarm) -> bodies.AlarmInfo:
        """Raise an alarm: log its sealed messages, then call the members of their conversations."""
        known = await self._store.get(body.alarm)
        if known is not None:
            if known.raiser != subject.user:
                raise Failure(Code.CONFLICT)
            return await self.info(subject, body.alarm)
        if not self._raises.allow(subject.device):
            raise Failure(Code.RATE_LIMITED)
        policy = await self._settings.policy(body.policy) if body.policy is not None else NONE
        called: set[bytes] = set()
        places = {}
        for message in body.messages:
            conversation, seq = await self._log(subject, message)
            if message.call:
                room = await self._conversations.room_for(subject, conversation, Operation.SEND_EVENT)
                called |= room.members
                places[conversation] = seq
        people = await self._present(called - {subject.user}, on_duty=body.on_duty)
        state = alarms.begin(policy, people, body.counting, self._clock())
        row = AlarmRow(
            body.alarm,
            subject.user,
            b"",
            Level(body.level),
            body.template or b"",
            body.drill,
            state,
            places=tuple(places.items()),
        )
        await self._begin(row)
        return await self.info(subject, body.alarm)

    async def _log(self, subject: Subject, message: bodies.AlarmMessage) -> tuple[bytes, int]:
        """Log a sealed message; gives its conversation and seq."""
        event = self._conversations.parse(message.event)
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def logged(result: Appended | Failure) -> None:
            if done.done():
                return
            if isinstance(result, Failure):
                done.set_exception(result)
            else:
                done.set_result(result.seq)

        # Whom the alarm calls is woken by it, and nobody else: not who is off duty, and nobody before his step comes.
        later = self._conversations.send(subject, event, message.event, message.blobs, logged, None, knock=False)
        if later is not None:
            await later
        return event.header.conversation, await done

    async def _present(self, users: set[bytes], *, on_duty: bool) -> list[bytes]:
        """Who of `users` is called. Raises Failure NOBODY_CALLED."""
        state = self._directory.founded()
        users = {user for user in users if state.role(user) is not None}
        if on_duty:
            users -= await self._settings.off_duty(users)
        if not users:
            raise Failure(Code.NOBODY_CALLED)
        if len(users) > limits.ALARM_PEOPLE_MAX:
            raise Failure(Code.BODY_TOO_LARGE, f"an alarm calls at most {limits.ALARM_PEOPLE_MAX} people")
        return sorted(users)

    async def _begin(self, row: AlarmRow) -> None:
        if await self._store.create(row, MarkRow(row.state.started, "raised")):
            await self.refresh(row.id)
            await self.ring(row.id, list(row.state.people))
            self.tell_watchers(row.id, list(row.state.people))
        self.wake()

    async def hook(self, key: bytes, call: bodies.HookCall) -> bodies.HookDone:
        """A machine raises an alarm: signed, fresh, and each request once."""
        stored = await self._settings.stored_hook(key)
        secret = bytes.fromhex(stored.secret) if stored else bytes(32)
        expected = hmac.new(secret, bodies.hook_text(key, call), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, call.signature) or stored is None:
            raise Failure(Code.NOT_FOUND)
        if abs(self._clock() - call.time) > limits.HOOK_AGE_MS:
            raise Failure(Code.EXPIRED, "time")
        hook = stored.hook
        if call.level > hook.level_most:
            raise Failure(Code.FORBIDDEN, "level")
        alarm = hashlib.sha256(b"werkfunk alarm of a machine" + key + bytes.fromhex(call.signature)).digest()[:16]
        if await self._store.get(alarm) is not None:
            return bodies.HookDone(alarm=alarm)
        if not self._raises.allow(key):
            raise Failure(Code.RATE_LIMITED)
        policy = await self._settings.policy(hook.policy) if hook.policy is not None else NONE
        called: set[bytes] = set()
        for conversation in hook.conversations:
            called |= await self._conversations.members(conversation)
        people = await self._present(called, on_duty=hook.on_duty)
        state = alarms.begin(policy, people, [], self._clock())
        template = bytes.fromhex(call.template)
        row = AlarmRow(
            alarm,
            b"",
            key,
            Level(call.level),
            template,
            hook.drill,
            state,
            places=tuple((conversation, 0) for conversation in dict.fromkeys(hook.conversations)),
        )
        await self._begin(row)
        return bodies.HookDone(alarm=alarm)

    # -- telling

    async def ring(self, alarm: bytes, users: Iterable[bytes]) -> None:
        """Call people: on their open connections, and by push; info wakes nobody in quiet hours."""
        row = self._open.get(alarm)
        if row is None:
            return
        users = list(users)
        fresh = [user for user in users if row.state.people[user].stage is Stage.SENT]
        # Who has not answered anything sees the same frame: it is encoded once.
        self._bus.publish(fresh, frame_of(row, None, watching=False))
        watchers = self._watchers.get(alarm, set())
        for user in set(users) - set(fresh) | (watchers & set(fresh)):
            self._bus.publish([user], frame_of(row, user, watching=user in watchers))
        quiet = await self._settings.in_quiet(users) if row.level is Level.INFO else set()
        left = set(users) - quiet
        for conversation, seq in row.places:
            members = left & await self._conversations.members(conversation)
            self._notify(members, Notice(conversation, seq, urgent=row.level is not Level.INFO))
            left -= members
        # Called by a later step and in none of the conversations: told that there is an alarm, without a place.
        self._notify(left, Notice(NOWHERE, 0, urgent=True))

    def tell_watchers(self, alarm: bytes, changed: Iterable[bytes]) -> None:
        """The board's news for raiser and leads."""
        row = self._open.get(alarm)
        if row is None:
            return
        coming, seen, called = row.state.numbers()
        people = [board_person(user, row.state.people[user]) for user in changed]
        frame = frames.AlarmBoard(alarm, int(row.state.status), coming, seen, called, people)
        self._bus.publish(self._watchers.get(alarm, set()), frame)

    def tell_everybody(self, row: AlarmRow) -> None:
        """The alarm's state has changed: everybody called and every watcher learns it."""
        watchers = self._watchers.get(row.id, set()) | ({row.raiser} if row.raiser else set())
        for user in set(row.state.people) | watchers:
            self._bus.publish([user], frame_of(row, user, watching=user in watchers))
        if row.state.status not in OPEN:
            self._watchers.pop(row.id, None)

    def greet(self, peer: Peer) -> None:
        """A connection has signed in: what is open for its person."""
        for row in self._open.values():
            watching = peer.user in self._watchers.get(row.id, ())
            if watching or peer.user in row.state.people:
                peer.push(self._bus.prepare(encode(frame_of(row, peer.user, watching=watching))))
        peer.flush()

    async def _watching(self, row: AlarmRow) -> set[bytes]:
        """Raiser and the conversations' leads."""
        found = {row.raiser} if row.raiser else set()
        for conversation in row.conversations:
            found |= await self._conversations.leads(conversation)
        return found

    # -- reports

    def seen(self, subject: Subject, alarm: bytes, stage: int) -> None:
        """A device has got or shows an alarm. Unknown alarms are passed over: nothing is to be learned here."""
        row = self._open.get(alarm)
        if row is not None and subject.user in row.state.people and stage in (1, 2):
            self._report(ReportRow(alarm, subject.user, Stage(stage), self._clock()), None)

    async def report(self, subject: Subject, alarm: bytes, body: bodies.ReportAlarm) -> Empty:
        """A person's report or answer; durable when this returns."""
        row = self._open.get(alarm)
        if row is None or subject.user not in row.state.people:
            # Another node may have raised it, or called this person.
            row = await self.refresh(alarm)
        if row is None or subject.user not in row.state.people:
            raise Failure(Code.NOT_FOUND)
        if row.state.status not in OPEN:
            raise Failure(Code.EXPIRED, "the alarm has ended")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._report(ReportRow(alarm, subject.user, Stage(body.stage), self._clock(), body.code), done)
        await asyncio.shield(done)
        return Empty()

    def _report(self, row: ReportRow, done: asyncio.Future[None] | None) -> None:
        self._pending.append((row, done))
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        """All reports that wait share a commit, and one board frame."""
        try:
            while self._pending:
                batch, self._pending = self._pending, []
                try:
                    async with self._order:
                        await self._store.report([row for row, _ in batch])
                        self._apply([row for row, _ in batch])
                except Exception as error:
                    self._fault(error)
                    for _, done in batch:
                        if done is not None and not done.done():
                            done.set_exception(Failure(Code.INTERNAL))
                    continue
                for _, done in batch:
                    if done is not None and not done.done():
                        done.set_result(None)
        finally:
            self._writing = None

    def _apply(self, reports: list[ReportRow]) -> None:
        by_alarm: dict[bytes, dict[bytes, None]] = {}
        for report in reports:
            row = self._open.get(report.alarm)
            if row is not None and report.user in row.state.people:
                # Rows of the board are this service's own: changed in place, for thousands come at once.
                people = row.state.people
                assert isinstance(people, dict)
                people[report.user] = alarms.report(people[report.user], report.stage, report.time, report.code)
                by_alarm.setdefault(report.alarm, {})[report.user] = None
        for alarm, users in by_alarm.items():
            self.tell_watchers(alarm, users)
            state = self._open[alarm].state
            if state.status is Status.RUNNING and state.policy.stop.reached(*state.numbers()):
                self.wake()

    # -- the end

    async def end(self, subject: Subject, alarm: bytes, *, cancelled: bool) -> Empty:
        """All-clear or cancelled, by who may watch; an alarm that has ended stays as it is."""
        while True:
            row = await self._store.get(alarm)
            if row is None or subject.user not in await self._watching(row):
                called = row is not None and subject.user in row.state.people
                raise Failure(Code.FORBIDDEN if called else Code.NOT_FOUND)
            if row.state.status not in OPEN:
                return Empty()
            status = Status.CANCELLED if cancelled else Status.ENDED
            now = self._clock()
            ended = replace(row, state=alarms.finish(row.state, status), ended=now, ender=subject.user)
            if await self.advance(Advance(ended, [MarkRow(now, status.name.lower())])):
                return Empty()

    async def advance(self, change: Advance) -> bool:
        """Make a transition durable, then tell; False when somebody was quicker."""
        if not await self._store.advance(change):
            return False
        row = await self.refresh(change.row.id)
        if row is not None and row.state.status is not Status.RUNNING:
            self.tell_everybody(row)
        self.wake()
        return True

    # -- reading

    async def info(self, subject: Subject, alarm: bytes) -> bodies.AlarmInfo:
        """One alarm as the asker may see it. Raises Failure NOT_FOUND."""
        row = await self._store.get(alarm)
        watching = row is not None and subject.user in await self._watching(row)
        if row is None or not (watching or subject.user in row.state.people):
            raise Failure(Code.NOT_FOUND)
        found = info(row, subject.user, self._clock(), watching=watching)
        if watching:
            found.marks = [
                bodies.AlarmMark(time=m.time, kind=m.kind, number=m.number) for m in await self._store.marks(alarm)
            ]
            found.sends = (await self.sends(alarm)).sends
        return found

    async def list(self, subject: Subject) -> bodies.AlarmList:
        """The newest alarms of the asker, those of led conversations included."""
        led = [
            row.conversation
            for row in await self._conversations.memberships(subject)
            if subject.user in await self._conversations.leads(row.conversation)
        ]
        ids = dict.fromkeys(await self._store.about(subject.user, limits.ALARM_LIST))
        ids |= dict.fromkeys(await self._store.in_conversations(led, limits.ALARM_LIST))
        found = []
        for alarm in ids:
            row = await self._store.get(alarm)
            if row is not None:
                watching = subject.user in await self._watching(row)
                found.append(info(row, subject.user, self._clock(), watching=watching, people=False))
        found.sort(key=lambda entry: -entry.started)
        return bodies.AlarmList(alarms=found[: limits.ALARM_LIST])

    async def sends(self, alarm: bytes | None) -> bodies.Sends:
        """The delivery log."""
        names = ("waiting", "sent", "failed")
        return bodies.Sends(
            sends=[
                bodies.AlarmSend(
                    alarm=s.alarm,
                    step=s.step,
                    user=s.user,
                    gateway=s.gateway,
                    state=names[s.state],
                    attempts=s.attempts,
                    time=s.time,
                    error=s.error,
                )
                for s in await self._store.sends(alarm, 500)
            ]
        )

    async def close(self) -> None:
        """Finish what is being written."""
        while self._writing is not None:
            await self._writing
