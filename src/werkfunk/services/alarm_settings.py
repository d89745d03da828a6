"""What owner and admin set for alarms (policies, gateways, machine accesses, on-call plans), and each person for itself."""

import secrets
from collections.abc import Iterable
from datetime import UTC, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from werkfunk.adapters.clock import Clock
from werkfunk.adapters.outgoing import Outside, SendFailed
from werkfunk.domain import limits, oncall
from werkfunk.domain.alarm_policy import Policy, words
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.gateways import TEST_TEXT, Contact, Gateway, GatewayError
from werkfunk.domain.oncall import Plan, PlanError, Quiet, Span
from werkfunk.domain.roles import Operation, Subject
from werkfunk.services.conversations import Conversations
from werkfunk.services.directory import Directory
from werkfunk.storage.alarms import AlarmStore, PersonRow
from werkfunk.wire import alarms as bodies
from werkfunk.wire.api import Empty

S = TypeVar("S", bound=msgspec.Struct)
DAY_MS = 86_400_000


class StoredGateway(msgspec.Struct):
    """A gateway with its secret, as it lies sealed in the store."""

    gateway: Gateway
    secret: str = ""


class StoredHook(msgspec.Struct):
    """A machine's access with its secret."""

    hook: bodies.Hook
    secret: str


def zone_of(name: str) -> tzinfo:
    """A time zone. Raises Failure MALFORMED."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise Failure(Code.MALFORMED, "there is no such time zone") from error


class AlarmSettings:
    """See the module."""

    def __init__(
        self, store: AlarmStore, directory: Directory, conversations: Conversations, outside: Outside, clock: Clock
    ) -> None:
        self._store = store
        self._directory = directory
        self._conversations = conversations
        self._outside = outside
        self._clock = clock

    async def _all(self, kind: str, form: type[S]) -> dict[bytes, S]:
        return {key: msgspec.json.decode(data, type=form) for key, data in (await self._store.settings(kind)).items()}

    async def _put(self, kind: str, key: bytes, value: msgspec.Struct) -> None:
        if not await self._store.put_setting(kind, key, msgspec.json.encode(value), limits.ALARM_SETTINGS_MAX - 1):
            raise Failure(Code.RATE_LIMITED, f"too many: {kind}")

    async def drop(self, kind: str, key: bytes) -> Empty:
        """Delete a setting."""
        if not await self._store.drop_setting(kind, key):
            raise Failure(Code.NOT_FOUND)
        return Empty()

    # -- policies

    async def policies(self) -> bodies.Policies:
        """All policies."""
        found = await self._all("policy", Policy)
        return bodies.Policies(
            policies=[
                bodies.PolicyEntry(id=key, policy=policy, words=words(policy, _short, _short))
                for key, policy in found.items()
            ]
        )

    async def policy(self, key: bytes) -> Policy:
        """One policy. Raises Failure NOT_FOUND."""
        data = await self._store.setting("policy", key)
        if data is None:
            raise Failure(Code.NOT_FOUND, "policy")
        return msgspec.json.decode(data, type=Policy)

    async def put_policy(self, key: bytes, policy: Policy) -> Empty:
        """Set a policy; the people and plans that it names must be there."""
        plans = await self._store.settings("plan")
        for step in policy.steps:
            self._known(step.to.people)
            if step.to.plan is not None and step.to.plan not in plans:
                raise Failure(Code.MALFORMED, "there is no such plan")
        await self._put("policy", key, policy)
        return Empty()

    def _known(self, users: Iterable[bytes]) -> None:
        if any(self._directory.founded().role(user) is None for user in users):
            raise Failure(Code.MALFORMED, "there is no such person")

    # -- gateways

    async def gateways(self) -> bodies.Gateways:
        """All gateways, without their secrets."""
        return bodies.Gateways(
            gateways=[
                bodies.GatewayEntry(id=key, gateway=stored.gateway, secret_set=bool(stored.secret))
                for key, stored in (await self.stored_gateways()).items()
            ]
        )

    async def stored_gateways(self) -> dict[bytes, StoredGateway]:
        """All gateways with their secrets, for the sender."""
        return await self._all("gateway", StoredGateway)

    async def put_gateway(self, key: bytes, body: bodies.PutGateway) -> Empty:
        """Set a gateway that the operator allows."""
        try:
            self._outside.check(body.gateway)
        except GatewayError as error:
            raise Failure(Code.GATEWAY_REFUSED, str(error)) from error
        secret = body.secret
        if secret is None:
            old = (await self.stored_gateways()).get(key)
            # A secret never follows to another host: whoever sets the gateway anew must know it.
            same = old is not None and old.gateway.via == body.gateway.via
            secret = old.secret if old is not None and same else ""
        await self._put("gateway", key, StoredGateway(body.gateway, secret))
        return Empty()

    async def test_gateway(self, key: bytes, to: str) -> Empty:
        """Send a test message now. Raises Failure GATEWAY_FAILED."""
        stored = (await self.stored_gateways()).get(key)
        if stored is None:
            raise Failure(Code.NOT_FOUND)
        mail = stored.gateway.channel == "mail"
        try:
            contact = msgspec.convert({"mail" if mail else "phone": to}, Contact)
            await self._outside.send(stored.gateway, stored.secret, to, TEST_TEXT, 1, secrets.token_hex(16))
        except msgspec.ValidationError as error:
            raise Failure(Code.MALFORMED, "to") from error
        except SendFailed as error:
            raise Failure(Code.GATEWAY_FAILED, error.code) from error
        assert contact
        return Empty()

    # -- machine accesses

    async def hooks(self) -> bodies.Hooks:
        """All machine accesses, without their secrets."""
        found = await self._all("hook", StoredHook)
        return bodies.Hooks(hooks=[bodies.HookEntry(id=key, hook=stored.hook) for key, stored in found.items()])

    async def stored_hook(self, key: bytes) -> StoredHook | None:
        """A machine's access."""
        data = await self._store.setting("hook", key)
        return None if data is None else msgspec.json.decode(data, type=StoredHook)

    async def put_hook(self, subject: Subject, key: bytes, hook: bodies.Hook) -> bodies.HookEntry:
        """Set a machine's access to conversations of which the asker is a member; a new one gets a secret."""
        for conversation in hook.conversations:
            await self._conversations.room_for(subject, conversation, Operation.READ_EVENTS)
        if hook.policy is not None:
            await self.policy(hook.policy)
        old = await self.stored_hook(key)
        secret = old.secret if old else secrets.token_hex(32)
        await self._put("hook", key, StoredHook(hook, secret))
        return bodies.HookEntry(id=key, hook=hook, secret="" if old else secret)

    # -- on-call plans

    async def all_plans(self) -> dict[bytes, Plan]:
        """All plans."""
        return await self._all("plan", Plan)

    async def plans(self) -> bodies.Plans:
        """All plans, who is on now, and the rests that will be too short."""
        now = self._clock()
        found = await self.all_plans()
        short = self._short_rests(found, now, now + 28 * DAY_MS)
        return bodies.Plans(plans=[self._entry(key, plan, now, short) for key, plan in found.items()])

    def _entry(self, key: bytes, plan: Plan, now: int, short: list[bodies.ShortRest]) -> bodies.PlanEntry:
        zone = zone_of(plan.zone)
        own = {s.person for s in oncall.spans(plan, zone, now, now + 28 * DAY_MS)}
        rests = [rest for rest in short if rest.user in own]
        return bodies.PlanEntry(id=key, plan=plan, now=oncall.on_call(plan, zone, now), short_rests=rests)

    @staticmethod
    def _short_rests(plans: dict[bytes, Plan], begins: int, ends: int) -> list[bodies.ShortRest]:
        """Over all plans together: rest lies between any two shifts of a person."""
        work: list[Span] = []
        for plan in plans.values():
            if plan.work:
                work += oncall.spans(plan, zone_of(plan.zone), begins - DAY_MS, ends)
        return [
            bodies.ShortRest(user=short.person, ends=short.ends, begins=short.begins)
            for short in oncall.short_rests(work)
        ]

    def _check_plan(self, plan: Plan) -> None:
        try:
            oncall.check(plan, zone_of(plan.zone))
        except PlanError as error:
            raise Failure(Code.MALFORMED, str(error)) from error
        self._known(person for rotation in plan.rotations for person in rotation.people)
        self._known(shift.person for shift in plan.shifts)
        self._known(o.person for o in plan.overrides if o.person is not None)

    async def put_plan(self, key: bytes, plan: Plan) -> bodies.PlanEntry:
        """Set a plan; gives it back with the rests that it would break."""
        self._check_plan(plan)
        await self._put("plan", key, plan)
        now = self._clock()
        short = self._short_rests(await self.all_plans(), now, now + 28 * DAY_MS)
        return self._entry(key, plan, now, short)

    async def preview_plan(self, key: bytes, plan: Plan) -> bodies.Spans:
        """The next four weeks as they would be with this plan, beside the others; nothing is kept."""
        self._check_plan(plan)
        now = self._clock()
        return self._spans({**await self.all_plans(), key: plan}, key, now, now + 28 * DAY_MS)

    async def spans(self, key: bytes, begins: int, ends: int) -> bodies.Spans:
        """Who is on call between two moments."""
        plans = await self.all_plans()
        if key not in plans:
            raise Failure(Code.NOT_FOUND)
        if not begins < ends <= begins + limits.PLAN_DAYS * DAY_MS:
            raise Failure(Code.MALFORMED, "begins, ends")
        return self._spans(plans, key, begins, ends)

    def _spans(self, plans: dict[bytes, Plan], key: bytes, begins: int, ends: int) -> bodies.Spans:
        plan = plans[key]
        found = oncall.spans(plan, zone_of(plan.zone), begins, ends)
        own = {span.person for span in found}
        short = [rest for rest in self._short_rests(plans, begins, ends) if rest.user in own]
        entries = [bodies.SpanEntry(user=s.person, begins=s.begins, ends=s.ends) for s in found]
        return bodies.Spans(spans=entries, short_rests=short)

    async def on_call(self, plan: bytes | None = None) -> set[bytes]:
        """Who is on call now, in one plan or in any."""
        now = self._clock()
        return {
            user
            for key, found in (await self.all_plans()).items()
            if plan in (None, key)
            for user in oncall.on_call(found, zone_of(found.zone), now)
        }

    # -- each person for itself

    async def own_duty(self, subject: Subject) -> bodies.OwnDuty:
        """The asker's status, quiet hours and contact."""
        row = (await self._store.people([subject.user])).get(subject.user)
        if row is None:
            return bodies.OwnDuty()
        return msgspec.convert(
            {
                "duty": row.duty or None,
                "quiet": msgspec.json.decode(row.quiet) if row.quiet else None,
                "contact": msgspec.json.decode(row.contact) if row.contact else None,
            },
            bodies.OwnDuty,
        )

    async def set_duty(self, subject: Subject, body: bodies.OwnDuty) -> Empty:
        """Overwrite them: the present value only, no history."""
        quiet = b""
        if body.quiet is not None:
            zone_of(body.quiet.zone)
            quiet = msgspec.json.encode(body.quiet)
        contact = b"" if body.contact is None else msgspec.json.encode(body.contact)
        await self._store.put_person(PersonRow(subject.user, body.duty or "", quiet, contact))
        return Empty()

    async def duties(self) -> bodies.Duties:
        """Everybody's present status, if set, and who is on call."""
        users = [user for user in self._directory.users if self._directory.founded().role(user) is not None]
        rows = await self._store.people(users)
        called = await self.on_call()
        people = []
        for user in users:
            duty = rows[user].duty if user in rows else ""
            if duty or user in called:
                values = {"user": user, "duty": duty or None, "on_call": user in called}
                people.append(msgspec.convert(values, bodies.DutyEntry))
        return bodies.Duties(people=people)

    async def persons(self, users: Iterable[bytes]) -> dict[bytes, PersonRow]:
        """People's own settings."""
        return await self._store.people(list(users))

    async def off_duty(self, users: Iterable[bytes]) -> set[bytes]:
        """Who is on a break or has finished work, and is not on call. Who has said nothing counts as on duty."""
        rows = await self.persons(users)
        return {user for user, row in rows.items() if row.duty in ("break", "off")} - await self.on_call()

    async def in_quiet(self, users: Iterable[bytes]) -> set[bytes]:
        """Whose quiet hours it is."""
        now = self._clock()
        found = set()
        for user, row in (await self.persons(users)).items():
            if row.quiet:
                quiet = msgspec.json.decode(row.quiet, type=Quiet)
                if oncall.is_quiet(quiet, zone_of(quiet.zone) or UTC, now):
                    found.add(user)
        return found


def _short(key: bytes) -> str:
    return key.hex()[:8]
