"""The HTTP bodies for alarms, on-call plans and duty; base64 for bytes as everywhere (see `wire/api.py`)."""

from typing import Annotated

from msgspec import Meta

from werkfunk.domain import limits
from werkfunk.domain.alarm_policy import Policy
from werkfunk.domain.alarms import CODE_MAX
from werkfunk.domain.gateways import Contact, Gateway
from werkfunk.domain.oncall import Duty, Plan, Quiet
from werkfunk.wire.api import Body, Count, Id16, Id32

Level = Annotated[int, Meta(ge=1, le=3)]
AnswerCode = Annotated[int, Meta(ge=0, le=CODE_MAX)]
Secret = Annotated[str, Meta(max_length=1_000)]


class AlarmMessage(Body):
    """A sealed event (content kind `alarm`) for a conversation; `call` says whether its members are called, or only may read it."""

    event: Annotated[bytes, Meta(min_length=1, max_length=limits.EVENT_MAX)]
    blobs: Annotated[list[Id16], Meta(max_length=16)] = []
    call: bool = True


class RaiseAlarm(Body):
    """Raise an alarm. The messages are logged first, then people are called; the same id again changes nothing."""

    alarm: Id16
    level: Level
    messages: Annotated[list[AlarmMessage], Meta(min_length=1, max_length=limits.ALARM_TARGETS_MAX)]
    template: Id16 | None = None
    policy: Id16 | None = None
    counting: Annotated[list[AnswerCode], Meta(max_length=20)] = []
    """Answer codes that count as coming, besides 1 and minutes."""
    on_duty: bool = False
    """Leave out who is on a break or has finished work, unless on call."""
    drill: bool = False


class ReportAlarm(Body):
    """How far the alarm has come with the asker: 1 delivered, 2 displayed, 3 acknowledged (with an answer's code)."""

    stage: Annotated[int, Meta(ge=1, le=3)]
    code: AnswerCode | None = None


class EndAlarm(Body):
    """All-clear, or `cancelled`: raised by mistake."""

    cancelled: bool = False


class AlarmPerson(Body):
    """One person called: times in ms, 0 while it has not happened; `step` 0 for those called from the beginning."""

    user: Id32
    step: Count
    delivered: Count
    displayed: Count
    acknowledged: Count
    code: int | None
    unreachable: bool


class AlarmMark(Body):
    """One entry of the timeline: raised, repeated, escalated, skipped, reached, ended, cancelled or expired."""

    time: Count
    kind: str
    number: Count = 0


class AlarmSend(Body):
    """One message through a gateway: state `waiting`, `sent` or `failed`."""

    alarm: Id16
    step: Count
    user: Id32
    gateway: bytes
    state: str
    attempts: Count
    time: Count
    error: str = ""


class AlarmInfo(Body):
    """One alarm as the asker may see it; `people`, `marks` and `sends` are empty for who is only called."""

    alarm: Id16
    level: Level
    status: int
    started: Count
    ended: Count
    raiser: bytes
    ender: bytes
    template: bytes
    drill: bool
    conversations: list[Id16]
    policy: Policy
    counting: list[int]
    watching: bool
    coming: Count
    seen: Count
    called: Count
    me: AlarmPerson | None = None
    people: list[AlarmPerson] = []
    marks: list[AlarmMark] = []
    sends: list[AlarmSend] = []


class AlarmList(Body):
    """The newest alarms of the asker, without people."""

    alarms: list[AlarmInfo]


class PolicyEntry(Body):
    """A policy and its id."""

    id: Id16
    policy: Policy
    words: list[str]
    """The same in German sentences; people and plans by id."""


class Policies(Body):
    """All policies."""

    policies: list[PolicyEntry]


class PutPolicy(Body):
    """Set a policy."""

    policy: Policy


class GatewayEntry(Body):
    """A gateway and its id; the secret never comes back."""

    id: Id16
    gateway: Gateway
    secret_set: bool


class Gateways(Body):
    """All gateways."""

    gateways: list[GatewayEntry]


class PutGateway(Body):
    """Set a gateway; without `secret` the old one stays."""

    gateway: Gateway
    secret: Secret | None = None


class TestGateway(Body):
    """Send a test to this address; it is not kept."""

    to: Annotated[str, Meta(min_length=3, max_length=254)]


class Hook(Body):
    """A machine's access: whom its alarms call, how, and up to which level."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    conversations: Annotated[list[Id16], Meta(min_length=1, max_length=limits.ALARM_TARGETS_MAX)]
    level_most: Level = 3
    policy: Id16 | None = None
    on_duty: bool = False
    drill: bool = False


class HookEntry(Body):
    """A machine's access and its id; the secret is shown once, when it is made."""

    id: Id16
    hook: Hook
    secret: str = ""


class Hooks(Body):
    """All machine accesses."""

    hooks: list[HookEntry]


class HookCall(Body):
    """A machine raises an alarm.

    `signature` is the lower-case hex of HMAC-SHA256 with the access's secret over the text
    `werkfunk-alarm.<access id, hex>.<time>.<template, hex or empty>.<level>`. The same request again changes nothing.
    """

    time: Count
    level: Level
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    template: Annotated[str, Meta(pattern=r"^([0-9a-f]{32})?$")] = ""


class HookDone(Body):
    """The alarm's id."""

    alarm: Id16


class ShortRest(Body):
    """Less than eleven hours (§5 ArbZG) between the end of work and its next beginning, ms UTC."""

    user: Id32
    ends: Count
    begins: Count


class PlanEntry(Body):
    """An on-call plan and its id, who is on now, and rests shorter than eleven hours within the next four weeks."""

    id: Id16
    plan: Plan
    now: list[Id32]
    short_rests: list[ShortRest]


class Plans(Body):
    """All plans."""

    plans: list[PlanEntry]


class PutPlan(Body):
    """Set a plan."""

    plan: Plan


class SpanEntry(Body):
    """Somebody is on call from `begins` to before `ends`, ms UTC."""

    user: Id32
    begins: Count
    ends: Count


class Spans(Body):
    """Who is on call between two moments."""

    spans: list[SpanEntry]
    short_rests: list[ShortRest]


class OwnDuty(Body):
    """The asker's own status, quiet hours and contact for alarms; what is left out is deleted."""

    duty: Duty | None = None
    quiet: Quiet | None = None
    contact: Contact | None = None


class DutyEntry(Body):
    """A person's present status, if the person has set one; `on_call` by any plan."""

    user: Id32
    duty: Duty | None
    on_call: bool


class Duties(Body):
    """Present statuses."""

    people: list[DutyEntry]


class Sends(Body):
    """The newest messages through gateways."""

    sends: list[AlarmSend]


def hook_text(hook: bytes, call: HookCall) -> bytes:
    """What a machine signs."""
    return f"werkfunk-alarm.{hook.hex()}.{call.time}.{call.template}.{call.level}".encode()
