"""Slots: a person's small sealed values in a conversation, of which only the newest counts (docs/protocol.md, 7). [M33]"""

import os
from collections.abc import AsyncIterator
from typing import Any

from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import EventKind, Header, parse_event
from werkfunk.protocol.slots import SignedSlot, SlotType, open_slot, seal_slot, slot_tag
from werkfunk.sdk.core import RACES, Core
from werkfunk.sdk.errors import NotAllowed, SdkError
from werkfunk.sdk.outbox import Outbox
from werkfunk.wire import api, frames


class Slots:
    """See the module."""

    def __init__(self, core: Core, outbox: Outbox) -> None:
        self._core = core
        self._outbox = outbox

    async def read(self, conversation: bytes, seq: int) -> None:
        """Tell the members that this person has read up to `seq`; the person's other devices take it as read too."""
        held = self._core.logs.cursor(conversation)
        value = {0: min(seq, held), 1: held}
        await self.write(conversation, SlotType.READ_MARKER, self._core.clock(), value)

    async def newest(self, conversation: bytes, kind: SlotType) -> AsyncIterator[tuple[bytes, SignedSlot]]:
        """(user, slot) of members, as the server holds them. What does not open is of a newer version, or broken."""
        state = await self._outbox.ready(conversation)
        parts = self._core.keys.parts(conversation, state.generation)
        assert parts is not None, "`ready` holds them"
        secret = parts.secret(conversation, state.generation)
        answer = await self._core.transport.call("slots", api.Slots, ids={"conversation": conversation})
        for data in answer.events:
            try:
                user, slot = open_slot(secret, parse_event(data), state, self._core.chains.users, -1)
            except ProtocolError:
                continue
            if slot.type == kind and state.is_member(user) and self._current(conversation, user, slot):
                yield user, slot

    def _current(self, conversation: bytes, user: bytes, slot: SignedSlot) -> bool:
        """Whether no newer one was seen, in whatever session: a server may bring an older one again. [M33]"""
        name = f"slot {conversation.hex()} {user.hex()} {slot.type}"
        seen = int.from_bytes(self._core.local.get(name) or b"")
        if slot.counter > seen:
            self._core.local.put(name, slot.counter.to_bytes(8))
        return slot.counter >= seen

    async def write(self, conversation: bytes, kind: SlotType, counter: int, value: dict[int, Any]) -> None:
        """Write the own value. Two devices write the same slot: a time (ms) as `counter` grows for both.

        Raises:
            NoConnection, NotAllowed. Unsafe: the conversation is blocked.
        """
        me = self._core.keys
        for attempt in range(RACES):
            self._outbox.check_safe(conversation)
            state = await self._outbox.ready(conversation)
            parts = me.parts(conversation, state.generation)
            assert parts is not None, "`ready` holds them"
            secret = parts.secret(conversation, state.generation)
            tag = slot_tag(secret, conversation, state.generation, me.user, int(kind))
            message_id = os.urandom(16)
            header = Header(conversation, state.generation, me.device, message_id, EventKind.SLOT, tag)
            event = seal_slot(
                secret, header, me.signing, state.newest.statement, self._core.chains.users[me.user].head,
                counter, int(kind), value, os.urandom(12),
            )  # fmt: skip
            try:
                await self._core.channel.send(frames.WriteSlot(event), message_id)
                return
            except NotAllowed as error:
                if error.code != "rekey_required" or attempt == RACES - 1:
                    raise
                await self._outbox.renew(conversation, state.generation)
        raise SdkError("the conversation keeps changing; please try again")
