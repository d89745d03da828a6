"""An archive holder's duty: check each generation's box on arrival, and sign a report of one that is wrong. [M37]

Done by itself in the conversations that the holder is a member of. Nothing is kept: the boxes stay on the server, and a
holder opens them again when two of them have agreed on an audit.
"""

from werkfunk.protocol.archive import open_holder_box
from werkfunk.protocol.author import Desk, MadeConversation
from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.statements import LogSeen
from werkfunk.sdk.core import Core
from werkfunk.sdk.statements import Statements
from werkfunk.wire import api


class Holders:
    """See the module."""

    def __init__(self, core: Core, statements: Statements) -> None:
        self._core = core
        self._statements = statements

    async def check(self) -> None:
        """Check what has come since the last time, in every conversation."""
        for conversation in self._core.logs.conversations():
            state = self._core.logs.state(conversation)
            if state is not None and state.is_member(self._core.keys.user) and self._due(state):
                await self._check(state)

    def _due(self, state: ConversationState) -> list[int]:
        """The generations that hold a box for this person and were not looked at yet."""
        me, first = self._core.keys.user, self._checked(state.id) + 1
        return [g for g in range(first, state.generation + 1) if state.generations[g].holder(me) is not None]

    def _checked(self, conversation: bytes) -> int:
        return int.from_bytes(self._core.local.get(_key(conversation)) or b"", "big")

    async def _check(self, state: ConversationState) -> None:
        due = self._due(state)
        answer = await self._core.transport.call(
            "boxes", api.Boxes, ids={"conversation": state.id}, query={"after": due[0] - 1}
        )
        boxes = {box.generation: box for box in answer.boxes if box.kind == "holder"}
        for generation in due:
            if not await self._opens(state, generation, boxes.get(generation)):
                await self._report(state.id, generation)
            self._core.local.put(_key(state.id), generation.to_bytes(8, "big"))

    async def _opens(self, state: ConversationState, generation: int, box: api.Box | None) -> bool:
        made = state.generations[generation]
        holder = made.holder(self._core.keys.user)
        assert holder is not None
        await self._core.keys.seed()
        key = self._core.keys.box_key(holder.box_generation)
        if box is None or key is None:
            return False
        try:
            open_holder_box(key, state.id, made.record, holder, box.box)
        except ProtocolError:
            return False
        return True

    async def _report(self, conversation: bytes, generation: int) -> None:
        """Sign the failure into the conversation's log, for everybody to see; once, whichever device was first."""
        me = self._core.keys.user

        def make(desk: Desk, state: ConversationState, seen: LogSeen) -> MadeConversation | None:
            holder = state.generations[generation].holder(me)
            if holder is None or any((f.generation, f.index) == (generation, holder.index) for f in state.failures):
                return None
            return desk.report_failure(state, seen, generation, holder.index)

        await self._statements.change(conversation, make)


def _key(conversation: bytes) -> str:
    return f"holder:{conversation.hex()}"
