"""Writing statements into conversations: made from the newest state, kept only once acknowledged, tried again after races."""

import asyncio
import os
from collections.abc import Callable

from werkfunk.protocol import author
from werkfunk.protocol import conversation as conv
from werkfunk.protocol.author import Desk
from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.statements import LogSeen
from werkfunk.sdk.account import sealed
from werkfunk.sdk.core import RACES, Core
from werkfunk.sdk.errors import NotAllowed, SdkError, Unsafe
from werkfunk.wire import api, frames

Make = Callable[[Desk, ConversationState, LogSeen], author.MadeConversation | None]


class Statements:
    """See the module."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def desk(self) -> Desk:
        """What statements are written with now."""
        return Desk(
            self._core.keys.author(), self._core.chains.founded, self._core.chains.users, self._core.clock(), os.urandom
        )

    async def write(self, route: str, made: author.MadeConversation) -> None:
        """Log a statement; its parts are kept only after the server has acknowledged it. [M22]"""
        body = api.ConversationStatement(event=made.event, boxes=sealed(made.boxes))
        ids = {} if route == "create_conversation" else {"conversation": made.state.id}
        answer = await self._core.transport.call(route, api.Appended, body, ids=ids)
        with self._core.local.transaction():
            if made.parts is not None:
                self._core.keys.keep(made.state.id, made.state.generation, made.parts)
        if self._core.logs.cursor(made.state.id) == answer.seq - 1:
            await self._core.take(made.state.id, [frames.Logged(answer.seq, answer.time, made.event)])
        else:
            await self._core.catch_up(made.state.id)

    async def change(self, conversation: bytes, make: Make) -> None:
        """Make and log a statement; who loses a race looks at the new state and tries again."""
        for attempt in range(RACES):
            state = self._core.state(conversation)
            try:
                made = make(self.desk(), state, self._core.logs.seen(conversation))
            except ProtocolError as error:
                raise refused(error) from error
            if made is None:
                return
            try:
                await self.write("append_statement", made)
            except NotAllowed as error:
                if error.code not in ("stale", "rekey_required") or attempt == RACES - 1:
                    raise
                await asyncio.sleep(0.02 * 2**attempt)
                await self._core.chains.refresh()
                await self._core.catch_up(conversation)
                continue
            return

    async def rekey(self, conversation: bytes) -> None:
        """Make the next generation, unless somebody else was quicker."""
        await self._core.chains.refresh()
        start = self._core.state(conversation).generation

        def make(desk: Desk, state: ConversationState, seen: LogSeen) -> author.MadeConversation | None:
            # Somebody else was quicker: theirs serves as well, unless it is sealed to old keys of ours. [M23]
            stale = conv.own_pin_stale(state, desk.author.user)
            return desk.rekey(state, seen) if stale or state.generation == start else None

        await self.change(conversation, make)


def refused(error: ProtocolError) -> SdkError:
    """A statement that cannot be made: for most people, something that their role does not allow."""
    if error.code in ("anchor_unknown", "anchor_backwards", "pin_stale", "signature_invalid"):
        return Unsafe("the keys do not fit together", error.code)
    return NotAllowed(f"this is not allowed ({error.code})", error.code)
