"""Plays the story: each line at its time, by the person who says it, through that person's client."""

import os
import tempfile
import tomllib
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from tools.demo import plan
from tools.demo.drawings import PHOTOS
from tools.demo.firm import STORY, Moment, firm_of, founded
from tools.demo.script import Calendar, Chat, Line, in_order, read
from werkfunk.domain.alarms import SEEN, Stage
from werkfunk.protocol.content import (
    Alarm,
    AlarmTemplate,
    Content,
    Defect,
    DefectState,
    Edit,
    Reaction,
    Text,
    VoiceNote,
)
from werkfunk.sdk.client import Client
from werkfunk.sdk.places import point

BEFORE_MS = 20 * 60_000
"""The business is founded, and a conversation made, so long before its first line."""


def story() -> list[Chat]:
    """All conversations."""
    texts = sorted(entry.name for entry in STORY.iterdir() if entry.name.endswith(".txt"))
    return [read(name.removesuffix(".txt"), (STORY / name).read_text()) for name in texts]


async def fill(folder: Path, now: datetime, chats: list[Chat]) -> None:
    """Make the business in `folder`, an empty one, with everything that was said until `now`."""
    lines = in_order(chats)
    calendar = Calendar(now, max(line.minutes for line in lines if line.day == 0))
    clock = Moment(calendar.at(lines[0].day, lines[0].minutes) - BEFORE_MS)
    async with founded(folder, clock, {name for chat in chats for name in chat.who}) as clients:
        play = Play(clients, clock, calendar, {chat.key: chat for chat in chats})
        for line in lines:
            clock.at = max(clock.at, calendar.at(line.day, line.minutes))
            await play.say(line)
        await play.prepare_alarms()
        await play.mark_read()


class Play:
    """The people on the stage, and what has been said: ids by conversation, by tag, and the last of each person."""

    def __init__(self, clients: dict[str, Client], clock: Moment, calendar: Calendar, chats: dict[str, Chat]) -> None:
        self._clients, self._clock, self._calendar, self._chats = clients, clock, calendar, chats
        self._ids: dict[str, bytes] = {}
        self._last: dict[str, bytes] = {}
        self._own: dict[tuple[str, str], bytes] = {}
        self._photo: dict[str, bytes] = {}
        self._tags: dict[str, bytes] = {}
        self._defects: dict[tuple[str, str], Defect] = {}
        self._signs: dict[str, Callable[[Line, Client, bytes], Awaitable[None]]] = {
            "": self._text, ">": self._text, "+": self._react, "=": self._edit, "[": self._files, "@": self._place,
            "!": self._drill, "~": self._voice, "*": self._defect,
        }  # fmt: skip

    async def say(self, line: Line) -> None:
        """One line, as the person would: caught up first."""
        client = self._clients[line.who]
        conversation = self._ids.get(line.chat) or await self._open(self._chats[line.chat])
        await client.core.sync()
        await self._signs[line.sign](line, client, conversation)

    async def _open(self, chat: Chat) -> bytes:
        first = self._clients[chat.who[0]]
        others = [self._clients[name].core.keys.user for name in chat.who[1:]]
        if chat.kind == "direct":
            made = await first.alarms.direct(others[0])
        else:
            place = point(*chat.at) if chat.at else None
            site = chat.place if chat.kind == "site" else None
            made = await first.create(chat.title, others, site=site, place=place)
        self._ids[chat.key] = made
        return made

    async def _send(self, line: Line, content: Content) -> None:
        client, conversation = self._clients[line.who], self._ids[line.chat]
        await client.outbox.send(conversation, content)
        self._said(line, client, conversation)

    def _said(self, line: Line, client: Client, conversation: bytes) -> None:
        """Remember the newest message there as this line."""
        message = client.core.logs.messages(conversation, client.core.logs.cursor(conversation) - 1)[-1]
        self._last[line.chat] = self._own[line.chat, line.who] = message.id
        if line.tag:
            self._tags[line.tag] = message.id

    def _meant(self, line: Line) -> tuple[bytes, str]:
        """(what a reply or reaction is to, the words): `>tag words` names it, `> words` means the line before."""
        tag, _, words = line.text.partition(" ")
        return (self._tags[tag], words) if tag in self._tags else (self._last[line.chat], line.text.strip())

    async def _text(self, line: Line, client: Client, conversation: bytes) -> None:
        target, words = self._meant(line) if line.sign else (None, line.text)
        await self._send(line, Text(words, target))

    async def _react(self, line: Line, client: Client, conversation: bytes) -> None:
        target, emoji = self._meant(line)
        await client.outbox.send(conversation, Reaction(target, emoji))

    async def _edit(self, line: Line, client: Client, conversation: bytes) -> None:
        await client.outbox.send(conversation, Edit(self._own[line.chat, line.who], line.text))

    async def _place(self, line: Line, client: Client, conversation: bytes) -> None:
        latitude, longitude, label = line.text.split(" ", 2)
        await client.places.send(conversation, float(latitude), float(longitude), accuracy=8, label=label)
        self._said(line, client, conversation)

    async def _files(self, line: Line, client: Client, conversation: bytes) -> None:
        name, _, words = line.text.partition("] ")
        name = name.rstrip("]")
        with tempfile.TemporaryDirectory() as folder:
            if name.endswith(".pdf"):
                path = Path(folder) / name
                path.write_bytes(plan.pdf())
                await client.send(conversation, words, [path])
            else:
                path = Path(folder) / f"{name}.jpg"
                PHOTOS[name]().save(path, quality=88)
                await client.send_photos(conversation, words, [path])
        self._said(line, client, conversation)
        if not name.endswith(".pdf"):
            self._photo[line.chat] = self._last[line.chat]

    async def _voice(self, line: Line, client: Client, conversation: bytes) -> None:
        sound = tomllib.loads((STORY / f"{line.text}.toml").read_text())
        attachment = await client.core.files.upload_bytes(
            conversation, "Sprachnachricht.ogg", (STORY / f"{line.text}.ogg").read_bytes()
        )
        note = VoiceNote((attachment,), sound["duration"], None, bytes.fromhex(sound["levels"]))
        await client.outbox.send(conversation, note, [attachment.blob_id])
        self._said(line, client, conversation)

    async def _defect(self, line: Line, client: Client, conversation: bytes) -> None:
        number, _, rest = line.text.partition(" ")
        known = self._defects.get((line.chat, number))
        if known is not None:
            made = Defect(**{**{f: getattr(known, f) for f in known.__slots__}, "state": DefectState[rest.upper()]})
        else:
            place, who, days, note = rest.split(" | ")
            due = self._calendar.at(line.day, line.minutes) // 86_400_000 + int(days)
            photo = self._photo[line.chat]
            made = Defect(os.urandom(16), photo, 0, int(number), note, place, who, DefectState.OPEN, due)
        self._defects[line.chat, number] = made
        await client.outbox.send(conversation, made)

    async def _drill(self, line: Line, client: Client, conversation: bytes) -> None:
        alarm = os.urandom(16)
        await client.alarms.raise_([conversation], Alarm(alarm, 2, line.text, drill=True))
        for name in self._chats[line.chat].who:
            if name == line.who:
                continue
            self._clock.at += 21_000
            person = self._clients[name]
            await person.core.sync()
            await person.alarms.report(alarm, Stage.DISPLAYED)
            self._clock.at += 2_000
            await person.alarms.report(alarm, Stage.ACKNOWLEDGED, SEEN)
        self._clock.at += 20_000
        await client.alarms.end(alarm)

    async def prepare_alarms(self) -> None:
        """Places are allowed, and each conversation of the owner's has the templates."""
        owner = next(iter(self._clients.values()))
        await owner.core.sync()
        await owner.places.allow(True)
        for entry in firm_of()["template"]:
            template = AlarmTemplate(os.urandom(16), entry["title"], entry["text"], entry["level"])
            await owner.alarms.put_template([self._ids["alle"]], template)

    async def mark_read(self) -> None:
        """Everybody has read everything but what the story leaves unread."""
        for name, client in self._clients.items():
            await client.connect()
            for chat in self._chats.values():
                if name in chat.who:
                    conversation, left = self._ids[chat.key], chat.unread.get(name, 0)
                    said = [m.seq for m in client.core.logs.messages(conversation, 0) if isinstance(m.content, Text)]
                    end = client.core.logs.cursor(conversation)
                    await client.slots.read(conversation, said[-1 - left] if left else end)
