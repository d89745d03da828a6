"""The routes of alarms, on-call plans and duty (see `wire/routes.py`)."""

from werkfunk.domain import limits
from werkfunk.domain.roles import Operation
from werkfunk.wire import alarms as bodies
from werkfunk.wire.api import Empty
from werkfunk.wire.route import Route

RAISE, ANSWER = Operation.RAISE_ALARM, Operation.ANSWER_ALARM
READ, MANAGE, DUTY = Operation.READ_ALARM_SETTINGS, Operation.MANAGE_ALARMS, Operation.SET_DUTY
BIG = limits.STATEMENT_BODY_MAX

ROUTES: tuple[Route, ...] = (
    Route("raise_alarm", "POST", "/v1/alarms", bodies.AlarmInfo, bodies.RaiseAlarm, RAISE, body_max=BIG, summary="Raise an alarm."),
    Route("alarms", "GET", "/v1/alarms", bodies.AlarmList, None, ANSWER, summary="The newest alarms of the asker."),
    Route("alarm", "GET", "/v1/alarms/{alarm}", bodies.AlarmInfo, None, ANSWER, summary="One alarm; for raiser and leads with everybody."),
    Route("report_alarm", "POST", "/v1/alarms/{alarm}/report", Empty, bodies.ReportAlarm, ANSWER, summary="Reached, shown, answered."),
    Route("end_alarm", "POST", "/v1/alarms/{alarm}/end", Empty, bodies.EndAlarm, ANSWER, summary="All-clear, by raiser or lead."),
    Route("hook_alarm", "POST", "/v1/hooks/{hook}", bodies.HookDone, bodies.HookCall, summary="A machine raises an alarm."),
    Route("alarm_sends", "GET", "/v1/alarm-sends", bodies.Sends, None, MANAGE, summary="The delivery log of the gateways."),
    Route("policies", "GET", "/v1/alarm-policies", bodies.Policies, None, READ, summary="All policies."),
    Route("put_policy", "PUT", "/v1/alarm-policies/{policy}", Empty, bodies.PutPolicy, MANAGE, summary="Set a policy."),
    Route("drop_policy", "DELETE", "/v1/alarm-policies/{policy}", Empty, None, MANAGE, summary="Delete a policy."),
    Route("gateways", "GET", "/v1/alarm-gateways", bodies.Gateways, None, MANAGE, summary="All gateways, without secrets."),
    Route("put_gateway", "PUT", "/v1/alarm-gateways/{gateway}", Empty, bodies.PutGateway, MANAGE, summary="Set a gateway."),
    Route("drop_gateway", "DELETE", "/v1/alarm-gateways/{gateway}", Empty, None, MANAGE, summary="Delete a gateway."),
    Route("test_gateway", "POST", "/v1/alarm-gateways/{gateway}/test", Empty, bodies.TestGateway, MANAGE, summary="Send a test."),
    Route("hooks", "GET", "/v1/alarm-hooks", bodies.Hooks, None, MANAGE, summary="All machine accesses, without secrets."),
    Route("put_hook", "PUT", "/v1/alarm-hooks/{hook}", bodies.HookEntry, bodies.Hook, MANAGE, summary="Set a machine's access; a new one's secret comes back once."),
    Route("drop_hook", "DELETE", "/v1/alarm-hooks/{hook}", Empty, None, MANAGE, summary="Delete a machine's access."),
    Route("plans", "GET", "/v1/on-call-plans", bodies.Plans, None, READ, summary="All on-call plans."),
    Route("put_plan", "PUT", "/v1/on-call-plans/{plan}", bodies.PlanEntry, bodies.PutPlan, MANAGE, summary="Set a plan."),
    Route("preview_plan", "POST", "/v1/on-call-plans/{plan}/preview", bodies.Spans, bodies.PutPlan, MANAGE, summary="The next four weeks with a plan that is not set yet."),
    Route("drop_plan", "DELETE", "/v1/on-call-plans/{plan}", Empty, None, MANAGE, summary="Delete a plan."),
    Route("spans", "GET", "/v1/on-call-plans/{plan}/spans", bodies.Spans, None, READ, ("begins", "ends"), summary="Who is on call between two moments."),
    Route("duties", "GET", "/v1/duty", bodies.Duties, None, READ, summary="Present statuses."),
    Route("own_duty", "GET", "/v1/me/duty", bodies.OwnDuty, None, DUTY, summary="Own status, quiet hours, contact."),
    Route("set_duty", "PUT", "/v1/me/duty", Empty, bodies.OwnDuty, DUTY, summary="Set them."),
)  # fmt: skip
