"""A person's device for cross tests: the same acts and the same view, by the app's engine or by the client library."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkfunk.domain.roles import Role
from werkfunk.protocol.content import Delete, Details, Edit, File, Photo, Reaction, Text
from werkfunk.sdk import account
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.sdk.places import E7, point
from werkfunk.sdk.timeline import fold

from .engine import Engine, data_of, file

Place = tuple[float, float] | None
"""Latitude and longitude."""


@dataclass(frozen=True)
class Line:
    """A message as a person sees it; ids in hex, reactions as (user, text), files as (name, size)."""

    id: str
    sender: str
    text: str
    edited: bool = False
    deleted: bool = False
    reactions: frozenset[tuple[str, str]] = frozenset()
    reply: str = ""
    files: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class View:
    """A conversation as a device shows it."""

    title: str
    site: str
    place: Place
    members: frozenset[str]
    lines: tuple[Line, ...]


class Person(ABC):
    """One device. `user` is its person's id."""

    name: str
    user: str

    @abstractmethod
    async def close(self) -> None: ...
    @abstractmethod
    async def invite(self) -> str: ...
    @abstractmethod
    async def device_link(self) -> str: ...
    @abstractmethod
    async def create(self, title: str, site: str, people: list[str]) -> str: ...
    @abstractmethod
    async def say(self, conversation: str, text: str, reply: str = "") -> str: ...
    @abstractmethod
    async def send_file(self, conversation: str, text: str, name: str, data: bytes) -> str: ...
    @abstractmethod
    async def edit(self, conversation: str, message: str, text: str) -> None: ...
    @abstractmethod
    async def erase(self, conversation: str, message: str) -> None: ...
    @abstractmethod
    async def react(self, conversation: str, message: str, text: str) -> None: ...
    @abstractmethod
    async def rename(self, conversation: str, title: str, site: str, place: Place) -> None: ...
    @abstractmethod
    async def add(self, conversation: str, user: str) -> None: ...
    @abstractmethod
    async def remove(self, conversation: str, user: str) -> None: ...
    @abstractmethod
    async def leave(self, conversation: str) -> None: ...
    @abstractmethod
    async def fetch(self, conversation: str, message: str) -> bytes:
        """The first file of a message."""

    @abstractmethod
    async def view(self, conversation: str) -> View:
        """What is shown now."""

    @abstractmethod
    async def settle(self) -> None:
        """Until everything of its own is at the server, and everything there is here."""

    @abstractmethod
    async def await_member(self, conversation: str) -> None:
        """Until it has heard that it is a member."""

    @abstractmethod
    async def await_view(self, conversation: str, wanted: View) -> None:
        """Until it shows this; the test's time limit ends it."""


class Browser(Person):
    """A device of the app."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name

    async def close(self) -> None:
        """The harness closes it, and looks at what it found."""

    async def join(self, link: str) -> "Browser":
        await self.engine.join(link, self.name)
        self.user = await self.engine.me()
        return self

    async def recover(self, code: str) -> "Browser":
        await self.engine("session.recover", code, {"name": "", "picture": None, "device": "Ersatz"})
        await self.engine.online()
        self.user = await self.engine.me()
        return self

    async def recovery_code(self) -> str:
        return str(await self.engine("session.recoveryCode"))

    async def invite(self) -> str:
        return str((await self.engine("people.invite", "member", 1, 1))["link"])

    async def device_link(self) -> str:
        return str((await self.engine("devices.link"))["link"])

    async def create(self, title: str, site: str, people: list[str]) -> str:
        return str(await self.engine("chats.create", "site" if site else "group", title, site, people))

    async def say(self, conversation: str, text: str, reply: str = "") -> str:
        return await self.engine.say(conversation, text, reply or None)

    async def send_file(self, conversation: str, text: str, name: str, data: bytes) -> str:
        out = {"file": file(data), "name": name, "photo": False, "original": True}
        return await self.engine.say(conversation, text, files=[out])

    async def edit(self, conversation: str, message: str, text: str) -> None:
        await self.engine("messages.edit", conversation, message, text)

    async def erase(self, conversation: str, message: str) -> None:
        await self.engine("messages.erase", conversation, message)

    async def react(self, conversation: str, message: str, text: str) -> None:
        await self.engine("messages.react", conversation, message, text)

    async def rename(self, conversation: str, title: str, site: str, place: Place) -> None:
        at = {"latitude": place[0], "longitude": place[1]} if place else None
        await self.engine("chats.rename", conversation, title, site, at)

    async def add(self, conversation: str, user: str) -> None:
        await self.engine("chats.add", conversation, [user])

    async def remove(self, conversation: str, user: str) -> None:
        await self.engine("chats.remove", conversation, user)

    async def leave(self, conversation: str) -> None:
        await self.engine("chats.leave", conversation)

    async def fetch(self, conversation: str, message: str) -> bytes:
        (line,) = [one for one in await self.engine.lines(conversation) if one["id"] == message]
        return data_of(await self.engine("files.open", conversation, message, line["files"][0]["blob"]))

    async def view(self, conversation: str) -> View:
        shown = await self.engine("chats.get", conversation)
        members = await self.engine("chats.members", conversation)
        people = {one["name"]: one["user"] for one in await self.engine("people.list")}
        lines = [one for one in await self.engine.lines(conversation) if one["kind"] != "notice"]
        return View(
            shown["title"], shown["site"], shown["place"] and (shown["place"]["latitude"], shown["place"]["longitude"]),
            frozenset(one["user"] for one in members),
            tuple(self._line(one, people) for one in lines),
        )  # fmt: skip

    @staticmethod
    def _line(one: dict[str, Any], people: dict[str, str]) -> Line:
        assert one["kind"] not in ("waiting", "unknown"), one
        return Line(
            one["id"], one["sender"], one["text"], one["edited"] and one["kind"] != "deleted", one["kind"] == "deleted",
            frozenset((people[name], each["text"]) for each in one["reactions"] for name in each["names"]),
            one["reply"]["id"] if one["reply"] else "",
            tuple((each["name"], each["size"]) for each in one["files"]),
        )  # fmt: skip

    async def settle(self) -> None:
        async def look() -> bool:
            network = (await self.engine("session.get"))["network"]
            return network["state"] == "online" and network["behind"] == 0 and network["queued"] == 0

        await self.engine.until(look)

    async def await_member(self, conversation: str) -> None:
        async def look() -> bool:
            return any(one["id"] == conversation and one["member"] for one in await self.engine("chats.list"))

        await self.engine.until(look)

    async def await_view(self, conversation: str, wanted: View) -> None:
        shown: Any = None

        async def look() -> bool:
            nonlocal shown
            with contextlib.suppress(AssertionError):
                # A line whose key is under way is no failure yet.
                shown = await self.view(conversation)
            return bool(shown == wanted)

        try:
            await self.engine.until(look)
        finally:
            assert shown == wanted, self.name


class Library(Person):
    """A device of the client library."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.recovery = ""

    async def join(self, link: str) -> "Library":
        joined = await account.join(link, self.folder, self.name, "Kommandozeile")
        return await self._open(joined)

    async def recover(self, code: str, base: str) -> "Library":
        return await self._open(await account.recover(code, base, self.folder, "Ersatz"))

    async def _open(self, joined: account.Joined) -> "Library":
        self.user, self.recovery = joined.user.hex(), joined.recovery
        self.client = Client(self.folder)
        await self.client.connect()
        return self

    async def close(self) -> None:
        await self.client.close()

    async def recovery_code(self) -> str:
        return self.recovery

    async def invite(self) -> str:
        return await self.client.office.invite(Role.MEMBER, 1, now() + 3_600_000)

    async def device_link(self) -> str:
        return await self.client.office.add_device()

    async def create(self, title: str, site: str, people: list[str]) -> str:
        await self.client.connect()
        made = await self.client.create(title, [bytes.fromhex(user) for user in people], site=site or None)
        return made.hex()

    async def _send(self, conversation: str, content: Any) -> str:
        await self.client.connect()
        name = self.client.outbox.queue(bytes.fromhex(conversation), content)
        await self.client.outbox.flush()
        assert self.client.core.local.rows("SELECT 1 FROM outbox") == [], "sent"
        return name.hex()

    async def say(self, conversation: str, text: str, reply: str = "") -> str:
        return await self._send(conversation, Text(text, bytes.fromhex(reply) if reply else None))

    async def send_file(self, conversation: str, text: str, name: str, data: bytes) -> str:
        await self.client.connect()
        path = self.folder / name
        await asyncio.to_thread(path.write_bytes, data)
        ack = await self.client.send(bytes.fromhex(conversation), text, [path])
        messages = self.client.core.logs.messages(bytes.fromhex(conversation), ack.seq - 1)
        return messages[0].id.hex()

    async def edit(self, conversation: str, message: str, text: str) -> None:
        await self._send(conversation, Edit(bytes.fromhex(message), text))

    async def erase(self, conversation: str, message: str) -> None:
        await self._send(conversation, Delete(bytes.fromhex(message)))

    async def react(self, conversation: str, message: str, text: str) -> None:
        await self._send(conversation, Reaction(bytes.fromhex(message), text))

    async def rename(self, conversation: str, title: str, site: str, place: Place) -> None:
        await self._send(conversation, Details(title, site or None, point(*place) if place else None))

    async def add(self, conversation: str, user: str) -> None:
        await self.client.connect()
        await self.client.add(bytes.fromhex(conversation), [bytes.fromhex(user)])

    async def remove(self, conversation: str, user: str) -> None:
        await self.client.connect()
        await self.client.remove(bytes.fromhex(conversation), [bytes.fromhex(user)])

    async def leave(self, conversation: str) -> None:
        await self.remove(conversation, self.user)

    async def fetch(self, conversation: str, message: str) -> bytes:
        content = next(
            one.content for one in self.client.core.logs.messages(bytes.fromhex(conversation), 0)
            if one.id.hex() == message
        )  # fmt: skip
        assert isinstance(content, File | Photo)
        path = await self.client.core.files.download(content.files[0], self.folder / "got")
        return await asyncio.to_thread(path.read_bytes)

    async def view(self, conversation: str) -> View:
        core, name = self.client.core, bytes.fromhex(conversation)
        said = core.logs.details(name)
        place = (said.place.latitude / E7, said.place.longitude / E7) if said.place else None
        state = core.state(name)
        members = frozenset(user.hex() for user in state.members if state.is_member(user))
        shown = [one for one in fold(core.logs.messages(name, 0)) if not isinstance(one.message.content, Details)]
        return View(said.title, said.site or "", place, members, tuple(map(_line, shown)))

    async def settle(self) -> None:
        await self.client.connect()

    async def await_member(self, conversation: str) -> None:
        await self.client.connect()

    async def await_view(self, conversation: str, wanted: View) -> None:
        shown = await self.view(conversation)
        while shown != wanted and self.client.core.logs.missing(bytes.fromhex(conversation)):
            # Only a key that somebody must hand over is a reason to look again.
            await asyncio.sleep(0.05)
            await self.client.connect()
            shown = await self.view(conversation)
        assert shown == wanted, self.name


def _line(shown: Any) -> Line:
    message = shown.message
    content = message.content
    assert isinstance(content, Text | File | Photo), content
    files = content.files if isinstance(content, File | Photo) else ()
    reply = content.reply_to if isinstance(content, Text) else None
    return Line(
        message.id.hex(), message.sender.hex(), content.text, shown.edited and not shown.deleted, shown.deleted,
        frozenset((user.hex(), text) for user, text in shown.reactions.items()),
        reply.hex() if reply else "", tuple((one.name, one.size) for one in files),
    )  # fmt: skip
