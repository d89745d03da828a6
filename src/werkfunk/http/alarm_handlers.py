"""The handlers of `wire/alarm_routes.py`."""

from collections.abc import Awaitable, Callable
from typing import Any

from werkfunk.http.call import Call

HANDLERS: dict[str, Callable[[Call], Awaitable[Any]]] = {
    "raise_alarm": lambda c: c.services.alarms.raise_(c.who, c.body),
    "alarms": lambda c: c.services.alarms.list(c.who),
    "alarm": lambda c: c.services.alarms.info(c.who, c.ids["alarm"]),
    "report_alarm": lambda c: c.services.alarms.report(c.who, c.ids["alarm"], c.body),
    "end_alarm": lambda c: c.services.alarms.end(c.who, c.ids["alarm"], cancelled=c.body.cancelled),
    "hook_alarm": lambda c: c.services.alarms.hook(c.ids["hook"], c.body),
    "alarm_sends": lambda c: c.services.alarms.sends(None),
    "policies": lambda c: c.services.alarm_settings.policies(),
    "put_policy": lambda c: c.services.alarm_settings.put_policy(c.ids["policy"], c.body.policy),
    "drop_policy": lambda c: c.services.alarm_settings.drop("policy", c.ids["policy"]),
    "gateways": lambda c: c.services.alarm_settings.gateways(),
    "put_gateway": lambda c: c.services.alarm_settings.put_gateway(c.ids["gateway"], c.body),
    "drop_gateway": lambda c: c.services.alarm_settings.drop("gateway", c.ids["gateway"]),
    "test_gateway": lambda c: c.services.alarm_settings.test_gateway(c.ids["gateway"], c.body.to),
    "hooks": lambda c: c.services.alarm_settings.hooks(),
    "put_hook": lambda c: c.services.alarm_settings.put_hook(c.who, c.ids["hook"], c.body),
    "drop_hook": lambda c: c.services.alarm_settings.drop("hook", c.ids["hook"]),
    "plans": lambda c: c.services.alarm_settings.plans(),
    "put_plan": lambda c: c.services.alarm_settings.put_plan(c.ids["plan"], c.body.plan),
    "preview_plan": lambda c: c.services.alarm_settings.preview_plan(c.ids["plan"], c.body.plan),
    "drop_plan": lambda c: c.services.alarm_settings.drop("plan", c.ids["plan"]),
    "spans": lambda c: c.services.alarm_settings.spans(c.ids["plan"], c.query["begins"], c.query["ends"]),
    "duties": lambda c: c.services.alarm_settings.duties(),
    "own_duty": lambda c: c.services.alarm_settings.own_duty(c.who),
    "set_duty": lambda c: c.services.alarm_settings.set_duty(c.who, c.body),
}
ID_SIZES = {"alarm": 16, "policy": 16, "gateway": 16, "hook": 16, "plan": 16}
