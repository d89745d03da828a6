"""What every part of the client library stands on: profile, chains, keys, logs, the connection, and catching up."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.generation import seal_repair
from werkfunk.sdk.account import Clock, listening
from werkfunk.sdk.chains import Chains
from werkfunk.sdk.channel import Channel
from werkfunk.sdk.errors import NoConnection, NotAllowed, Unsafe, Usage
from werkfunk.sdk.files import Files
from werkfunk.sdk.keyring import Keyring
from werkfunk.sdk.local import Local
from werkfunk.sdk.log import Logs, Message
from werkfunk.sdk.transport import Transport
from werkfunk.wire import api, frames

RACES = 10
"""How often a change is tried again when somebody else was quicker."""


class Core:
    """See the module."""

    def __init__(self, profile: Path, clock: Clock | None = None) -> None:
        """Open a profile; `clock` as in `Client`. Raises Usage if there is none."""
        self.local = Local(profile)
        base = self.local.require("base").decode()
        seed = self.local.require("device_seed")
        self.transport = Transport(base, self.local.require("device"), seed)
        self.clock = listening(clock, self.transport)
        self.chains = Chains(self.local, self.transport)
        self.chains.load()
        self.keys = Keyring(self.local, self.chains, self.transport)
        self.logs = Logs(self.local, self.chains, self.keys)
        self.files = Files(self.local, self.transport)
        self._channel: Channel | None = None
        self.voice: Callable[[frames.Frame], None] | None = None
        """See Channel.voice; kept over reconnections."""
        self._statements: dict[bytes, dict[int, bytes]] = {}
        self.alarm_heard: Callable[[frames.Alarm | frames.AlarmBoard], Awaitable[None]] | None = None
        self._following: set[bytes] = set()
        """Conversations whose next page has been asked for."""

    async def open(self) -> None:
        """Open the connection anew and sign in. Raises NoConnection, NotAllowed."""
        await self.disconnect()
        self._channel = await Channel.open(self.transport.base, self.keys.device, self.keys.signing)
        self._channel.voice = self.voice
        self.transport.heard(self._channel.welcome.time)

    async def disconnect(self) -> None:
        """Close the connection; the profile stays open."""
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    async def close(self) -> None:
        """Close the connection and the profile."""
        await self.disconnect()
        await self.transport.close()
        self.local.close()

    @property
    def channel(self) -> Channel:
        """The open connection. Raises NoConnection."""
        if self._channel is None:
            raise NoConnection("not connected")
        return self._channel

    async def sync(self) -> list[Message]:
        """Catch up with every conversation, the newest first; gives the messages that are new."""
        cursors = [(name, self.logs.cursor(name)) for name in self.logs.conversations()]
        await self.channel.send(frames.Sync(cursors))
        messages: list[Message] = []
        touched: set[bytes] = set()
        open_pages = 0
        synced = False
        while not synced or open_pages > 0:
            frame = await self.channel.receive()
            if isinstance(frame, frames.Synced):
                synced = True
            elif isinstance(frame, frames.Page):
                touched.add(frame.conversation)
                open_pages += await self._page(frame, messages, follow=frame.conversation in self._following)
            else:
                messages += await self.live(frame)
        for conversation in touched | {c for c in self.logs.conversations() if self.logs.missing(c)}:
            messages += await self.fill(conversation)
        return messages

    async def _page(self, page: frames.Page, messages: list[Message], *, follow: bool) -> int:
        """Take a page; gives the change in the number of pages that are still to come."""
        messages += await self.take(page.conversation, page.events)
        self._following.discard(page.conversation)
        change = -1 if follow else 0
        cursor = self.logs.cursor(page.conversation)
        if page.more and not self.logs.blocked(page.conversation):
            self._following.add(page.conversation)
            await self.channel.send(frames.Fetch(page.conversation, cursor))
            change += 1
        return change

    async def take(self, conversation: bytes, events: Sequence[frames.Logged]) -> list[Message]:
        """Ingest events; statements from before this member's time are fetched beside them."""
        if any(not event.event for event in events):
            known = await self._old_statements(conversation)
            events = [frames.Logged(e.seq, e.time, known.get(e.seq, b""), e.hash) if not e.event else e for e in events]
        try:
            found = await self.logs.ingest(conversation, events)
        except Unsafe:
            if not self.logs.blocked(conversation):
                raise
            # One spoilt conversation must not take the others along; nothing is sent there any more.
            return []
        if self.logs.state(conversation) is not None:
            # The log is ahead of them now.
            self._statements.pop(conversation, None)
        return found

    async def _old_statements(self, conversation: bytes) -> dict[int, bytes]:
        if conversation not in self._statements:
            page = await self.transport.call("statements", api.EventPage, ids={"conversation": conversation})
            self._statements[conversation] = {event.seq: event.event for event in page.events}
        return self._statements[conversation]

    async def fill(self, conversation: bytes) -> list[Message]:
        """Fetch lacking keys, open what can be opened, ask the members for the rest."""
        state = self.logs.state(conversation)
        if state is None or not state.is_member(self.keys.user):
            return []
        lacking = self.logs.missing(conversation)
        if self.keys.parts(conversation, state.generation) is None:
            lacking.append(state.generation)
        if not lacking:
            return []
        try:
            await self.keys.fetch(state)
        except NotAllowed:
            return []
        messages = self.logs.fill_in(conversation)
        for generation in self.logs.missing(conversation):
            if state.entitled(self.keys.user, generation):
                with contextlib.suppress(NotAllowed):
                    await self.transport.call(
                        "ask_repair",
                        api.Empty,
                        api.RepairRequest(generation=generation),
                        ids={"conversation": conversation},
                    )
        return messages

    async def live(self, frame: object) -> list[Message]:
        """One live frame."""
        match frame:
            case frames.Event():
                conversation = frame.conversation
                logged = frames.Logged(frame.seq, frame.time, frame.event)
                cursor = self.logs.cursor(conversation)
                if frame.seq > cursor + 1:
                    # A gap: fetch what is missing; the page brings this event too.
                    return await self._fetch_from(conversation, cursor)
                messages = await self.take(conversation, [logged])
                if not messages:
                    # Another process of this profile was quicker; for this one it is news all the same.
                    messages = [m for m in self.logs.messages(conversation, frame.seq - 1) if m.seq == frame.seq]
                return messages + await self.fill(conversation)
            case frames.Page():
                messages = []
                await self._page(frame, messages, follow=True)
                return messages + await self.fill(frame.conversation)
            case frames.Alarm() | frames.AlarmBoard():
                if self.alarm_heard is not None:
                    await self.alarm_heard(frame)
            case frames.ChainChanged():
                await self.chains.refresh()
            case frames.RepairWanted():
                if frame.user == self.keys.user:
                    return await self.fill(frame.conversation)
                await self.answer_repairs()
        return []

    async def _fetch_from(self, conversation: bytes, after: int) -> list[Message]:
        messages: list[Message] = []
        while True:
            page = await self.transport.call(
                "events", api.EventPage, ids={"conversation": conversation}, query={"after": after}
            )
            events = [frames.Logged(e.seq, e.time, e.event, e.hash) for e in page.events]
            messages += await self.take(conversation, events)
            cursor = self.logs.cursor(conversation)
            if cursor >= page.last_seq or cursor == after:
                break
            after = cursor
        return messages + await self.fill(conversation)

    async def catch_up(self, conversation: bytes) -> list[Message]:
        """Fetch what is new in one conversation."""
        return await self._fetch_from(conversation, self.logs.cursor(conversation))

    async def answer_repairs(self) -> None:
        """Answer the members' open questions that this device can and may. [M27]"""
        answer = await self.transport.call("repairs", api.Repairs)
        for repair in answer.repairs:
            state = self.logs.state(repair.conversation)
            if state is None or not state.entitled(repair.user, repair.generation):
                continue
            parts = self.keys.parts(repair.conversation, repair.generation)
            if parts is None:
                continue
            user = await self.chains.refresh_user(repair.user)
            record = state.generations[repair.generation].record
            generation, box = seal_repair(repair.conversation, record, parts, user)
            body = api.RepairAnswer(generation=repair.generation, user=repair.user, box_generation=generation, box=box)
            with contextlib.suppress(NotAllowed):
                await self.transport.call("answer_repair", api.Empty, body, ids={"conversation": repair.conversation})

    def state(self, conversation: bytes) -> ConversationState:
        """A conversation's verified state. Raises Usage if there is none."""
        state = self.logs.state(conversation)
        if state is None:
            raise Usage("there is no such conversation")
        return state
