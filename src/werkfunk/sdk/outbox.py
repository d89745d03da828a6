"""The outbox: what is to be sent is written down first, under its message id, and sent once, now or later."""

import asyncio
import os
from collections.abc import Sequence

from werkfunk.protocol import conversation as conv
from werkfunk.protocol.cbor import decode, encode
from werkfunk.protocol.content import Content, from_wire, to_wire
from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import EventKind, Header
from werkfunk.protocol.events import message_id as own_id
from werkfunk.protocol.messages import seal_message
from werkfunk.sdk.core import RACES, Core
from werkfunk.sdk.errors import NotAllowed, SdkError, Unsafe, Usage
from werkfunk.sdk.statements import Statements
from werkfunk.wire import frames


class Outbox:
    """See the module."""

    def __init__(self, core: Core, statements: Statements) -> None:
        self._core = core
        self._statements = statements

    def check_safe(self, conversation: bytes) -> None:
        """Raises Unsafe when nothing may be sent there until a person has looked."""
        reason = self._core.logs.blocked(conversation)
        if reason:
            raise Unsafe(f"this conversation's history does not fit together ({reason}); nothing is sent", reason)

    async def send(self, conversation: bytes, content: Content, blobs: Sequence[bytes] = ()) -> frames.Ack:
        """Put a content into the outbox and send it."""
        message_id = self.queue(conversation, content, blobs)
        return await self._send(message_id, conversation, content, blobs)

    def queue(self, conversation: bytes, content: Content, blobs: Sequence[bytes] = ()) -> bytes:
        """Put a content into the outbox; gives its message id."""
        message_id = self.fresh_id()
        kind, raw = to_wire(content)
        try:
            body = encode(dict(raw))
            from_wire(kind, decode(body))
        except ProtocolError as error:
            raise Usage("the message is too long", error.code) from error
        self._core.local.run(
            "INSERT INTO outbox (message_id, conversation, kind, content, blobs) VALUES (?, ?, ?, ?, ?)",
            message_id,
            conversation,
            kind,
            body,
            b"".join(blobs),
        )
        return message_id

    def fresh_id(self) -> bytes:
        """A new message id of this device's. [M28]"""
        return own_id(self._core.keys.device, os.urandom(8))

    async def sealed(self, conversation: bytes, message_id: bytes, content: Content) -> bytes:
        """An event for the conversation as it is now, for requests that bring their message along. Raises Unsafe."""
        self.check_safe(conversation)
        state = await self.ready(conversation)
        return self._seal(state, message_id, content)

    async def flush(self) -> list[frames.Ack]:
        """Send what waits in the outbox, in order."""
        acks: list[frames.Ack] = []
        for message_id, conversation, kind, content, blobs in self._core.local.rows(
            "SELECT message_id, conversation, kind, content, blobs FROM outbox ORDER BY position"
        ):
            ids = [blobs[i : i + 16] for i in range(0, len(blobs), 16)]
            try:
                acks.append(await self._send(message_id, conversation, from_wire(kind, decode(content)), ids))
            except NotAllowed:
                # Not a member any more, or too large: it will never go; the sender was told when it was written.
                continue
            except Unsafe:
                continue
        return acks

    async def _send(
        self, message_id: bytes, conversation: bytes, content: Content, blobs: Sequence[bytes]
    ) -> frames.Ack:
        for attempt in range(RACES):
            self.check_safe(conversation)
            state = await self.ready(conversation)
            data = self._seal(state, message_id, content)
            try:
                ack = await self._core.channel.send(frames.Send(data, list(blobs)), message_id)
            except NotAllowed as error:
                if error.code == "rekey_required" and attempt < RACES - 1:
                    await self.renew(conversation, state.generation)
                    continue
                if error.code in ("rate_limited", "stale") and attempt < RACES - 1:
                    await asyncio.sleep(min(2.0, 0.1 * 2**attempt))
                    continue
                self._core.local.run("DELETE FROM outbox WHERE message_id = ?", message_id)
                raise
            assert ack is not None
            with self._core.local.transaction():
                self._core.local.run("DELETE FROM outbox WHERE message_id = ?", message_id)
            if ack.repeated:
                # Logged is what an earlier attempt has sealed, which was not these bytes.
                await self._core.catch_up(conversation)
            elif self._core.logs.cursor(conversation) == ack.seq - 1:
                await self._core.take(conversation, [frames.Logged(ack.seq, ack.time, data)])
            return ack
        raise SdkError("the conversation keeps changing; please try again")

    async def ready(self, conversation: bytes) -> ConversationState:
        """The state to seal under: newest generation, own pin not stale, no rekey due, its parts held. [M23] [M24]"""
        state = self._core.state(conversation)
        if not state.is_member(self._core.keys.user):
            raise NotAllowed("you are not a member of this conversation", "not_found")
        if self.due(state):
            await self._statements.rekey(conversation)
            state = self._core.state(conversation)
        if self._core.keys.parts(conversation, state.generation) is None:
            await self._core.keys.fetch(state)
        if self._core.keys.parts(conversation, state.generation) is None:
            # Our own box is lost: rather than wait for a repair, make a generation that we hold.
            await self._statements.rekey(conversation)
            state = self._core.state(conversation)
        return state

    def due(self, state: ConversationState) -> bool:
        """Whether nothing is to be sealed under the newest generation any more, until the next is made. [M23] [M24]"""
        events = self._core.logs.cursor(state.id) - self._made_at(state)
        users = self._core.chains.users
        due = conv.rekey_due(state, self._core.chains.founded, users, events, self._core.clock())
        return due is not None or conv.own_pin_stale(state, users[self._core.keys.user])

    async def renew(self, conversation: bytes, generation: int) -> None:
        """The server takes nothing under `generation` any more: learn why, and make the next.

        Where somebody was quicker, theirs serves as well: not everybody who was away makes another.
        """
        await self._core.chains.refresh()
        await self._core.catch_up(conversation)
        if self._core.state(conversation).generation == generation:
            await self._statements.rekey(conversation)

    def _made_at(self, state: ConversationState) -> int:
        row = self._core.local.row("SELECT max(seq) FROM event WHERE conversation = ? AND state = 3", state.id)
        return int(row[0]) if row and row[0] else 0

    def _seal(self, state: ConversationState, message_id: bytes, content: Content) -> bytes:
        parts = self._core.keys.parts(state.id, state.generation)
        if parts is None:
            raise SdkError("the conversation's key is not there yet; please try again", "key_missing")
        header = Header(state.id, state.generation, self._core.keys.device, message_id, EventKind.MESSAGE)
        return seal_message(
            parts.secret(state.id, state.generation),
            header,
            self._core.keys.signing,
            state.newest.statement,
            self._core.chains.users[self._core.keys.user].head,
            self._core.logs.seen(state.id),
            self._core.clock(),
            content,
            os.urandom(12),
        )
