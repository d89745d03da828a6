"""Alarms for the client library: raise, answer, watch, report. The words are sealed in conversations, the states come from the server.

    alarm = await client.alarms.raise_([conversation], Alarm(os.urandom(16), 3, "Unfall im Hof"))
    await client.alarms.report(alarm, Stage.ACKNOWLEDGED, COMING)

Frames that come while listening go to `heard`; that this device has got an alarm is reported by itself.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from werkfunk.domain.alarms import SEEN, Stage
from werkfunk.protocol import conversation as conv
from werkfunk.protocol.cbor import decode
from werkfunk.protocol.content import Alarm, AlarmTemplate, Answer, Content, from_wire
from werkfunk.protocol.conversation import Kind, MemberRole
from werkfunk.protocol.errors import ProtocolError
from werkfunk.sdk.core import RACES, Core
from werkfunk.sdk.errors import NotAllowed, SdkError, Usage
from werkfunk.sdk.local import OPENED
from werkfunk.sdk.outbox import Outbox
from werkfunk.sdk.statements import Statements, refused
from werkfunk.wire import alarms as bodies
from werkfunk.wire import api, frames

Heard = Callable[[frames.Alarm | frames.AlarmBoard], None]
ASIDE_MAX = 16
KIND_ALARM, KIND_ANSWER, KIND_TEMPLATE = 9, 10, 14


@dataclass(frozen=True, slots=True)
class Found:
    """A sealed content of this device's logs, opened: where, by whom, when (ms)."""

    conversation: bytes
    seq: int
    sender: bytes
    at: int
    content: Content


class Alarms:
    """See the module."""

    def __init__(self, core: Core, statements: Statements, outbox: Outbox) -> None:
        self._core = core
        self._statements = statements
        self._outbox = outbox
        self.heard: Heard = lambda frame: None
        core.alarm_heard = self._take

    async def _take(self, frame: frames.Alarm | frames.AlarmBoard) -> None:
        """A frame has come: a device that has got an alarm says so."""
        if isinstance(frame, frames.Alarm) and frame.called and frame.status <= 2 and frame.stage < Stage.DELIVERED:
            await self._core.channel.send(frames.AlarmSeen(frame.alarm, int(Stage.DELIVERED)))
        self.heard(frame)

    # -- raising

    async def raise_(
        self,
        call: Sequence[bytes],
        content: Alarm,
        *,
        aside: Sequence[bytes] = (),
        policy: bytes | None = None,
        counting: Sequence[int] = (),
        on_duty: bool = False,
        blobs: Sequence[bytes] = (),
    ) -> bodies.AlarmInfo:
        """Raise an alarm: `call` are conversations whose members are called, `aside` ones that may only read it.

        Repeating it with the same content (its alarm id) raises nothing twice.

        Raises:
            NoConnection: it is not raised. NotAllowed. Unsafe: a conversation is blocked.
        """
        ids = {conversation: self._outbox.fresh_id() for conversation in (*call, *aside)}
        for attempt in range(RACES):
            messages = []
            sealed_under: dict[bytes, int] = {}
            for conversation, message_id in ids.items():
                event = await self._outbox.sealed(conversation, message_id, content)
                sealed_under[conversation] = self._core.state(conversation).generation
                messages.append(bodies.AlarmMessage(event=event, blobs=list(blobs), call=conversation in call))
            body = bodies.RaiseAlarm(
                alarm=content.alarm,
                level=content.level,
                messages=messages,
                template=content.template,
                policy=policy,
                counting=list(counting),
                on_duty=on_duty,
                drill=bool(content.drill),
            )
            try:
                raised = await self._core.transport.call("raise_alarm", bodies.AlarmInfo, body)
            except NotAllowed as error:
                if error.code not in ("rekey_required", "stale") or attempt == RACES - 1:
                    raise
                # Which conversation it was is not said.
                for conversation, generation in sealed_under.items():
                    if error.code == "rekey_required":
                        await self._outbox.renew(conversation, generation)
                    else:
                        await self._core.catch_up(conversation)
                await asyncio.sleep(0.05 * attempt)
                continue
            for conversation in ids:
                await self._core.catch_up(conversation)
            return raised
        raise SdkError("the conversations keep changing; please try again")

    async def direct(self, user: bytes) -> bytes:
        """The conversation with one person; made if there is none."""
        for conversation in self._core.logs.conversations():
            state = self._core.logs.state(conversation)
            if state is not None and state.kind is Kind.DIRECT and user in state.members:
                return conversation
        conversation = os.urandom(16)
        members = {self._core.keys.user: MemberRole.LEAD, user: MemberRole.LEAD}
        try:
            made = self._statements.desk().create(conversation, conv.Kind.DIRECT, members, history=True)
        except ProtocolError as error:
            raise refused(error) from error
        await self._statements.write("create_conversation", made)
        return conversation

    async def aside(self, policy: bytes | None, call: Sequence[bytes]) -> list[bytes]:
        """Direct conversations for people whom a later step of the policy may call, so that they can read what it is about."""
        if policy is None:
            return []
        policies = (await self._core.transport.call("policies", bodies.Policies)).policies
        steps = next((entry.policy.steps for entry in policies if entry.id == policy), [])
        users = {user for step in steps for user in step.to.people}
        plans = {step.to.plan for step in steps} - {None}
        if plans:
            for entry in (await self._core.transport.call("plans", bodies.Plans)).plans:
                if entry.id in plans:
                    users |= {user for rotation in entry.plan.rotations for user in rotation.people}
                    users |= {shift.person for shift in entry.plan.shifts}
                    users |= {other.person for other in entry.plan.overrides if other.person is not None}
        for conversation in call:
            users -= set(self._core.state(conversation).members)
        users -= {self._core.keys.user}
        return [await self.direct(user) for user in sorted(users)[:ASIDE_MAX]]

    # -- answering, ending, reading

    async def report(self, alarm: bytes, stage: Stage, code: int | None = None, words: str = "") -> None:
        """Report shown or confirmed, with an answer's code; `words` go sealed into the alarm's conversation."""
        body = bodies.ReportAlarm(stage=int(stage), code=code)
        await self._core.transport.call("report_alarm", api.Empty, body, ids={"alarm": alarm})
        if words:
            found = self.text(alarm)
            if found is None:
                raise Usage("this alarm has no conversation to answer in")
            await self._outbox.send(found.conversation, Answer(alarm, SEEN if code is None else code, words))

    async def end(self, alarm: bytes, *, cancelled: bool = False) -> None:
        """All-clear, or raised by mistake."""
        body = bodies.EndAlarm(cancelled=cancelled)
        await self._core.transport.call("end_alarm", api.Empty, body, ids={"alarm": alarm})

    async def info(self, alarm: bytes) -> bodies.AlarmInfo:
        """The alarm's state; for raiser and leads with everybody."""
        return await self._core.transport.call("alarm", bodies.AlarmInfo, ids={"alarm": alarm})

    async def recent(self) -> list[bodies.AlarmInfo]:
        """The newest alarms, newest first."""
        return (await self._core.transport.call("alarms", bodies.AlarmList)).alarms

    async def find(self, name: str) -> bytes:
        """An alarm by id or the beginning of one. Raises Usage."""
        matching = [a.alarm for a in await self.recent() if len(name) >= 6 and a.alarm.hex().startswith(name.lower())]
        if len(matching) != 1:
            raise Usage(f"there is no single alarm {name!r}; use its id")
        return matching[0]

    # -- what this device's logs hold

    def _contents(self, kind: int) -> list[Found]:
        rows = self._core.local.rows(
            "SELECT conversation, seq, sender, time, content FROM event WHERE state = ? AND kind = ? ORDER BY time, seq",
            OPENED,
            kind,
        )
        return [Found(row[0], row[1], row[2], row[3], from_wire(*decode(row[4]))) for row in rows]

    def text(self, alarm: bytes) -> Found | None:
        """The sealed words of an alarm; None for a machine's."""
        for found in self._contents(KIND_ALARM):
            if isinstance(found.content, Alarm) and found.content.alarm == alarm:
                return found
        return None

    def answers(self, alarm: bytes) -> list[Found]:
        """Sealed words that people have added to their answers."""
        return [f for f in self._contents(KIND_ANSWER) if isinstance(f.content, Answer) and f.content.alarm == alarm]

    def templates(self) -> dict[bytes, Found]:
        """The templates that this device knows, by id: the newest that a lead of its conversation has sent."""
        known: dict[bytes, Found] = {}
        for found in self._contents(KIND_TEMPLATE):
            led = self._core.logs.led(found.conversation, found.seq, found.sender)
            if isinstance(found.content, AlarmTemplate) and led:
                known[found.content.template] = found
        return {key: f for key, f in known.items() if isinstance(f.content, AlarmTemplate) and f.content.title}

    def find_template(self, name: str) -> AlarmTemplate:
        """A template by title or id. Raises Usage."""
        titles: dict[str, AlarmTemplate] = {}
        for key, found in self.templates().items():
            if isinstance(found.content, AlarmTemplate):
                if key.hex() == name:
                    return found.content
                titles.setdefault(found.content.title.casefold(), found.content)
        if name.casefold() not in titles:
            raise Usage(f"there is no template {name!r}; there are: {', '.join(sorted(titles)) or 'none'}")
        return titles[name.casefold()]

    async def put_template(self, conversations: Sequence[bytes], template: AlarmTemplate) -> None:
        """Put a template into conversations, where the members can read it; a lead of each may."""
        for conversation in conversations:
            await self._outbox.send(conversation, template)

    async def repeat_templates(self, conversation: bytes) -> None:
        """Send a conversation's templates again, for who has joined."""
        for found in self.templates().values():
            if found.conversation == conversation:
                await self._outbox.send(conversation, found.content)
