"""What the commands of `alarm.py` do."""

import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from werkfunk.cli.alarm_words import DUTY, LEVELS, SENDS, STAGES, STATUS
from werkfunk.cli.output import Printer
from werkfunk.cli.people import local, moment, opened
from werkfunk.domain.alarms import COMING, MINUTES, MINUTES_MAX, NOT_COMING, SEEN, Level, Stage
from werkfunk.domain.gateways import Contact
from werkfunk.domain.oncall import Quiet
from werkfunk.protocol.content import Alarm, AlarmTemplate
from werkfunk.sdk import alarm_report
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import Usage
from werkfunk.wire import alarms as bodies

BY_NAME = {level.name.lower(): level for level in Level}


def level_of(name: str) -> Level:
    """A level by its name. Raises Usage."""
    if name not in BY_NAME:
        raise Usage(f"there is no level {name!r}; choose one of: {', '.join(BY_NAME)}")
    return BY_NAME[name]


def read_json(path: Path) -> Any:
    """A JSON file. Raises Usage."""
    try:
        return msgspec.json.decode(sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes())
    except msgspec.DecodeError as error:
        raise Usage(f"{path} is not JSON: {error}") from error


def write_json(path: Path, value: Any) -> None:
    """A JSON file for people and machines."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def write_report(path: Path, document: dict[str, Any]) -> None:
    """A report as PDF where the file's name says so, else as JSON."""
    if path.suffix.lower() != ".pdf":
        write_json(path, document)
        return
    from werkfunk.cli import alarm_paper  # not at the top: no other command waits for what writes PDF

    path.write_bytes(alarm_paper.sheets(document))


def read_secret(path: Path | None) -> str | None:
    """A secret from a file: arguments of a command are seen by everybody on the machine."""
    return path.read_text().strip() if path else None


async def targets(client: Client, names: list[str]) -> list[bytes]:
    """Conversations by title, and people by name (their direct conversations). Raises Usage."""
    found = []
    for name in names:
        try:
            found.append(client.find_conversation(name))
        except Usage:
            try:
                user = client.core.chains.find(name)
            except Usage:
                raise Usage(f"there is no conversation and no person called {name!r}") from None
            found.append(await client.alarms.direct(user))
    return list(dict.fromkeys(found))


async def raise_(
    printer: Printer, profile: Path, to: list[str], text: str, template: str, level: str, policy: str, answers: list[str],
    *, on_duty: bool, drill: bool,
) -> None:  # fmt: skip
    """Raise an alarm."""
    own = []
    for item in answers:
        code, _, words = item.partition("=")
        if not code.isdigit() or not words:
            raise Usage(f"{item!r}: write CODE=WORDS, such as 7='Bringe Pumpe'")
        own.append((int(code), words))
    async with opened(profile) as client:
        used = client.alarms.find_template(template) if template else None
        if not text and used is None:
            raise Usage("say what has happened, or name a template")
        urgency = level_of(level) if level else Level(used.level) if used else Level.URGENT
        key = await client.alarm_settings.policy_named(policy) if policy else used.policy if used else None
        content = Alarm(
            os.urandom(16),
            int(urgency),
            text or (used.text if used else ""),
            used.template if used else None,
            tuple(own) or (used.answers if used else None),
            drill=drill or None,
        )
        call = await targets(client, to)
        aside = await client.alarms.aside(key, call)
        info = await client.alarms.raise_(call, content, aside=aside, policy=key, on_duty=on_duty)
        values = alarm_report.summary(client, info)
    printer.result(values, f"Alarm {values['alarm']} ist ausgelöst: {info.called} gerufen.")


async def list_(printer: Printer, profile: Path) -> None:
    """The newest alarms."""
    async with opened(profile) as client:
        for info in await client.alarms.recent():
            _show(printer, alarm_report.summary(client, info))


def _show(printer: Printer, values: dict[str, Any]) -> None:
    drill = "ÜBUNG " if values["drill"] else ""
    numbers = f"{values['coming']} kommen, {values['seen']} von {values['called']} bestätigt"
    what = f"{drill}{LEVELS[values['level']]} {values['alarm'][:12]} {STATUS[values['status']]}"
    text = f"{local(values['started'])} {what}: {numbers}. {values['text']}"
    printer.result(values, text)


async def ack(printer: Printer, profile: Path, alarm: str, answer: str, words: str) -> None:
    """Confirm an alarm."""
    code = code_of(answer)
    async with opened(profile) as client:
        key = await client.alarms.find(alarm)
        await client.alarms.report(key, Stage.ACKNOWLEDGED, code, words)
    printer.result({"alarm": key.hex(), "code": code}, "Bestätigt.")


def code_of(answer: str) -> int:
    """An answer's code. Raises Usage."""
    named = {"": SEEN, "seen": SEEN, "coming": COMING, "not-coming": NOT_COMING}
    if answer in named:
        return named[answer]
    if answer.endswith("m") and answer[:-1].isdigit() and int(answer[:-1]) <= MINUTES_MAX:
        return MINUTES + int(answer[:-1])
    if answer.isdigit() and int(answer) < MINUTES:
        return int(answer)
    raise Usage(f"{answer!r} is no answer; write coming, not-coming, minutes such as 15m, or a code")


async def status(printer: Printer, profile: Path, alarm: str) -> None:
    """How an alarm stands; with everybody for who may watch."""
    async with opened(profile) as client:
        key = await client.alarms.find(alarm)
        info = await client.alarms.info(key)
        values = alarm_report.summary(client, info)
        if info.watching:
            values = await alarm_report.document(client, key)
    if printer.json:
        printer.result(values, "")
        return
    _show(printer, values)
    for person in values.get("people", []):
        printer.result(person, f"  {person['name']:24} {STAGES[person['state']]:18} {person['answer']}")


async def end(printer: Printer, profile: Path, alarm: str, *, cancelled: bool) -> None:
    """All-clear or cancelled."""
    async with opened(profile) as client:
        key = await client.alarms.find(alarm)
        await client.alarms.end(key, cancelled=cancelled)
    printer.result(
        {"alarm": key.hex(), "status": "cancelled" if cancelled else "ended"},
        "Abgebrochen." if cancelled else "Entwarnung gegeben.",
    )


async def report(printer: Printer, profile: Path, alarm: str, out: Path) -> None:
    """Write the report."""
    async with opened(profile) as client:
        key = await client.alarms.find(alarm)
        document = await alarm_report.document(client, key)
    write_report(out, document)
    printer.result({"alarm": key.hex(), "path": str(out)}, f"Bericht geschrieben: {out}")


async def template(
    printer: Printer, profile: Path, title: str, text: str, to: list[str], level: str, policy: str
) -> None:
    """Put a template into conversations; one of the same title is replaced."""
    async with opened(profile) as client:
        known = {
            f.content.title: key for key, f in client.alarms.templates().items() if isinstance(f.content, AlarmTemplate)
        }
        key = await client.alarm_settings.policy_named(policy) if policy else None
        shown = title if text else ""
        made = AlarmTemplate(known.get(title) or os.urandom(16), shown, text, int(level_of(level)), policy=key)
        await client.alarms.put_template([client.find_conversation(name) for name in to], made)
    printer.result(
        {"template": made.template.hex(), "title": title},
        f"Vorlage „{title}“ ist {'gesetzt' if text else 'zurückgenommen'}.",
    )


async def machine(printer: Printer, profile: Path, name: str, to: list[str], level: str, policy: str) -> None:
    """Let a machine raise alarms."""
    async with opened(profile) as client:
        conversations = [client.find_conversation(item) for item in to]
        key = await client.alarm_settings.policy_named(policy) if policy else None
        hook = bodies.Hook(name=name, conversations=conversations, level_most=int(level_of(level)), policy=key)
        entry = await client.alarm_settings.put_hook(hook)
        url = f"{client.core.transport.base}/v1/hooks/{entry.id.hex()}"
    values = {"hook": entry.id.hex(), "url": url, "secret": entry.secret}
    printer.result(
        values, f"Adresse:    {url}\nGeheimnis:  {entry.secret}\n\nDas Geheimnis wird nur dieses eine Mal gezeigt."
    )


async def machines(printer: Printer, profile: Path) -> None:
    """All machine accesses."""
    async with opened(profile) as client:
        known = client.core.logs.conversations()
        for entry in await client.alarm_settings.hooks():
            hook, level = entry.hook, Level(entry.hook.level_most).name.lower()
            titles = [client.core.logs.title(c) for c in hook.conversations if c in known]
            values = {"hook": entry.id.hex(), "name": hook.name, "conversations": titles, "level": level}
            printer.result(values, f"{hook.name:24} höchstens {LEVELS[level]}: {', '.join(titles)}")


async def revoke_machine(printer: Printer, profile: Path, name: str) -> None:
    """Withdraw a machine's access."""
    async with opened(profile) as client:
        key = await client.alarm_settings.drop_hook(name)
    printer.result({"hook": key.hex(), "name": name}, f"{name} kann keinen Alarm mehr auslösen.")


async def log(printer: Printer, profile: Path) -> None:
    """The delivery log."""
    async with opened(profile) as client:
        names = {entry.id: entry.gateway.name for entry in await client.alarm_settings.gateways()}
        for send in await client.alarm_settings.sends():
            values = {
                "alarm": send.alarm.hex(), "name": client.core.chains.name(send.user), "gateway": names.get(send.gateway, ""),
                "state": send.state, "attempts": send.attempts, "at": moment(send.time), "error": send.error,
            }  # fmt: skip
            said = f"{SENDS[send.state]} {send.error}"
            printer.result(values, f"{local(send.time)} {values['name']:24} {values['gateway']:16} {said}")


async def policy_get(printer: Printer, profile: Path, name: str) -> None:
    """Print policies."""
    async with opened(profile) as client:
        for entry in await client.alarm_settings.policies():
            if not name or entry.policy.name.casefold() == name.casefold():
                values = await client.alarm_settings.readable(entry.policy)
                said = await client.alarm_settings.words(entry.policy)
                printer.result({**values, "words": said}, f"{entry.policy.name}\n  " + "\n  ".join(said))


async def policy_set(printer: Printer, profile: Path, file: Path) -> None:
    """Set a policy."""
    form = read_json(file)
    if isinstance(form, dict):
        form.pop("words", None)
    async with opened(profile) as client:
        policy = await client.alarm_settings.put_policy(form)
        said = await client.alarm_settings.words(policy)
    printer.result({"name": policy.name, "words": said}, f"{policy.name}\n  " + "\n  ".join(said))


async def gateway_set(printer: Printer, profile: Path, file: Path, secret_file: Path | None) -> None:
    """Set a gateway."""
    secret = read_secret(secret_file)
    async with opened(profile) as client:
        key = await client.alarm_settings.put_gateway(read_json(file), secret)
    printer.result({"gateway": key.hex()}, "Gateway gesetzt. Probiere es aus: werkfunk alarm gateway test")


async def gateway_list(printer: Printer, profile: Path) -> None:
    """List the gateways."""
    async with opened(profile) as client:
        for entry in await client.alarm_settings.gateways():
            values = {"gateway": entry.id.hex(), "secret_set": entry.secret_set, **msgspec.to_builtins(entry.gateway)}
            printer.result(values, f"{entry.gateway.name:24} {entry.gateway.channel}")


async def gateway_test(printer: Printer, profile: Path, name: str, to: str) -> None:
    """Send a test."""
    async with opened(profile) as client:
        await client.alarm_settings.test_gateway(name, to)
    printer.result({"gateway": name, "sent": True}, "Gesendet.")


async def oncall_list(printer: Printer, profile: Path) -> None:
    """Plans and who is on."""
    async with opened(profile) as client:
        for entry in await client.alarm_settings.plans():
            _plan(printer, client, entry)


def _plan(printer: Printer, client: Client, entry: bodies.PlanEntry) -> None:
    name = client.core.chains.name
    rests = [
        {
            "name": name(r.user),
            "ends": moment(r.ends),
            "begins": moment(r.begins),
            "hours": round((r.begins - r.ends) / 3_600_000, 2),
        }
        for r in entry.short_rests
    ]
    now = [name(user) for user in entry.now]
    values = {
        "plan": entry.id.hex(),
        "name": entry.plan.name,
        "now": now,
        "short_rests": rests,
    }
    text = f"{entry.plan.name}: {', '.join(now) or 'niemand'}"
    text += "".join(
        f"\n  Ruhezeit (§5 ArbZG): {r['name']} hat nur {r['hours']} Stunden vor {r['begins']}" for r in rests
    )
    printer.result(values, text)


async def oncall_set(printer: Printer, profile: Path, file: Path) -> None:
    """Set a plan."""
    async with opened(profile) as client:
        _plan(printer, client, await client.alarm_settings.put_plan(read_json(file)))


async def oncall_get(printer: Printer, profile: Path, name: str) -> None:
    """Print a plan."""
    async with opened(profile) as client:
        key = await client.alarm_settings.plan_named(name)
        for entry in await client.alarm_settings.plans():
            if entry.id == key:
                values = await client.alarm_settings.readable(entry.plan)
                printer.result(values, msgspec.json.format(msgspec.json.encode(values), indent=2).decode())


async def duty(
    printer: Printer, profile: Path, status: str, phone: str | None, mail: str | None, quiet: str | None
) -> None:
    """Own status, contact and quiet hours."""
    if status not in ("", "on", "break", "off"):
        raise Usage(f"there is no status {status!r}; choose on, break or off")
    async with opened(profile) as client:
        old = await client.alarm_settings.own_duty()
        contact = old.contact or Contact()
        try:
            values = {
                "duty": status or old.duty,
                "contact": {
                    "phone": (contact.phone if phone is None else phone or None),
                    "mail": (contact.mail if mail is None else mail or None),
                },
                "quiet": old.quiet if quiet is None else _quiet(quiet),
            }
            made = msgspec.convert(values, bodies.OwnDuty)
        except msgspec.ValidationError as error:
            raise Usage(f"this is not understood: {error}") from error
        if (status, phone, mail, quiet) != ("", None, None, None):
            await client.alarm_settings.set_duty(made)
    printer.result(msgspec.to_builtins(made), DUTY.get(made.duty or "", "–"))


def _quiet(text: str) -> Quiet | None:
    if not text:
        return None
    begins, _, ends = text.partition("-")
    return msgspec.convert({"begins": begins, "ends": ends}, Quiet)
