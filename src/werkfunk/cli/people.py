"""Commands for people: joining, talking, devices. Each opens the profile, makes one call of the client library, prints."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from werkfunk.cli.output import Printer
from werkfunk.domain.roles import Role
from werkfunk.protocol.content import (
    Defect,
    DefectState,
    Edit,
    File,
    Photo,
    Place,
    Reaction,
    System,
    Text,
    Unknown,
    VoiceNote,
    name_of,
)
from werkfunk.sdk import account
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NoConnection, Usage
from werkfunk.sdk.log import Message
from werkfunk.sdk.timeline import fold

ROLES = {
    "owner": Role.OWNER,
    "admin": Role.ADMIN,
    "site-lead": Role.SITE_LEAD,
    "member": Role.MEMBER,
    "guest": Role.GUEST,
}
NAMES = {role: name for name, role in ROLES.items()}
DEFECT = {DefectState.OPEN: "offen", DefectState.DONE: "erledigt", DefectState.WITHDRAWN: "zurückgenommen"}
UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@contextlib.asynccontextmanager
async def opened(profile: Path, *, online: bool = True, tolerant: bool = False) -> AsyncIterator[Client]:
    """The profile's client, connected and caught up; `tolerant` goes on without a connection."""
    async with Client(profile) as client:
        if online:
            try:
                await client.connect()
            except NoConnection:
                if not tolerant:
                    raise
        yield client


async def join(printer: Printer, link: str, profile: Path, name: str, device: str) -> None:
    """Join by any link."""
    joined = await account.join(link, profile, name, device)
    _joined(printer, joined)


async def recover(printer: Printer, code: str, url: str, profile: Path, device: str) -> None:
    """Come back with the recovery code."""
    _joined(printer, await account.recover(code, url, profile, device))


def _joined(printer: Printer, joined: account.Joined) -> None:
    values = {
        "organisation": joined.organisation.hex(),
        "person": joined.user.hex(),
        "device": joined.device.hex(),
        "recovery": joined.recovery,
    }
    text = "Willkommen! Dieses Gerät ist dabei."
    if joined.recovery:
        text += (
            f"\n\nDein Wiederherstellungscode (ausdrucken oder aufschreiben, gut aufbewahren):\n\n  {joined.recovery}\n\n"
            "Damit kommst du zurück, wenn alle Geräte verloren sind. Niemand sonst kann dir helfen."
        )
    printer.result(values, text)


async def invite(printer: Printer, profile: Path, role: str, uses: int, expires: str) -> None:
    """Make an invitation's link."""
    if role not in ROLES:
        raise Usage(f"there is no role {role!r}; choose one of: {', '.join(ROLES)}")
    span = duration(expires) * 1000
    async with opened(profile) as client:
        end = client.core.clock() + span
        link = await client.office.invite(ROLES[role], uses, end)
    printer.result({"link": link, "expires": moment(end)}, f"Einladung, gültig bis {local(end)}:\n\n  {link}\n")
    printer.code(link)


async def invites(printer: Printer, profile: Path) -> None:
    """Invitations that still let people in."""
    async with opened(profile) as client:
        for name, found in client.office.invites().items():
            role = next(text for text, value in ROLES.items() if value == found.invite.role)
            left, end = found.invite.uses - found.used, found.invite.expires
            fields = {"invite": name.hex(), "role": role, "left": left, "expires": moment(end)}
            printer.result(fields, f"{name.hex()[:12]}  {role}, noch {left}, gültig bis {local(end)}")


async def withdraw(printer: Printer, profile: Path, invite: str) -> None:
    """Withdraw an open invitation, named by its id or the beginning of it."""
    async with opened(profile) as client:
        found = [name for name in client.office.invites() if invite and name.hex().startswith(invite.lower())]
        if len(found) != 1:
            raise Usage(f"{invite!r} names no open invitation, or more than one; `invite --list` shows them")
        await client.office.withdraw(found[0])
    printer.result({"withdrawn": found[0].hex()}, "Die Einladung ist zurückgezogen.")


def duration(text: str) -> int:
    """Seconds of "7d", "12h", "30m", "2w". Raises Usage."""
    match = re.fullmatch(r"(\d{1,4})([mhdw])", text)
    if match is None or int(match[1]) == 0:
        raise Usage(f"{text!r} is not a duration; write for example 30m, 12h, 7d or 2w")
    return int(match[1]) * UNITS[match[2]]


def moment(ms: int) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local(ms: int) -> str:
    """Date and time as people here write it."""
    return datetime.fromtimestamp(ms / 1000).strftime("%d.%m.%Y %H:%M")


async def people(printer: Printer, profile: Path) -> None:
    """List the organisation's people."""
    async with opened(profile, tolerant=True) as client:
        for user, role in sorted(
            client.core.chains.people().items(), key=lambda item: client.core.chains.name(item[0])
        ):
            name = client.core.chains.name(user)
            values = {
                "person": user.hex(),
                "name": name,
                "role": NAMES[role],
                "verified": client.office.is_verified(user),
            }
            printer.result(values, f"{name:24} {NAMES[role]:10} {user.hex()[:16]}")


async def conversations(printer: Printer, profile: Path) -> None:
    """List the conversations."""
    async with opened(profile, tolerant=True) as client:
        for name in client.core.logs.conversations():
            values: dict[str, Any] = {
                "conversation": name.hex(),
                "title": client.core.logs.title(name),
                "unread": client.core.logs.unread(name),
                "last_seq": client.core.logs.cursor(name),
                "blocked": client.core.logs.blocked(name),
            }
            unread = f" ({values['unread']} ungelesen)" if values["unread"] else ""
            printer.result(values, f"{values['title']}{unread}  {name.hex()}")


async def change(printer: Printer, profile: Path, conversation: str, person: str, *, add: bool) -> None:
    """Add or remove somebody."""
    async with opened(profile) as client:
        target = client.find_conversation(conversation)
        user = client.core.chains.find(person)
        await (client.add if add else client.remove)(target, [user])
        name = client.core.chains.name(user)
    done = "ist jetzt dabei" if add else "ist nicht mehr dabei"
    printer.result({"conversation": target.hex(), "person": user.hex()}, f"{name} {done}.")


async def send(printer: Printer, profile: Path, to: str, text: str, files: list[Path]) -> None:
    """Send a message, or with `-` each line of standard input."""
    async with Client(profile) as client:
        try:
            await client.connect()
        except NoConnection:
            if text == "-" or files:
                raise
            # Without a connection the message waits in the outbox and leaves with the next command.
            client.outbox.queue(client.find_conversation(to), Text(text))
            raise NoConnection("no connection; the message waits in the outbox and is sent next time") from None
        conversation = client.find_conversation(to)
        _warn(client, conversation)
        if text != "-":
            await _send(printer, client, conversation, text, files)
            return
        async for line in lines():
            if line:
                await _send(printer, client, conversation, line, [])


async def _send(printer: Printer, client: Client, conversation: bytes, text: str, files: list[Path]) -> None:
    ack = await client.send(conversation, text, files)
    printer.result({"id": ack.message_id.hex(), "seq": ack.seq}, f"Gesendet (Nr. {ack.seq}).")


WARNINGS = {
    "log_differs": "Achtung: Jemand sieht hier einen anderen Verlauf. Bitte melde es im Büro.",
    "pin_stale": "Achtung: Hier wurde ein alter Schlüssel von dir benutzt, obwohl du einen neuen hast. Bitte melde es im Büro.",
}


def _warn(client: Client, conversation: bytes) -> None:
    """What does not fit, but stops nothing, on stderr: standard output stays what programs expect. [M23] [M29]"""
    reason = client.core.logs.warning(conversation)
    if reason:
        sys.stderr.write(WARNINGS[reason] + "\n")


async def lines() -> AsyncIterator[str]:
    """The lines of standard input, as they come."""
    while True:
        line = await asyncio.to_thread(sys.stdin.buffer.readline)
        if not line:
            return
        yield line.decode(errors="replace").rstrip("\r\n")


async def read(printer: Printer, profile: Path, conversation: str, since: int, save: Path | None) -> None:
    """Print a conversation's messages."""
    async with opened(profile, tolerant=True) as client:
        target = client.find_conversation(conversation)
        _warn(client, target)
        messages = client.core.logs.messages(target, 0)
        for shown in fold(messages):
            if shown.message.seq > since and not shown.deleted:
                await show(printer, client, shown.message, save)
        if messages:
            client.core.logs.mark_read(target, messages[-1].seq)


async def listen(printer: Printer, profile: Path) -> None:
    """Print messages as they come, reconnecting when the connection breaks."""
    async with Client(profile) as client:
        await client.connect()
        shown = {name: client.core.logs.cursor(name) for name in client.core.logs.conversations()}
        while True:
            if not printer.json:
                sys.stderr.write("verbunden\n")
            try:
                async for message in client.listen():
                    shown[message.conversation] = max(message.seq, shown.get(message.conversation, 0))
                    await show(printer, client, message, None)
            except NoConnection:
                await _reconnect(client)
            # What came meanwhile may have been taken by another process of this profile.
            for name in client.core.logs.conversations():
                for message in client.core.logs.messages(name, shown.get(name, 0)):
                    shown[name] = message.seq
                    await show(printer, client, message, None)


async def _reconnect(client: Client) -> None:
    delay = 0.2
    while True:
        try:
            await client.connect()
        except NoConnection:
            await asyncio.sleep(delay)
            delay = min(5.0, delay * 2)
        else:
            return


async def show(printer: Printer, client: Client, message: Message, save: Path | None) -> None:
    """Print one message; kinds that only carry settings are not shown."""
    content = message.content
    kind = name_of(content)
    if kind == "details":
        return
    files: list[dict[str, Any]] = []
    text = ""
    match content:
        case Text() | System() | Edit() | Reaction():
            text = content.text
        case File() | Photo() | VoiceNote():
            text = getattr(content, "text", "")
            for attachment in content.files:
                entry: dict[str, Any] = {
                    "name": attachment.name,
                    "size": attachment.size,
                    "type": attachment.media_type,
                }
                if save is not None:
                    entry["path"] = str(await client.core.files.download(attachment, save))
                files.append(entry)
        case Place():
            text = content.label or ""
        case Defect():
            text = f"Mangel {content.number} {DEFECT[content.state]}: {content.note}"
        case Unknown():
            text = "(von einer neueren Werkfunk-Version)"
    name = client.core.chains.name(message.sender)
    values = {
        "seq": message.seq,
        "id": message.id.hex(),
        "conversation": message.conversation.hex(),
        "sender": message.sender.hex(),
        "name": name,
        "kind": kind,
        "text": text,
        "files": files,
        "at": moment(message.at),
    }
    listed = "".join(f" [{entry['name']}, {entry['size']} Byte]" for entry in files)
    printer.result(values, f"{local(message.at)} {name}: {text}{listed}")


async def devices(printer: Printer, profile: Path) -> None:
    """List the own devices."""
    async with opened(profile, tolerant=True) as client:
        for device, label, state in client.office.devices():
            mine = device == client.core.keys.device
            values = {"device": device.hex(), "name": label, "state": state, "this": mine}
            note = " (dieses Gerät)" if mine else ""
            german = "aktiv" if state == "active" else "gesperrt"
            printer.result(values, f"{label or '?':24} {german:10} {device.hex()}{note}")


async def offer_device(printer: Printer, url: str, profile: Path, device: str) -> None:
    """Show a code on a new device, and wait until an active one takes it."""

    def show(code: str) -> None:
        text = f"Auf einem Gerät, das schon dabei ist, scannen, oder dort:\n\n  werkfunk devices add '{code}'\n"
        printer.result({"code": code, "device": "", "name": device, "state": "waiting"}, text)
        printer.code(code)

    _joined(printer, await account.offer(url, profile, device, show))


async def add_device(printer: Printer, profile: Path, shown: str) -> None:
    """Print a code for a further device, or take the one that it shows."""
    async with opened(profile) as client:
        if shown:
            await client.office.take_device(shown)
            values = {"code": shown, "device": "", "name": "", "state": "taken"}
            printer.result(values, "Das neue Gerät ist gleich dabei.")
            return
        code = await client.office.add_device()
    text = f"Auf dem neuen Gerät innerhalb einer Viertelstunde:\n\n  werkfunk join '{code}' --profile ORDNER\n"
    printer.result({"code": code, "device": "", "name": "", "state": "waiting"}, text)
    printer.code(code)


async def revoke_device(printer: Printer, profile: Path, device: str) -> None:
    """Revoke an own device."""
    async with opened(profile) as client:
        found = [
            (name, label)
            for name, label, _ in client.office.devices()
            if label == device or (len(device) >= 8 and name.hex().startswith(device.lower()))
        ]
        if len(found) != 1:
            raise Usage(f"there is no single device {device!r}; use its id")
        name, label = found[0]
        await client.office.revoke_device(name)
    printer.result({"device": name.hex(), "name": label, "state": "revoked"}, f"{label or name.hex()} ist gesperrt.")


async def verify(printer: Printer, profile: Path, person: str, number: str | None) -> None:
    """Show a person's verification number, or check it."""
    async with opened(profile, tolerant=True) as client:
        user = client.core.chains.find(person)
        if number is not None:
            client.office.verify(user, number)
        shown = client.office.verification_number(user)
        verified = client.office.is_verified(user)
    text = f"{shown}\n" + ("Geprüft." if verified else "Vergleicht diese Zahl am Telefon oder vor Ort.")
    printer.result({"number": shown, "verified": verified}, text)


async def remove_person(printer: Printer, profile: Path, person: str) -> None:
    """Remove a person from the organisation."""
    async with opened(profile) as client:
        user = client.core.chains.find(person)
        name = client.core.chains.name(user)
        await client.office.remove_person(user)
    printer.result({"person": user.hex(), "name": name, "role": None}, f"{name} gehört nicht mehr zum Betrieb.")


async def change_role(printer: Printer, profile: Path, person: str, role: str) -> None:
    """Give a person another role."""
    if role not in ROLES:
        raise Usage(f"there is no role {role!r}; choose one of: {', '.join(ROLES)}")
    async with opened(profile) as client:
        user = client.core.chains.find(person)
        await client.office.change_role(user, ROLES[role])
        name = client.core.chains.name(user)
    printer.result({"person": user.hex(), "name": name, "role": role}, f"{name}: {role}")
