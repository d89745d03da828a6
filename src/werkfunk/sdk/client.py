"""The client library's face: one signed-in device of a person.

    async with Client(profile) as client:
        await client.connect()          # signs in, catches up, sends what waited
        await client.send(conversation, "Guten Morgen")
        async for message in client.listen():
            ...

What is to be sent is written to the outbox first, under its message id: after a crash or without network it is sent
later, once.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from werkfunk.protocol import conversation as conv
from werkfunk.protocol.content import FILES_MAX, Attachment, Content, Details, File, Photo, Point, Text
from werkfunk.protocol.conversation import MemberRole
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.generation import Parts
from werkfunk.sdk.account import Clock
from werkfunk.sdk.alarm_settings import AlarmSettings
from werkfunk.sdk.alarms import Alarms
from werkfunk.sdk.core import Core
from werkfunk.sdk.errors import NotAllowed, Usage
from werkfunk.sdk.holders import Holders
from werkfunk.sdk.log import Message
from werkfunk.sdk.office import Office
from werkfunk.sdk.outbox import Outbox
from werkfunk.sdk.places import Places
from werkfunk.sdk.portraits import Portraits
from werkfunk.sdk.slots import Slots
from werkfunk.sdk.statements import Make, Statements, refused
from werkfunk.sdk.voice import Voice
from werkfunk.wire import frames


class Client:
    """See the module. `core` has profile, chains, keys and logs; `office` people and devices; `outbox` what waits; `voice` live voice."""

    def __init__(self, profile: Path, clock: Clock | None = None) -> None:
        """Open a profile. Raises Usage if there is none.

        `clock` dates what is signed here; without one it is this machine's, set right by the server's (`ServerClock`).
        """
        self.core = Core(profile, clock)
        self.statements = Statements(self.core)
        self.outbox = Outbox(self.core, self.statements)
        self.office = Office(self.core)
        self.holders = Holders(self.core, self.statements)
        self.slots = Slots(self.core, self.outbox)
        self.places = Places(self.core, self.office, self.outbox, self.slots)
        self.portraits = Portraits(self.core, self.office, self.slots)
        self.voice = Voice(self.core, self.outbox)
        self.alarms = Alarms(self.core, self.statements, self.outbox)
        self.alarm_settings = AlarmSettings(self.core)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection and the profile."""
        await self.core.close()

    async def connect(self) -> list[Message]:
        """Sign in, learn what is new, send what waited. Gives the messages that are new.

        Raises:
            NoConnection, NotAllowed, Unsafe.
        """
        await self.core.open()
        await self.core.chains.refresh()
        messages = await self.core.sync()
        await self.core.answer_repairs()
        await self.holders.check()
        await self.outbox.flush()
        await self.portraits.tell()
        return messages

    async def listen(self) -> AsyncIterator[Message]:
        """Messages as they come, in order of each conversation, the device's own included."""
        while True:
            frame = await self.core.channel.receive()
            for message in await self.core.live(frame):
                yield message
            if isinstance(frame, frames.Event):
                if self.core.keys.user in self.core.chains.holders():
                    await self.holders.check()
                await self.portraits.tell(frame.conversation)

    async def send(self, conversation: bytes, text: str, files: Sequence[Path] = ()) -> frames.Ack:
        """Send a text, with files if given.

        Raises:
            NoConnection: it waits in the outbox. NotAllowed. Unsafe: the conversation is blocked.
        """
        self.outbox.check_safe(conversation)
        attachments: list[Attachment] = []
        for path in files:
            attachments.append(await self.core.files.upload(conversation, path))
        content: Content = File(text, tuple(attachments)) if attachments else Text(text)
        return await self.outbox.send(conversation, content, [a.blob_id for a in attachments])

    async def send_photos(self, conversation: bytes, text: str, photos: Sequence[Path]) -> frames.Ack:
        """Send photos as the app does: made smaller, each with a thumbnail, without place and camera data.

        Raises:
            Usage: one cannot be read, or there are more than ten. NoConnection, NotAllowed, Unsafe: see `send`.
        """
        from werkfunk.sdk import pictures  # Pillow: only for whoever sends photos

        if not 1 <= len(photos) <= FILES_MAX:
            raise Usage(f"give 1 to {FILES_MAX} photos")
        self.outbox.check_safe(conversation)
        attachments: list[Attachment] = []
        for path in photos:
            made = await asyncio.to_thread(pictures.prepare, path, pictures.THUMBNAILS_MAX // len(photos))
            with tempfile.TemporaryDirectory() as folder:
                jpeg = Path(folder) / f"{path.stem}.jpg"
                jpeg.write_bytes(made.data)
                attachment = await self.core.files.upload(conversation, jpeg)
            shown = {"thumbnail": made.thumbnail, "width": made.width, "height": made.height}
            attachments.append(replace(attachment, **shown))  # type: ignore[arg-type]
        return await self.outbox.send(conversation, Photo(text, tuple(attachments)), [a.blob_id for a in attachments])

    async def create(
        self,
        title: str,
        people: Sequence[bytes],
        *,
        site: str | None = None,
        place: Point | None = None,
        history: bool = True,
    ) -> bytes:
        """Create a group (or, with an address, a site and where it is) and give it its title. Raises Usage, NotAllowed."""
        if place is not None and site is None:
            raise Usage("only a site has a place; give its address too, which may be empty")
        await self.core.chains.refresh()
        conversation = os.urandom(16)
        members = {self.core.keys.user: MemberRole.LEAD}
        members |= {user: MemberRole.MEMBER for user in people if user != self.core.keys.user}
        kind = conv.Kind.SITE if site is not None else conv.Kind.GROUP
        try:
            made = self.statements.desk().create(conversation, kind, members, history=history)
        except ProtocolError as error:
            raise refused(error) from error
        await self.statements.write("create_conversation", made)
        await self.outbox.send(conversation, Details(title, site, place))
        return conversation

    async def describe(self, conversation: bytes, details: Details) -> None:
        """Say anew what a conversation is called and where its site is: all of it, `core.logs.details` has the rest. [M43]

        Raises:
            Usage: no title. NotAllowed: only leads say it. NoConnection: it waits in the outbox.
        """
        await self.core.catch_up(conversation)
        if not details.title:
            raise Usage("a conversation needs a title")
        if self.core.keys.user not in self.core.state(conversation).leads(self.core.chains.founded):
            raise NotAllowed("only a lead of the conversation says what it is called", "forbidden")
        await self.outbox.send(conversation, details)

    async def add(self, conversation: bytes, people: Sequence[bytes]) -> None:
        """Add people: a new generation, the history's keys where the conversation grants them, the title again."""
        await self.core.chains.refresh()
        await self.core.catch_up(conversation)
        roles = dict.fromkeys(people, MemberRole.MEMBER)
        await self.statements.change(conversation, lambda desk, state, seen: desk.change_members(state, seen, roles))
        state = self.core.state(conversation)
        if state.history:
            await self.core.fill(conversation)
            held = {g: p for g, p in self.core.keys.held(conversation).items() if g < state.generation}
            if held and set(held) == set(range(1, state.generation)):
                for user in people:
                    await self.statements.change(conversation, _granting(user, held))
        await self._repeat_details(conversation)

    async def _repeat_details(self, conversation: bytes) -> None:
        details = self.core.logs.details(conversation)
        if details.title:
            await self.outbox.send(conversation, details)
        await self.alarms.repeat_templates(conversation)

    async def remove(self, conversation: bytes, people: Sequence[bytes]) -> None:
        """Remove people: the next generation is made without them, in the same statement."""
        await self.core.chains.refresh()
        await self.core.catch_up(conversation)
        if list(people) == [self.core.keys.user]:
            await self.statements.change(conversation, lambda desk, state, seen: desk.leave(state, seen))
            return
        await self.statements.change(
            conversation, lambda desk, state, seen: desk.change_members(state, seen, {}, people)
        )

    def find_conversation(self, name: str) -> bytes:
        """A conversation by unique title or id. Raises Usage."""
        known = self.core.logs.conversations()
        named = [c for c in known if self.core.logs.title(c) == name] or [
            c for c in known if self.core.logs.title(c).casefold() == name.casefold()
        ]
        if len(named) == 1:
            return named[0]
        if len(named) > 1:
            raise Usage(f"there are {len(named)} conversations called {name!r}; use an id")
        matching = [c for c in known if len(name) >= 8 and c.hex().startswith(name.lower())]
        if len(matching) == 1:
            return matching[0]
        raise Usage(f"there is no conversation called {name!r}")


def _granting(user: bytes, held: dict[int, Parts]) -> Make:
    return lambda desk, state, seen: desk.grant(state, seen, user, held)
