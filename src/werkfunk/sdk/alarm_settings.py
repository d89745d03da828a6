"""Policies, gateways, machine accesses, on-call plans and duty for the client library, with names instead of ids in JSON.

A policy or plan that people write names persons by name and plans by name; `named` turns such a form into the API's, and
`readable` turns it back.
"""

import base64
import os
from typing import Any, TypeVar

import msgspec

from werkfunk.domain.alarm_policy import Policy, words
from werkfunk.domain.oncall import Plan
from werkfunk.sdk.core import Core
from werkfunk.sdk.errors import Usage
from werkfunk.wire import alarms as bodies
from werkfunk.wire import api

S = TypeVar("S", bound=msgspec.Struct)
PEOPLE = ("people",)
PERSON = ("person", "instead")


class AlarmSettings:
    """See the module."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._call = core.transport.call

    async def policies(self) -> list[bodies.PolicyEntry]:
        """All policies."""
        return (await self._call("policies", bodies.Policies)).policies

    async def plans(self) -> list[bodies.PlanEntry]:
        """All plans, with who is on and rests that are too short."""
        return (await self._call("plans", bodies.Plans)).plans

    async def policy_named(self, name: str) -> bytes:
        """A policy's id by its name. Raises Usage."""
        return _one("policy", name, {entry.id: entry.policy.name for entry in await self.policies()})

    async def plan_named(self, name: str) -> bytes:
        """A plan's id by its name. Raises Usage."""
        return _one("plan", name, {entry.id: entry.plan.name for entry in await self.plans()})

    async def words(self, policy: Policy) -> list[str]:
        """The policy in German sentences, with names."""
        names = {entry.id: entry.plan.name for entry in await self.plans()}
        return words(policy, self._core.chains.name, lambda plan: names.get(plan, "?"))

    async def put_policy(self, form: Any) -> Policy:
        """Set a policy from its readable form; one of the same name is replaced. Raises Usage."""
        policy = self.convert(form, Policy, {entry.plan.name: entry.id for entry in await self.plans()})
        known = {entry.policy.name: entry.id for entry in await self.policies()}
        key = known.get(policy.name) or os.urandom(16)
        await self._call("put_policy", api.Empty, bodies.PutPolicy(policy=policy), ids={"policy": key})
        return policy

    async def put_plan(self, form: Any) -> bodies.PlanEntry:
        """Set a plan from its readable form; one of the same name is replaced. Raises Usage."""
        plan = self.convert(form, Plan, {})
        known = {entry.plan.name: entry.id for entry in await self.plans()}
        key = known.get(plan.name) or os.urandom(16)
        return await self._call("put_plan", bodies.PlanEntry, bodies.PutPlan(plan=plan), ids={"plan": key})

    def convert(self, form: Any, kind: type[S], plans: dict[str, bytes]) -> S:
        """A readable form as the API's. Raises Usage."""
        try:
            return msgspec.json.decode(msgspec.json.encode(self._named(form, plans)), type=kind)
        except msgspec.ValidationError as error:
            raise Usage(f"this is not a {kind.__name__.lower()}: {error}") from error

    def _named(self, form: Any, plans: dict[str, bytes]) -> Any:
        if isinstance(form, list):
            return [self._named(item, plans) for item in form]
        if not isinstance(form, dict):
            return form
        done: dict[str, Any] = {}
        for key, value in form.items():
            if key in PEOPLE and isinstance(value, list):
                done[key] = [_b64(self._core.chains.find(str(item))) for item in value]
            elif key in PERSON and isinstance(value, str):
                done[key] = _b64(self._core.chains.find(value))
            elif key == "plan" and isinstance(value, str):
                if value not in plans:
                    raise Usage(f"there is no on-call plan {value!r}")
                done[key] = _b64(plans[value])
            else:
                done[key] = self._named(value, plans)
        return done

    async def readable(self, value: msgspec.Struct) -> Any:
        """A policy or plan as people write it."""
        names = {entry.id: entry.plan.name for entry in await self.plans()}
        return self._readable(msgspec.to_builtins(value), names)

    def _readable(self, form: Any, plans: dict[bytes, str]) -> Any:
        if isinstance(form, list):
            return [self._readable(item, plans) for item in form]
        if not isinstance(form, dict):
            return form
        done: dict[str, Any] = {}
        for key, value in form.items():
            if key in PEOPLE:
                done[key] = [self._core.chains.name(base64.b64decode(item)) for item in value]
            elif key in PERSON and value is not None:
                done[key] = self._core.chains.name(base64.b64decode(value))
            elif key == "plan" and value is not None:
                done[key] = plans.get(base64.b64decode(value), "?")
            else:
                done[key] = self._readable(value, plans)
        return done

    # -- gateways and machines

    async def gateways(self) -> list[bodies.GatewayEntry]:
        """All gateways."""
        return (await self._call("gateways", bodies.Gateways)).gateways

    async def put_gateway(self, form: Any, secret: str | None) -> bytes:
        """Set a gateway; one of the same name is replaced. Raises Usage."""
        values = {"gateway": form} if secret is None else {"gateway": form, "secret": secret}
        try:
            body = msgspec.convert(values, bodies.PutGateway)
        except msgspec.ValidationError as error:
            raise Usage(f"this is not a gateway: {error}") from error
        known = {entry.gateway.name: entry.id for entry in await self.gateways()}
        key = known.get(body.gateway.name) or os.urandom(16)
        await self._call("put_gateway", api.Empty, body, ids={"gateway": key})
        return key

    async def test_gateway(self, name: str, to: str) -> None:
        """Send a test."""
        key = _one("gateway", name, {entry.id: entry.gateway.name for entry in await self.gateways()})
        await self._call("test_gateway", api.Empty, bodies.TestGateway(to=to), ids={"gateway": key})

    async def sends(self) -> list[bodies.AlarmSend]:
        """The delivery log, newest first."""
        return (await self._call("alarm_sends", bodies.Sends)).sends

    async def put_hook(self, hook: bodies.Hook) -> bodies.HookEntry:
        """A machine's access; the secret of a new one is shown this once."""
        return await self._call("put_hook", bodies.HookEntry, hook, ids={"hook": os.urandom(16)})

    async def hooks(self) -> list[bodies.HookEntry]:
        """All machine accesses, without their secrets."""
        return (await self._call("hooks", bodies.Hooks)).hooks

    async def drop_hook(self, name: str) -> bytes:
        """Withdraw a machine's access; gives its id. Raises Usage."""
        key = _one("machine", name, {entry.id: entry.hook.name for entry in await self.hooks()})
        await self._call("drop_hook", api.Empty, ids={"hook": key})
        return key

    # -- duty

    async def own_duty(self) -> bodies.OwnDuty:
        """Own status, quiet hours, contact."""
        return await self._call("own_duty", bodies.OwnDuty)

    async def set_duty(self, body: bodies.OwnDuty) -> None:
        """Set them."""
        await self._call("set_duty", api.Empty, body)

    async def duties(self) -> list[bodies.DutyEntry]:
        """Present statuses."""
        return (await self._call("duties", bodies.Duties)).people


def _one(what: str, name: str, names: dict[bytes, str]) -> bytes:
    found = [key for key, known in names.items() if known.casefold() == name.casefold() or key.hex() == name]
    if len(found) != 1:
        raise Usage(f"there is no single {what} {name!r}; there are: {', '.join(sorted(names.values())) or 'none'}")
    return found[0]


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
