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
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from werkfunk.domain.roles import Role
from werkfunk.protocol import author, author_user
from werkfunk.protocol import conversation as conv
from werkfunk.protocol import organisation as org
from werkfunk.protocol.author import Desk
from werkfunk.protocol.cbor import decode, encode
from werkfunk.protocol.codes import verification_number
from werkfunk.protocol.content import Attachment, Content, Details, File, Text, from_wire, to_wire
from werkfunk.protocol.conversation import ConversationState, MemberRole
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import EventKind, Header
from werkfunk.protocol.generation import Parts, seal_repair
from werkfunk.protocol.identity import RecipientKeys
from werkfunk.protocol.links import DeviceLink, InviteLink, to_url
from werkfunk.protocol.messages import seal_message
from werkfunk.protocol.records import Record
from werkfunk.protocol.seeds import open_label
from werkfunk.protocol.statements import Empty, LogSeen
from werkfunk.sdk.account import now, sealed
from werkfunk.sdk.chains import Chains
from werkfunk.sdk.channel import Channel
from werkfunk.sdk.errors import NoConnection, NotAllowed, SdkError, Unsafe, Usage
from werkfunk.sdk.files import Files
from werkfunk.sdk.keyring import Keyring
from werkfunk.sdk.local import Local
from werkfunk.sdk.log import Logs, Message
from werkfunk.sdk.transport import Transport
from werkfunk.wire import api, frames

Make = Callable[[Desk, ConversationState, LogSeen], author.MadeConversation | None]
TICKET_MS = 14 * 60 * 1000
RACES = 10


class Client:
    """See the module."""

    def __init__(self, profile: Path) -> None:
        """Open a profile. Raises Usage if there is none."""
        self.local = Local(profile)
        base = self.local.require("base").decode()
        seed = self.local.require("device_seed")
        self.transport = Transport(base, self.local.require("device"), seed)
        self.chains = Chains(self.local, self.transport)
        self.chains.load()
        self.keys = Keyring(self.local, self.chains, self.transport)
        self.logs = Logs(self.local, self.chains, self.keys)
        self.files = Files(self.local, self.transport)
        self._channel: Channel | None = None
        self._statements: dict[bytes, dict[int, bytes]] = {}
        self._following: set[bytes] = set()
        """Conversations whose next page has been asked for."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection and the profile."""
        if self._channel is not None:
            await self._channel.close()
        await self.transport.close()
        self.local.close()

    # -- connecting and catching up

    @property
    def channel(self) -> Channel:
        """The open connection. Raises NoConnection."""
        if self._channel is None:
            raise NoConnection("not connected")
        return self._channel

    async def connect(self) -> list[Message]:
        """Sign in, learn what is new, send what waited. Gives the messages that are new.

        Raises:
            NoConnection, NotAllowed, Unsafe.
        """
        if self._channel is not None:
            await self._channel.close()
        self._channel = await Channel.open(self.transport.base, self.keys.device, self.keys.signing)
        await self.chains.refresh()
        messages = await self._catch_up()
        await self.answer_repairs()
        await self.flush()
        return messages

    async def _catch_up(self) -> list[Message]:
        cursors = {name: self.logs.cursor(name) for name in self.logs.conversations()}
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
                messages += await self._live(frame)
        for conversation in touched | {c for c in self.logs.conversations() if self.logs.missing(c)}:
            messages += await self._fill(conversation)
        return messages

    async def _page(self, page: frames.Page, messages: list[Message], *, follow: bool) -> int:
        """Take a page; gives the change in the number of pages that are still to come."""
        messages += await self._take(page.conversation, page.events)
        self._following.discard(page.conversation)
        change = -1 if follow else 0
        cursor = self.logs.cursor(page.conversation)
        if page.more and not self.logs.blocked(page.conversation):
            self._following.add(page.conversation)
            await self.channel.send(frames.Fetch(page.conversation, cursor))
            change += 1
        return change

    async def _take(self, conversation: bytes, events: Sequence[frames.Logged]) -> list[Message]:
        """Ingest events; statements from before this member's time are fetched beside them."""
        if any(not event.event for event in events):
            known = await self._old_statements(conversation)
            events = [frames.Logged(e.seq, e.time, known.get(e.seq, b""), e.hash) if not e.event else e for e in events]
        try:
            found = await self.logs.ingest(conversation, events)
        except Unsafe:
            # One spoilt conversation must not take the others along; sending there is blocked.
            return []
        state = self.logs.state(conversation)
        if state is not None:
            self._chains_hold(state)
        return found

    def _chains_hold(self, state: ConversationState) -> None:
        """Forget cached old statements once the log is ahead of them."""
        self._statements.pop(state.id, None)

    async def _old_statements(self, conversation: bytes) -> dict[int, bytes]:
        if conversation not in self._statements:
            page = await self.transport.call("statements", api.EventPage, ids={"conversation": conversation})
            self._statements[conversation] = {event.seq: event.event for event in page.events}
        return self._statements[conversation]

    async def _fill(self, conversation: bytes) -> list[Message]:
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

    async def _live(self, frame: object) -> list[Message]:
        """One live frame."""
        match frame:
            case frames.Event():
                conversation = frame.conversation
                logged = frames.Logged(frame.seq, frame.time, frame.event)
                cursor = self.logs.cursor(conversation)
                if frame.seq > cursor + 1:
                    # A gap: fetch what is missing; the page brings this event too.
                    return await self._fetch_from(conversation, cursor)
                messages = await self._take(conversation, [logged])
                if not messages:
                    # Another process of this profile was quicker; for this one it is news all the same.
                    messages = [m for m in self.logs.messages(conversation, frame.seq - 1) if m.seq == frame.seq]
                return messages + await self._fill(conversation)
            case frames.Page():
                messages = []
                await self._page(frame, messages, follow=True)
                return messages + await self._fill(frame.conversation)
            case frames.ChainChanged():
                await self.chains.refresh()
            case frames.RepairWanted():
                if frame.user == self.keys.user:
                    return await self._fill(frame.conversation)
                await self.answer_repairs()
        return []

    async def _fetch_from(self, conversation: bytes, after: int) -> list[Message]:
        messages: list[Message] = []
        while True:
            page = await self.transport.call(
                "events", api.EventPage, ids={"conversation": conversation}, query={"after": after}
            )
            events = [frames.Logged(e.seq, e.time, e.event, e.hash) for e in page.events]
            messages += await self._take(conversation, events)
            cursor = self.logs.cursor(conversation)
            if cursor >= page.last_seq or cursor == after:
                break
            after = cursor
        return messages + await self._fill(conversation)

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

    async def listen(self) -> AsyncIterator[Message]:
        """Messages as they come, in order of each conversation, the device's own included."""
        while True:
            for message in await self._live(await self.channel.receive()):
                yield message

    # -- sending

    async def send(self, conversation: bytes, text: str, files: Sequence[Path] = ()) -> frames.Ack:
        """Send a text, with files if given.

        Raises:
            NoConnection: it waits in the outbox. NotAllowed. Unsafe: the conversation is blocked.
        """
        self._check_safe(conversation)
        attachments: list[Attachment] = []
        for path in files:
            attachments.append(await self.files.upload(conversation, path))
        content: Content = File(text, tuple(attachments)) if attachments else Text(text)
        return await self.send_content(conversation, content, [a.blob_id for a in attachments])

    def _check_safe(self, conversation: bytes) -> None:
        reason = self.logs.blocked(conversation)
        if reason:
            raise Unsafe(f"this conversation's history does not fit together ({reason}); nothing is sent", reason)

    async def send_content(self, conversation: bytes, content: Content, blobs: Sequence[bytes] = ()) -> frames.Ack:
        """Put a content into the outbox and send it."""
        message_id = self.queue(conversation, content, blobs)
        return await self._send_queued(message_id, conversation, content, blobs)

    def queue(self, conversation: bytes, content: Content, blobs: Sequence[bytes] = ()) -> bytes:
        """Put a content into the outbox; gives its message id."""
        message_id = os.urandom(16)
        kind, raw = to_wire(content)
        try:
            body = encode(dict(raw))
            from_wire(kind, decode(body))
        except ProtocolError as error:
            raise Usage("the message is too long", error.code) from error
        self.local.run(
            "INSERT INTO outbox (message_id, conversation, kind, content, blobs) VALUES (?, ?, ?, ?, ?)",
            message_id,
            conversation,
            kind,
            body,
            b"".join(blobs),
        )
        return message_id

    async def flush(self) -> list[frames.Ack]:
        """Send what waits in the outbox, in order."""
        acks: list[frames.Ack] = []
        for message_id, conversation, kind, content, blobs in self.local.rows(
            "SELECT message_id, conversation, kind, content, blobs FROM outbox ORDER BY position"
        ):
            ids = [blobs[i : i + 16] for i in range(0, len(blobs), 16)]
            try:
                acks.append(await self._send_queued(message_id, conversation, from_wire(kind, decode(content)), ids))
            except NotAllowed:
                # Not a member any more, or too large: it will never go; the sender was told when it was written.
                continue
            except Unsafe:
                continue
        return acks

    async def _send_queued(
        self, message_id: bytes, conversation: bytes, content: Content, blobs: Sequence[bytes]
    ) -> frames.Ack:
        for attempt in range(RACES):
            self._check_safe(conversation)
            state = await self._ready(conversation)
            data = self._seal(state, message_id, content)
            try:
                ack = await self.channel.send(frames.Send(data, list(blobs)), message_id)
            except NotAllowed as error:
                if error.code == "rekey_required" and attempt < RACES - 1:
                    await self.chains.refresh()
                    await self.catch_up(conversation)
                    await self._rekey(conversation)
                    continue
                if error.code in ("rate_limited", "stale") and attempt < RACES - 1:
                    await asyncio.sleep(min(2.0, 0.1 * 2**attempt))
                    continue
                self.local.run("DELETE FROM outbox WHERE message_id = ?", message_id)
                raise
            assert ack is not None
            with self.local.transaction():
                self.local.run("DELETE FROM outbox WHERE message_id = ?", message_id)
            if self.logs.cursor(conversation) == ack.seq - 1:
                await self._take(conversation, [frames.Logged(ack.seq, ack.time, data)])
            return ack
        raise SdkError("the conversation keeps changing; please try again")

    async def _ready(self, conversation: bytes) -> ConversationState:
        """The state to seal under: newest generation, no rekey due, its parts held. [M24]"""
        state = self._state(conversation)
        if not state.is_member(self.keys.user):
            raise NotAllowed("you are not a member of this conversation", "not_found")
        events = self.logs.cursor(conversation) - self._made_at(state)
        if conv.rekey_due(state, self.chains.founded, self.chains.users, events, now()) is not None:
            await self._rekey(conversation)
            state = self._state(conversation)
        if self.keys.parts(conversation, state.generation) is None:
            await self.keys.fetch(state)
        if self.keys.parts(conversation, state.generation) is None:
            # Our own box is lost: rather than wait for a repair, make a generation that we hold.
            await self._rekey(conversation)
            state = self._state(conversation)
        return state

    def _made_at(self, state: ConversationState) -> int:
        row = self.local.row("SELECT max(seq) FROM event WHERE conversation = ? AND state = 3", state.id)
        return int(row[0]) if row and row[0] else 0

    def _state(self, conversation: bytes) -> ConversationState:
        state = self.logs.state(conversation)
        if state is None:
            raise Usage("there is no such conversation")
        return state

    def _seal(self, state: ConversationState, message_id: bytes, content: Content) -> bytes:
        parts = self.keys.parts(state.id, state.generation)
        if parts is None:
            raise SdkError("the conversation's key is not there yet; please try again", "key_missing")
        header = Header(state.id, state.generation, self.keys.device, message_id, EventKind.MESSAGE)
        return seal_message(
            parts.secret(state.id, state.generation),
            header,
            self.keys.signing,
            state.newest.statement,
            self.chains.users[self.keys.user].head,
            self.logs.seen(state.id),
            now(),
            content,
            os.urandom(12),
        )

    # -- conversations

    def desk(self) -> Desk:
        """What statements are written with now."""
        return Desk(self.keys.author(), self.chains.founded, self.chains.users, now(), os.urandom)

    async def create(
        self, title: str, people: Sequence[bytes], *, site: str | None = None, history: bool = True
    ) -> bytes:
        """Create a group (or, with a place, a site) and give it its title."""
        await self.chains.refresh()
        conversation = os.urandom(16)
        members = {self.keys.user: MemberRole.LEAD}
        members |= {user: MemberRole.MEMBER for user in people if user != self.keys.user}
        kind = conv.Kind.SITE if site is not None else conv.Kind.GROUP
        try:
            made = self.desk().create(conversation, kind, members, history=history)
        except ProtocolError as error:
            raise _refused(error) from error
        await self._write("create_conversation", made)
        await self.send_content(conversation, Details(title, site))
        return conversation

    async def _write(self, route: str, made: author.MadeConversation) -> None:
        """Log a statement; its parts are kept only after the server has acknowledged it. [M22]"""
        body = api.ConversationStatement(event=made.event, boxes=sealed(made.boxes))
        ids = {} if route == "create_conversation" else {"conversation": made.state.id}
        answer = await self.transport.call(route, api.Appended, body, ids=ids)
        with self.local.transaction():
            if made.parts is not None:
                self.keys.keep(made.state.id, made.state.generation, made.parts)
        if self.logs.cursor(made.state.id) == answer.seq - 1:
            await self._take(made.state.id, [frames.Logged(answer.seq, answer.time, made.event)])
        else:
            await self.catch_up(made.state.id)

    async def _change(self, conversation: bytes, make: Make) -> None:
        """Make and log a statement; who loses a race looks at the new state and tries again."""
        for attempt in range(RACES):
            state = self._state(conversation)
            try:
                made = make(self.desk(), state, self.logs.seen(conversation))
            except ProtocolError as error:
                raise _refused(error) from error
            if made is None:
                return
            try:
                await self._write("append_statement", made)
            except NotAllowed as error:
                if error.code not in ("stale", "rekey_required") or attempt == RACES - 1:
                    raise
                await asyncio.sleep(0.02 * 2**attempt)
                await self.chains.refresh()
                await self.catch_up(conversation)
                continue
            return

    async def _rekey(self, conversation: bytes) -> None:
        await self.chains.refresh()
        start = self._state(conversation).generation

        def make(desk: Desk, state: ConversationState, seen: LogSeen) -> author.MadeConversation | None:
            # Somebody else was quicker: theirs serves as well.
            return desk.rekey(state, seen) if state.generation == start else None

        await self._change(conversation, make)

    async def add(self, conversation: bytes, people: Sequence[bytes]) -> None:
        """Add people: a new generation, the history's keys where the conversation grants them, the title again."""
        await self.chains.refresh()
        await self.catch_up(conversation)
        roles = dict.fromkeys(people, MemberRole.MEMBER)
        await self._change(conversation, lambda desk, state, seen: desk.change_members(state, seen, roles))
        state = self._state(conversation)
        if state.history:
            await self._fill(conversation)
            held = {g: p for g, p in self.keys.held(conversation).items() if g < state.generation}
            if held and set(held) == set(range(1, state.generation)):
                for user in people:
                    await self._change(conversation, _granting(user, held))
        await self._repeat_details(conversation)

    async def _repeat_details(self, conversation: bytes) -> None:
        row = self.local.row("SELECT title, site FROM conversation WHERE id = ?", conversation)
        if row is not None and row[0]:
            await self.send_content(conversation, Details(row[0], row[1] or None))

    async def remove(self, conversation: bytes, people: Sequence[bytes]) -> None:
        """Remove people: the next generation is made without them, in the same statement."""
        await self.chains.refresh()
        await self.catch_up(conversation)
        if list(people) == [self.keys.user]:
            await self._change(conversation, lambda desk, state, seen: desk.leave(state, seen))
            return
        await self._change(conversation, lambda desk, state, seen: desk.change_members(state, seen, {}, people))

    def find_conversation(self, name: str) -> bytes:
        """A conversation by unique title or id. Raises Usage."""
        known = self.logs.conversations()
        named = [c for c in known if self.logs.title(c) == name] or [
            c for c in known if self.logs.title(c).casefold() == name.casefold()
        ]
        if len(named) == 1:
            return named[0]
        if len(named) > 1:
            raise Usage(f"there are {len(named)} conversations called {name!r}; use an id")
        matching = [c for c in known if len(name) >= 8 and c.hex().startswith(name.lower())]
        if len(matching) == 1:
            return matching[0]
        raise Usage(f"there is no conversation called {name!r}")

    # -- organisation, devices, verification

    async def invite(self, role: Role, uses: int, expires: int) -> str:
        """An invitation's link; `expires` in ms."""
        await self.chains.refresh()
        seed = os.urandom(32)
        for attempt in range(RACES):
            try:
                made, invite = author.invite(self.chains.founded, self.keys.author(), seed, role, uses, expires, now())
            except ProtocolError as error:
                raise _refused(error) from error
            if await self._extend_organisation(made.data, last=attempt == RACES - 1):
                return to_url(self.transport.base, InviteLink(self.chains.founded.id, invite, seed))
        raise SdkError("the organisation keeps changing; please try again")

    async def remove_person(self, user: bytes) -> None:
        """Remove a person from the organisation."""
        await self._organisation(org.Removed(user))

    async def change_role(self, user: bytes, role: Role) -> None:
        """Give a person another role."""
        await self._organisation(org.RoleChanged(user, role))

    async def _organisation(self, body: Record) -> None:
        await self.chains.refresh()
        for attempt in range(RACES):
            try:
                made = author.extend_organisation(self.chains.founded, self.keys.author(), now(), body)
            except ProtocolError as error:
                raise _refused(error) from error
            if await self._extend_organisation(made.data, last=attempt == RACES - 1):
                return

    async def _extend_organisation(self, data: bytes, *, last: bool) -> bool:
        body = api.OrganisationStatement(statement=data)
        try:
            await self.transport.call("extend_organisation", api.Extended, body)
        except NotAllowed as error:
            if error.code != "stale" or last:
                raise
            await self.chains.refresh_organisation()
            return False
        await self.chains.refresh_organisation()
        return True

    def devices(self) -> list[tuple[bytes, str, str]]:
        """The person's devices: (id, label, "active" or "revoked")."""
        state = self.chains.users[self.keys.user]
        seeds = self.keys.seeds()
        return [
            (name, open_label(seeds, device.record), "active" if device.revoked is None else "revoked")
            for name, device in state.devices.items()
        ]

    async def add_device(self) -> str:
        """A link that lets one further device join within a quarter of an hour."""
        await self.chains.refresh()
        me = self.keys.author()
        seed = os.urandom(16)
        ticket = RecipientKeys(seed)
        try:
            made = author_user.open_ticket(
                me.user, me.ref, me.key, ticket, await self.keys.seed(), max(now(), me.user.clock) + TICKET_MS, now()
            )
        except ProtocolError as error:
            raise _refused(error) from error
        await self._extend_user(made)
        organisation = self.chains.founded
        link = DeviceLink(organisation.id, organisation.head, made.state.id, made.state.head, seed)
        return to_url(self.transport.base, link)

    async def revoke_device(self, device: bytes) -> None:
        """Revoke a device: new box keys for the person, and a mark in the organisation's chain."""
        await self.chains.refresh()
        me = self.keys.author()
        fresh = os.urandom(32)
        try:
            made = author_user.revoke_device(
                me.user, me.ref, me.key, device, (await self.keys.seed(), fresh), now(), os.urandom
            )
        except ProtocolError as error:
            raise _refused(error) from error
        await self._extend_user(made)
        self.local.run(
            "INSERT INTO seed (generation, seed) VALUES (?, ?) ON CONFLICT DO NOTHING", made.state.box.number, fresh
        )
        await self._organisation(Empty())

    async def _extend_user(self, made: author_user.Made) -> None:
        body = api.UserStatement(statement=made.data, boxes=sealed(made.boxes))
        await self.transport.call("extend_user", api.Extended, body)
        with self.local.transaction():
            self.chains.keep_user(made.state, [made.data])

    def verification_number(self, user: bytes) -> str:
        """The number that this person's devices show too."""
        return verification_number(self.chains.founded.id, self.keys.user, user)

    def verify(self, user: bytes, number: str) -> None:
        """Mark a person as verified. Raises Unsafe if the number is another."""
        if "".join(number.split()) != "".join(self.verification_number(user).split()):
            raise Unsafe("the number is not the same: this may not be the person you think", "verification_mismatch")
        self.local.run(
            "INSERT INTO profile (user, profile, verified) VALUES (?, ?, 1)"
            " ON CONFLICT (user) DO UPDATE SET verified = 1",
            user,
            b"",
        )

    def is_verified(self, user: bytes) -> bool:
        """Whether the person was marked as verified."""
        row = self.local.row("SELECT verified FROM profile WHERE user = ?", user)
        return bool(row and row[0])


def _granting(user: bytes, held: dict[int, Parts]) -> Make:
    return lambda desk, state, seen: desk.grant(state, seen, user, held)


def _refused(error: ProtocolError) -> SdkError:
    """A statement that cannot be made: for most people, something that their role does not allow."""
    if error.code in ("anchor_unknown", "anchor_backwards", "pin_stale", "signature_invalid"):
        return Unsafe("the keys do not fit together", error.code)
    return NotAllowed(f"this is not allowed ({error.code})", error.code)
