"""This device's keys: signing, its box, the user's box seeds, and the parts of the conversations' generations."""

import contextlib

from werkfunk.protocol.author import Author
from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.generation import Parts, open_box, open_repair
from werkfunk.protocol.grants import open_grant
from werkfunk.protocol.seeds import all_seeds, open_seed
from werkfunk.protocol.signing import SigningKey
from werkfunk.sdk.chains import Chains
from werkfunk.sdk.local import Local
from werkfunk.sdk.transport import Transport
from werkfunk.wire import api


class Keyring:
    """See the module."""

    def __init__(self, local: Local, chains: Chains, transport: Transport) -> None:
        self._local = local
        self._chains = chains
        self._transport = transport
        self.user = local.require("user")
        self.device = local.require("device")
        self.signing = SigningKey(local.require("device_seed"))
        self._box = BoxKey(local.require("device_box_seed"))
        self._boxes: dict[int, BoxKey] = {}

    def author(self) -> Author:
        """This device, as it signs statements now."""
        return Author(self._chains.users[self.user], self.device, self.signing)

    async def seed(self) -> bytes:
        """The newest user box seed, fetched if another device made a new generation."""
        state = self._chains.users[self.user]
        row = self._local.row("SELECT seed FROM seed WHERE generation = ?", state.box.number)
        if row is not None:
            return bytes(row[0])
        sealed = await self._transport.call("seals", api.Seals)
        newest = open_seed(self._box, state, self.device, sealed.box)
        with self._local.transaction():
            for generation, seed in all_seeds(state, newest).items():
                self._local.run(
                    "INSERT INTO seed (generation, seed) VALUES (?, ?) ON CONFLICT DO NOTHING", generation, seed
                )
        return newest

    def seeds(self) -> dict[int, bytes]:
        """All user box seeds held."""
        return {row[0]: row[1] for row in self._local.rows("SELECT generation, seed FROM seed")}

    def box_key(self, generation: int) -> BoxKey | None:
        """The user's box key of a generation, if its seed is held."""
        if generation not in self._boxes:
            row = self._local.row("SELECT seed FROM seed WHERE generation = ?", generation)
            if row is None:
                return None
            self._boxes[generation] = BoxKey(row[0])
        return self._boxes[generation]

    def held(self, conversation: bytes) -> dict[int, Parts]:
        """All generations' parts held for a conversation."""
        rows = self._local.rows("SELECT generation, parts FROM parts WHERE conversation = ?", conversation)
        return {generation: Parts.from_bytes(parts) for generation, parts in rows}

    def parts(self, conversation: bytes, generation: int) -> Parts | None:
        """The parts of one generation, if held."""
        row = self._local.row(
            "SELECT parts FROM parts WHERE conversation = ? AND generation = ?", conversation, generation
        )
        return Parts.from_bytes(row[0]) if row else None

    def keep(self, conversation: bytes, generation: int, parts: Parts) -> None:
        """Store parts that fit their commitments."""
        self._local.run(
            "INSERT INTO parts (conversation, generation, parts) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            conversation,
            generation,
            parts.to_bytes(),
        )

    async def fetch(self, state: ConversationState) -> bool:
        """Fetch and open every box of the conversation that is not held yet; True if anything new opened."""
        await self.seed()
        have = self.held(state.id)
        answer = await self._transport.call("boxes", api.Boxes, ids={"conversation": state.id}, query={"after": 0})
        found = False
        for box in answer.boxes:
            if box.kind != "holder" and not all(g in have for g in range(box.first, box.generation + 1)):
                # A box that does not open (spoilt, or not for us) is no reason to stop: repair asks for another.
                with contextlib.suppress(ProtocolError, KeyError):
                    for generation, parts in self._open(state, box).items():
                        self.keep(state.id, generation, parts)
                        have[generation] = parts
                        found = True
        return found

    def _open(self, state: ConversationState, box: api.Box) -> dict[int, Parts]:
        made = state.generations[box.generation]
        if box.kind == "generation":
            recipient = made.recipient(self.user)
            key = self.box_key(recipient.box_generation) if recipient else None
            if recipient is None or key is None:
                return {}
            return {box.generation: open_box(key, state.id, made.record, recipient, box.box)}
        key = self.box_key(box.box_generation)
        if key is None:
            return {}
        if box.kind == "repair":
            parts = open_repair(key, state.id, made.record, self.user, box.box_generation, box.box)
            return {box.generation: parts}
        grant = next(
            g for g in state.grants if g.user == self.user and (g.first, g.last) == (box.first, box.generation)
        )
        records = {number: generation.record for number, generation in state.generations.items()}
        span = (box.first, box.generation)
        return open_grant(key, state.id, records, span, self.user, box.box_generation, box.box, grant.box)
