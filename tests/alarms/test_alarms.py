"""Alarms from the client library through a real server: raise, answer, watch, escalate, end, report."""

import hashlib
import hmac
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from integration.raw import ask, code
from werkfunk.domain.alarms import COMING, MINUTES, NOT_COMING, Stage, Status
from werkfunk.domain.gateways import Contact
from werkfunk.domain.oncall import Plan, Quiet
from werkfunk.domain.roles import Role
from werkfunk.protocol.content import Alarm, AlarmTemplate
from werkfunk.sdk import account, alarm_report
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed
from werkfunk.wire import alarms as bodies
from werkfunk.wire import frames

from .conftest import AlarmFirm

POLICY = {"name": "Notfall", "repeat_every": 60, "repeat_times": 1, "steps": [], "stop": {"coming": 2}}


def alarm(text: str = "Unfall am Gerüst", **more: Any) -> Alarm:
    return Alarm(os.urandom(16), 3, text, **more)


async def refused(work: Any) -> str:
    with pytest.raises(NotAllowed) as no:
        await work
    return no.value.code


async def policy(place: AlarmFirm, **changes: Any) -> bytes:
    await place.anna.alarm_settings.put_policy({**POLICY, **changes})
    return await place.anna.alarm_settings.policy_named("Notfall")


async def test_an_alarm_is_heard_answered_watched_and_ended(place: AlarmFirm) -> None:
    content = alarm(answers=((7, "Bringe die Pumpe"),))
    raised = await place.anna.alarms.raise_([place.firm.group], content, policy=await policy(place), counting=[7])
    assert (raised.called, raised.watching, raised.status) == (2, True, Status.RUNNING)
    for name in ("Bernd", "Clara"):
        frame = await place.ears[name].until(frames.Alarm)
        assert isinstance(frame, frames.Alarm)
        assert (frame.alarm, frame.level, frame.called, frame.drill) == (content.alarm, 3, True, False)
    # Both devices report by themselves that they have got it: the raiser's board shows it.
    while not all(p.delivered for p in (await place.anna.alarms.info(content.alarm)).people):
        await place.ears["Anna"].until(frames.AlarmBoard)
    await place.bernd.alarms.report(content.alarm, Stage.DISPLAYED)
    await place.bernd.alarms.report(content.alarm, Stage.ACKNOWLEDGED, 7, "bin schon im Lager")
    board = await place.ears["Anna"].until(frames.AlarmBoard, coming=1)
    assert isinstance(board, frames.AlarmBoard)
    assert (board.changes[-1].user, board.changes[-1].stage, board.changes[-1].code) == (
        place.bernd.core.keys.user,
        3,
        7,
    )
    await place.clara.alarms.report(content.alarm, Stage.ACKNOWLEDGED, MINUTES + 15)
    await place.ears["Bernd"].until(frames.Alarm, status=Status.REACHED)
    await place.anna.alarms.end(content.alarm)
    for name in ("Anna", "Bernd", "Clara"):
        await place.ears[name].until(frames.Alarm, status=Status.ENDED)
    assert await refused(place.clara.alarms.report(content.alarm, Stage.ACKNOWLEDGED, COMING)) == "expired"

    await place.anna.core.catch_up(place.firm.group)
    document = await alarm_report.document(place.anna, content.alarm)
    assert document["text"] == "Unfall am Gerüst"
    assert (document["coming"], document["missing"], document["ended_by"]) == (2, [], "Anna")
    people = {p["name"]: (p["state"], p["answer"], p["words"]) for p in document["people"]}
    assert people == {
        "Bernd": ("acknowledged", "Bringe die Pumpe", ["bin schon im Lager"]),
        "Clara": ("acknowledged", "Komme in 15 min", []),
    }
    assert [m["what"] for m in document["timeline"]] == ["raised", "reached", "ended"]
    assert document == msgspec.json.decode(msgspec.json.encode(document))


async def test_who_connects_later_is_called_then(place: AlarmFirm) -> None:
    await place.bernd.core.disconnect()
    content = alarm()
    await place.anna.alarms.raise_([place.firm.group], content)
    while not any(p.delivered for p in (await place.anna.alarms.info(content.alarm)).people):
        await place.ears["Anna"].until(frames.AlarmBoard)
    # A minute later nothing of his has reported: he is said to be out of reach, in the report too.
    place.pass_time(61)
    people = {p.user: p.unreachable for p in (await place.anna.alarms.info(content.alarm)).people}
    assert people == {place.bernd.core.keys.user: True, place.clara.core.keys.user: False}
    await place.anna.core.catch_up(place.firm.group)
    said = {p["name"]: p["state"] for p in (await alarm_report.document(place.anna, content.alarm))["people"]}
    assert said == {"Bernd": "unreachable", "Clara": "delivered"}
    again = Client(place.firm.folder / "Bernd")
    heard: list[object] = []
    again.alarms.heard = heard.append
    await again.connect()
    assert [f.alarm for f in heard if isinstance(f, frames.Alarm)] == [content.alarm]
    found = again.alarms.text(content.alarm)
    assert found is not None
    assert found.content == content
    await again.close()


async def test_who_may_do_what(place: AlarmFirm) -> None:
    dora = await place.newcomer("Dora")
    content = alarm()
    await place.bernd.alarms.raise_([place.firm.group], content)
    # Dora is not called: for her it does not exist.
    for work in (
        dora.alarms.info(content.alarm), dora.alarms.end(content.alarm), dora.alarms.report(content.alarm, Stage.ACKNOWLEDGED, COMING),
        place.anna.alarms.info(os.urandom(16)),
    ):  # fmt: skip
        assert await refused(work) == "not_found"
    # Nor can she raise one there with a message that she has got hold of.
    stolen = await place.bernd.outbox.sealed(place.firm.group, os.urandom(16), alarm())
    body = bodies.RaiseAlarm(alarm=os.urandom(16), level=3, messages=[bodies.AlarmMessage(event=stolen)])
    assert await refused(dora.core.transport.call("raise_alarm", bodies.AlarmInfo, body)) == "protocol_refused"
    # Clara is called: she sees the numbers, not the others, and cannot end it. Anna leads the group.
    seen = await place.clara.alarms.info(content.alarm)
    assert (seen.watching, seen.people, seen.marks, seen.called) == (False, [], [], 2)
    assert await refused(place.clara.alarms.end(content.alarm)) == "forbidden"
    assert await refused(alarm_report.document(place.clara, content.alarm)) == "forbidden"
    assert len((await place.anna.alarms.info(content.alarm)).people) == 2
    assert await refused(place.bernd.alarms.report(content.alarm, Stage.ACKNOWLEDGED, COMING)) == "not_found"
    await place.anna.alarms.end(content.alarm, cancelled=True)
    await place.anna.alarms.end(content.alarm)
    assert (await place.bernd.alarms.info(content.alarm)).status == Status.CANCELLED
    # Somebody else's id is not taken over.
    await place.anna.alarms.raise_([place.firm.group], alarm())
    assert await refused(place.anna.alarms.raise_([place.firm.group], content)) == "conflict"


async def test_a_guest_answers_but_raises_nothing(place: AlarmFirm) -> None:
    link = await place.anna.office.invite(Role.GUEST, 1, now() + 60_000)
    await account.join(link, place.firm.folder / "Gast", "Gast", "Test")
    guest = place.firm.clients["Gast"] = Client(place.firm.folder / "Gast")
    await guest.connect()
    await place.anna.add(place.firm.group, [guest.core.keys.user])
    await guest.connect()
    content = alarm()
    await place.anna.alarms.raise_([place.firm.group], content)
    await guest.alarms.report(content.alarm, Stage.ACKNOWLEDGED, NOT_COMING)
    assert await refused(guest.alarms.raise_([place.firm.group], alarm())) == "forbidden"
    await place.anna.remove(place.firm.group, [guest.core.keys.user])
    later = alarm()
    await place.anna.alarms.raise_([place.firm.group], later)
    assert await refused(guest.alarms.info(later.alarm)) == "not_found"


async def test_raising_twice_raises_once_and_nobody_is_an_error(place: AlarmFirm) -> None:
    content = alarm()
    first = await place.anna.alarms.raise_([place.firm.group], content)
    again = await place.anna.alarms.raise_([place.firm.group], content)
    assert (again.alarm, again.started) == (first.alarm, first.started)
    assert len(await place.bernd.alarms.recent()) == 1
    alone = await place.anna.create("Allein", [])
    assert await refused(place.anna.alarms.raise_([alone], alarm())) == "nobody_called"


async def test_on_duty_leaves_out_who_has_finished(place: AlarmFirm) -> None:
    await place.bernd.alarm_settings.set_duty(bodies.OwnDuty(duty="off"))
    raised = await place.anna.alarms.raise_([place.firm.group], alarm(), on_duty=True)
    assert [p.user for p in raised.people] == [place.clara.core.keys.user]
    # Who is on call is called all the same.
    await place.anna.alarm_settings.put_plan(
        {"name": "Wasser", "rotations": [{"people": ["Bernd"], "start": "2026-01-05"}]}
    )
    assert (await place.anna.alarms.raise_([place.firm.group], alarm(), on_duty=True)).called == 2
    duties = {d.user: (d.duty, d.on_call) for d in await place.clara.alarm_settings.duties()}
    assert duties == {place.bernd.core.keys.user: ("off", True)}
    await place.bernd.alarm_settings.set_duty(bodies.OwnDuty())
    assert await place.bernd.alarm_settings.own_duty() == bodies.OwnDuty()


async def gateways(place: AlarmFirm) -> None:
    settings = place.anna.alarm_settings
    mail = {
        "kind": "smtp",
        "host": "127.0.0.1",
        "port": place.mails.port,
        "tls": "none",
        "sender": "funk@firma.example",
    }
    await settings.put_gateway({"name": "Mail", "channel": "mail", "via": mail}, None)
    body = '{"to": "{to}", "text": "{text}", "key": "{secret}"}'
    web = {"kind": "https", "url": f"https://localhost:{place.web.port}/sms", "body": body}
    await settings.put_gateway({"name": "SMS", "channel": "sms", "via": web}, "s3cret")


async def test_without_answers_it_escalates_to_mail_sms_and_the_person_on_call(place: AlarmFirm) -> None:
    dora = await place.newcomer("Dora")
    await dora.alarm_settings.set_duty(
        bodies.OwnDuty(contact=Contact(phone="+491511234567", mail="dora@firma.example"))
    )
    await gateways(place)
    await place.anna.alarm_settings.put_plan(
        {"name": "Wasser", "rotations": [{"people": ["Dora"], "start": "2026-01-05"}]}
    )
    steps = [
        {"after": 180, "unless": {"coming": 1}, "to": {"plan": "Wasser"}, "via": ["app", "sms", "mail"]},
        {"after": 60, "to": {"silent": True}, "via": ["sms", "voice"]},
    ]
    key = await policy(place, steps=steps)
    said = await place.anna.alarm_settings.words((await place.anna.alarm_settings.policies())[0].policy)
    assert "Nach 3 Minuten ohne 1 Zusage: Bereitschaft „Wasser“ in der App, per SMS und per E-Mail." in said

    content = alarm("Rohrbruch im Keller")
    aside = await place.anna.alarms.aside(key, [place.firm.group])
    await place.anna.alarms.raise_([place.firm.group], content, aside=aside, policy=key)
    await place.ears["Bernd"].until(frames.Alarm)
    place.pass_time(61)
    await place.ears["Bernd"].until(frames.Alarm, round=1)
    assert place.ears["Dora"].heard == []
    place.pass_time(120)
    frame = await place.ears["Dora"].until(frames.Alarm)
    assert isinstance(frame, frames.Alarm)
    assert frame.called
    while not (place.mails.mails and place.web.requests):
        await place.ears["Anna"].until(frames.AlarmBoard)
        await place.anna.alarms.info(content.alarm)
    ((receivers, mail),) = place.mails.mails
    assert receivers == ["dora@firma.example"]
    ((head, body),) = place.web.requests
    text = "Alarm, Stufe Notfall. Bitte Werkfunk öffnen."
    assert msgspec.json.decode(body) == {"to": "+491511234567", "text": text, "key": "s3cret"}
    whole = (head.encode() + body + mail.as_bytes()).lower()
    assert b"rohrbruch" not in whole
    assert b"keller" not in whole
    # Dora can read what it is about, though she is not in the group.
    await dora.connect()
    found = dora.alarms.text(content.alarm)
    assert found is not None
    assert isinstance(found.content, Alarm)
    assert found.content.text == "Rohrbruch im Keller"

    place.pass_time(61)
    info = await place.anna.alarms.info(content.alarm)
    while [m.kind for m in info.marks] != ["raised", "repeated", "escalated", "escalated"]:
        info = await place.anna.alarms.info(content.alarm)
    while any(s.state == "waiting" for s in info.sends):
        info = await place.anna.alarms.info(content.alarm)
    name = place.anna.core.chains.name
    log = sorted((s.step, name(s.user), s.state, s.error) for s in info.sends)
    assert log == [
        (1, "Dora", "sent", ""), (1, "Dora", "sent", ""),
        (2, "Bernd", "failed", "no_contact"), (2, "Bernd", "failed", "no_gateway"), (2, "Clara", "failed", "no_contact"),
        (2, "Clara", "failed", "no_gateway"), (2, "Dora", "failed", "no_gateway"), (2, "Dora", "sent", ""),
    ]  # fmt: skip
    assert len(await place.anna.alarm_settings.sends()) == 8


async def test_a_message_that_fails_is_tried_again_until_the_alarm_has_ended(place: AlarmFirm) -> None:
    await place.bernd.alarm_settings.set_duty(bodies.OwnDuty(contact=Contact(phone="+491511234567")))
    await gateways(place)
    place.web.answers = ["503 Busy", "200 OK"]
    key = await policy(place, repeat_every=0, steps=[{"after": 5, "to": {"people": ["Bernd"]}, "via": ["sms"]}])
    content = alarm(drill=True)
    await place.anna.alarms.raise_([place.firm.group], content, policy=key)
    place.pass_time(5)
    info = await place.anna.alarms.info(content.alarm)
    while not (info.sends and info.sends[0].error == "status_503"):
        info = await place.anna.alarms.info(content.alarm)
    assert (info.sends[0].state, info.sends[0].attempts) == ("waiting", 1)
    place.pass_time(10)
    place.firm.server.alarm_sender.pulse.wake()
    while info.sends[0].state == "waiting":
        info = await place.anna.alarms.info(content.alarm)
    assert (info.sends[0].state, info.sends[0].attempts) == ("sent", 2)
    keys = [
        next(line for line in head.split("\r\n") if line.startswith("idempotency-key"))
        for head, _ in place.web.requests
    ]
    assert keys[0] == keys[1], "a repeated attempt can be told"
    assert "ÜBUNG" in place.web.requests[0][1].decode()


async def test_a_step_calls_by_telephone_through_a_gateway_for_calls_alone(place: AlarmFirm) -> None:
    await place.bernd.alarm_settings.set_duty(bodies.OwnDuty(contact=Contact(phone="+491511234567")))
    await gateways(place)
    via = {
        "kind": "https",
        "url": f"https://localhost:{place.web.port}/call",
        "body": '{"call": "{to}", "say": "{text}"}',
    }
    await place.anna.alarm_settings.put_gateway({"name": "Anrufe", "channel": "voice", "via": via}, None)
    key = await policy(place, repeat_every=0, steps=[{"after": 5, "to": {"people": ["Bernd"]}, "via": ["voice"]}])
    content = alarm()
    await place.anna.alarms.raise_([place.firm.group], content, policy=key)
    place.pass_time(5)
    info = await place.anna.alarms.info(content.alarm)
    while not (info.sends and info.sends[0].state == "sent"):
        info = await place.anna.alarms.info(content.alarm)
    ((head, body),) = place.web.requests
    assert head.startswith("POST /call ")
    text = "Alarm, Stufe Notfall. Bitte Werkfunk öffnen."
    assert msgspec.json.decode(body) == {"call": "+491511234567", "say": text}


async def test_gateways_are_the_admins_and_their_secret_never_comes_back(place: AlarmFirm) -> None:
    await gateways(place)
    settings = place.anna.alarm_settings
    shown = {entry.gateway.name: entry for entry in await settings.gateways()}
    assert (shown["SMS"].secret_set, shown["Mail"].secret_set) == (True, False)
    assert b"s3cret" not in msgspec.json.encode(list(shown.values()))
    await settings.test_gateway("Mail", "anna@firma.example")
    assert place.mails.mails[0][0] == ["anna@firma.example"]
    assert await refused(settings.test_gateway("Mail", "+49151123456")) == "malformed"
    place.web.answers = ["401 No"]
    assert await refused(settings.test_gateway("SMS", "+491511234567")) == "gateway_failed"
    moved = {"kind": "https", "url": f"https://localhost:{place.web.port}/elsewhere", "body": "{secret}"}
    await settings.put_gateway({"name": "SMS", "channel": "sms", "via": moved}, None)
    assert not next(e for e in await settings.gateways() if e.gateway.name == "SMS").secret_set, (
        "a secret does not move along"
    )
    foreign = {"kind": "https", "url": "https://evil.example/", "body": ""}
    assert (
        await refused(settings.put_gateway({"name": "X", "channel": "sms", "via": foreign}, None)) == "gateway_refused"
    )
    for work in (place.bernd.alarm_settings.gateways(), place.bernd.alarm_settings.sends()):
        assert await refused(work) == "forbidden"


async def test_a_machine_raises_by_a_signed_request(place: AlarmFirm) -> None:
    hook = bodies.Hook(name="Brandmelder", conversations=[place.firm.group], level_most=2)
    entry = await place.anna.alarm_settings.put_hook(hook)
    assert await refused(place.bernd.alarm_settings.put_hook(hook)) == "forbidden"
    template = AlarmTemplate(os.urandom(16), "Brandmelder", "Melder Halle 2", 2)
    await place.anna.alarms.put_template([place.firm.group], template)

    def call(level: int = 2, time: int = 0, secret: str = entry.secret, **more: Any) -> bytes:
        time = time or place.clock()
        text = f"werkfunk-alarm.{entry.id.hex()}.{time}.{template.template.hex()}.{level}"
        signature = hmac.new(bytes.fromhex(secret), text.encode(), hashlib.sha256).hexdigest()
        values = {"time": time, "level": level, "template": template.template.hex(), "signature": signature, **more}
        return msgspec.json.encode(values)

    async def post(content: bytes, hook: bytes = entry.id) -> Any:
        headers = {"content-type": "application/json"}
        return await ask(place.firm.base, "POST", f"/v1/hooks/{hook.hex()}", content=content, headers=headers)

    good = call()
    answer = await post(good)
    assert answer.status_code == 200
    frame = await place.ears["Bernd"].until(frames.Alarm)
    assert isinstance(frame, frames.Alarm)
    assert (frame.raiser, frame.level, frame.template) == (b"", 2, template.template)
    await place.bernd.core.catch_up(place.firm.group)
    summary = alarm_report.summary(place.bernd, await place.bernd.alarms.info(frame.alarm))
    assert (summary["text"], summary["signed"], summary["raiser"]) == ("Melder Halle 2", False, "")
    # The same request again changes nothing.
    assert (await post(good)).json() == answer.json()
    assert len(await place.anna.alarms.recent()) == 1
    for bad, expected in (
        (call(secret="00" * 32), "not_found"), (call(level=3), "forbidden"), (call(time=place.clock() - 301_000), "expired"),
        (call(text="Feuer!"), "malformed"), (call(signature="zz"), "malformed"), (b"{}", "malformed"), (bytes(300_000), "body_too_large"),
    ):  # fmt: skip
        assert code(await post(bad)) == expected
    assert code(await post(good, os.urandom(16))) == "not_found"
    assert len(await place.anna.alarms.recent()) == 1


async def test_plans_warn_of_short_rests(place: AlarmFirm) -> None:
    shifts = [
        {"person": "Bernd", "begins": "2099-01-01T12:00", "ends": "2099-01-01T22:00"},
        {"person": "Bernd", "begins": "2099-01-02T06:00", "ends": "2099-01-02T14:00"},
    ]
    settings = place.anna.alarm_settings
    entry = await settings.put_plan({"name": "Schicht", "work": True, "shifts": shifts})
    transport = place.anna.core.transport
    day = 4_070_908_800_000  # 2099-01-01 UTC
    spans = await transport.call(
        "spans", bodies.Spans, ids={"plan": entry.id}, query={"begins": day, "ends": day + 2 * 86_400_000}
    )
    assert len(spans.spans) == 2
    assert [(r.begins - r.ends) / 3_600_000 for r in spans.short_rests] == [8]
    for begins, ends in ((day, day), (day, day + 93 * 86_400_000)):
        query = {"begins": begins, "ends": ends}
        assert await refused(transport.call("spans", bodies.Spans, ids={"plan": entry.id}, query=query)) == "malformed"
    assert await refused(settings.put_plan({"name": "x", "zone": "Mars/Olympus"})) == "malformed"
    assert await refused(place.bernd.alarm_settings.put_plan({"name": "x"})) == "forbidden"
    readable = await settings.readable(entry.plan)
    assert readable["shifts"][0]["person"] == "Bernd"


async def test_a_preview_warns_before_anything_is_kept(place: AlarmFirm) -> None:
    settings, first = place.anna.alarm_settings, datetime.now(UTC) + timedelta(days=2)
    second = first + timedelta(days=1)
    late = {"person": "Bernd", "begins": f"{first:%Y-%m-%d}T12:00", "ends": f"{first:%Y-%m-%d}T22:00"}
    early = {"person": "Bernd", "begins": f"{second:%Y-%m-%d}T06:00", "ends": f"{second:%Y-%m-%d}T14:00"}

    def asked(client: Client, *shifts: Any, key: bytes) -> Any:
        plan = settings.convert({"name": "Früh", "zone": "UTC", "work": True, "shifts": list(shifts)}, Plan, {})
        return client.core.transport.call("preview_plan", bodies.Spans, bodies.PutPlan(plan=plan), ids={"plan": key})

    key = os.urandom(16)
    fine = await asked(place.anna, late, key=key)
    assert (len(fine.spans), fine.short_rests) == (1, [])
    broken = await asked(place.anna, late, early, key=key)
    assert [(r.begins - r.ends) / 3_600_000 for r in broken.short_rests] == [8]
    assert await settings.plans() == []
    kept = await settings.put_plan({"name": "Spät", "zone": "UTC", "work": True, "shifts": [late]})
    # Rest lies between all plans together, and a plan's own new form takes the place of its old one.
    assert len((await asked(place.anna, early, key=key)).short_rests) == 1
    assert (await asked(place.anna, early, key=kept.id)).short_rests == []
    assert await refused(asked(place.bernd, late, key=key)) == "forbidden"
    assert await refused(asked(place.anna, {**late, "begins": late["ends"]}, key=key)) == "malformed"


async def test_a_live_frame_of_a_stranger_changes_nothing(place: AlarmFirm) -> None:
    dora = await place.newcomer("Dora")
    content = alarm()
    await place.anna.alarms.raise_([place.firm.group], content)
    for frame in (
        frames.AlarmSeen(content.alarm, 2), frames.AlarmSeen(content.alarm, 3), frames.AlarmSeen(content.alarm, -1),
        frames.AlarmSeen(b"", 1), frames.AlarmSeen(os.urandom(16), 2),
    ):  # fmt: skip
        await dora.core.channel.send(frame)
    await place.bernd.core.channel.send(frames.AlarmSeen(content.alarm, 99))
    await place.bernd.alarms.report(content.alarm, Stage.DISPLAYED)
    info = await place.anna.alarms.info(content.alarm)
    assert {p.user for p in info.people} == {place.bernd.core.keys.user, place.clara.core.keys.user}
    assert not any(p.acknowledged for p in info.people)


async def test_quiet_hours_have_a_form(place: AlarmFirm) -> None:
    quiet = Quiet(begins="20:00", ends="06:00")
    await place.bernd.alarm_settings.set_duty(bodies.OwnDuty(quiet=quiet))
    assert (await place.bernd.alarm_settings.own_duty()).quiet == quiet
    for zone in ("Mars/Olympus", "..", "/etc/passwd", "a" * 64):
        body = bodies.OwnDuty(quiet=Quiet(begins="20:00", ends="06:00", zone=zone))
        assert await refused(place.bernd.alarm_settings.set_duty(body)) == "malformed"


def test_the_report_is_a_file(tmp_path: Path) -> None:
    from werkfunk.cli.alarms import code_of, read_json, write_json

    write_json(tmp_path / "r.json", {"a": "ä"})
    assert read_json(tmp_path / "r.json") == {"a": "ä"}
    assert [code_of(a) for a in ("", "coming", "not-coming", "15m", "7")] == [0, COMING, NOT_COMING, MINUTES + 15, 7]
