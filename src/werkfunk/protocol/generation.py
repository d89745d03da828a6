"""Key generations of a conversation (docs/protocol.md, 4.3 and 5): three parts, their commitments, boxes for the members."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from werkfunk.domain.limits import MEMBERS_MAX
from werkfunk.protocol.boxes import BoxKey, seal
from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.errors import SealRefused
from werkfunk.protocol.kdf import derive, sha256, tagged_hash
from werkfunk.protocol.labels import Label
from werkfunk.protocol.records import ID32, Record, at, between, each, record, uint
from werkfunk.protocol.statements import HEAD, Head
from werkfunk.protocol.user import UserState

Randomness = Callable[[int], bytes]
"""Gives n fresh random bytes; handed in, so that nothing here draws any."""

Commitments = tuple[bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Recipient(Record):
    """Whom a box is for: the user, the user head and box generation it is pinned to, the hash of the box."""

    user: bytes = at(0, ID32)
    head: Head = at(1, HEAD)
    box_generation: int = at(2, uint)
    box: bytes = at(3, ID32)


@dataclass(frozen=True, slots=True)
class Holder(Record):
    """An archive holder: as a recipient, for all parts but `index`."""

    user: bytes = at(0, ID32)
    head: Head = at(1, HEAD)
    box_generation: int = at(2, uint)
    box: bytes = at(3, ID32)
    index: int = at(4, between(1, 3))


@dataclass(frozen=True, slots=True)
class Generation(Record):
    """The public half of a generation, inside a statement."""

    number: int = at(0, uint)
    commitments: Commitments = at(1, each(ID32, 3, 3))
    recipients: tuple[Recipient, ...] = at(2, each(record(Recipient), MEMBERS_MAX))
    holders: tuple[Holder, ...] = at(3, each(record(Holder), 3))


@dataclass(frozen=True, slots=True, repr=False)
class Parts:
    """The secret half: three parts of 32 random bytes; any two of the archive's holders have all three."""

    parts: tuple[bytes, bytes, bytes]

    @classmethod
    def fresh(cls, randomness: Randomness) -> "Parts":
        """New parts."""
        return cls((randomness(32), randomness(32), randomness(32)))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Parts":
        """From 96 bytes. Raises SealRefused `parts_length`."""
        if len(data) != 96:
            raise SealRefused("parts_length")
        return cls((data[:32], data[32:64], data[64:]))

    def to_bytes(self) -> bytes:
        """s1 || s2 || s3, 96 bytes."""
        return b"".join(self.parts)

    def commitments(self, conversation: bytes, number: int) -> Commitments:
        """c_j = H(T("part", conversation, g, j, s_j)) for j = 1, 2, 3."""
        one, two, three = (commitment(conversation, number, j, s) for j, s in enumerate(self.parts, 1))
        return one, two, three

    def secret(self, conversation: bytes, number: int) -> bytes:
        """S_g, 32 bytes."""
        return derive(self.to_bytes(), b"", tagged(Label.CONVERSATION_SECRET, conversation, number))

    def check(self, conversation: bytes, number: int, expected: Commitments) -> None:
        """Check all three commitments. Raises SealRefused `commitment_mismatch`. [M25]"""
        mine = b"".join(self.commitments(conversation, number))
        if not hmac.compare_digest(mine, b"".join(expected)):
            raise SealRefused("commitment_mismatch")

    def __repr__(self) -> str:
        return "Parts(***)"


def commitment(conversation: bytes, number: int, index: int, part: bytes) -> bytes:
    """The commitment to one part, 32 bytes."""
    return tagged_hash(Label.PART, conversation, number, index, part)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A box to send beside the statement; `index` is 0 for a member, 1 to 3 for a holder."""

    recipient: bytes
    box: bytes
    index: int = 0


def box_info(
    label: Label, conversation: bytes, number: int, commitments: Commitments, user: bytes, box_generation: int
) -> bytes:
    """The info of a generation, repair or (without index) holder box."""
    return tagged(label, conversation, number, *commitments, user, box_generation)


def holder_info(
    conversation: bytes, number: int, commitments: Commitments, user: bytes, box_generation: int, index: int
) -> bytes:
    """The info of a holder's box."""
    return tagged(Label.HOLDER_BOX, conversation, number, *commitments, user, box_generation, index)


def make(
    conversation: bytes,
    number: int,
    parts: Parts,
    members: Sequence[UserState],
    holders: Sequence[UserState] = (),
) -> tuple[Generation, list[Sealed]]:
    """Seal a new generation's parts to the newest box key of each member, and of each holder all but theirs.

    Cost: one HPKE seal (about 0.1 ms, 1,232 bytes) a member.
    """
    commitments = parts.commitments(conversation, number)
    recipients: list[Recipient] = []
    kept: list[Holder] = []
    boxes: list[Sealed] = []
    for user in members:
        box_generation = user.box.number
        info = box_info(Label.GENERATION_BOX, conversation, number, commitments, user.id, box_generation)
        box = seal(user.box.public, info, parts.to_bytes())
        recipients.append(Recipient(user.id, user.head, box_generation, sha256(box)))
        boxes.append(Sealed(user.id, box))
    for index, user in enumerate(holders, 1):
        box_generation = user.box.number
        info = holder_info(conversation, number, commitments, user.id, box_generation, index)
        others = b"".join(part for j, part in enumerate(parts.parts, 1) if j != index)
        box = seal(user.box.public, info, others)
        kept.append(Holder(user.id, user.head, box_generation, sha256(box), index))
        boxes.append(Sealed(user.id, box, index))
    return Generation(number, commitments, tuple(recipients), tuple(kept)), boxes


def open_box(key: BoxKey, conversation: bytes, generation: Generation, recipient: Recipient, box: bytes) -> Parts:
    """Open a generation's box; checks its hash and all commitments. [M25]

    Raises:
        SealRefused: `box_hash_mismatch`, `box_invalid`, `commitment_mismatch`.
    """
    if not hmac.compare_digest(sha256(box), recipient.box):
        raise SealRefused("box_hash_mismatch")
    return _open(Label.GENERATION_BOX, key, conversation, generation, recipient.user, recipient.box_generation, box)


def seal_repair(conversation: bytes, generation: Generation, parts: Parts, user: UserState) -> tuple[int, bytes]:
    """Answer a question for a lacking box: (box generation, box). The caller checks who may have it. [M27]"""
    number = user.box.number
    info = box_info(Label.REPAIR_BOX, conversation, generation.number, generation.commitments, user.id, number)
    return number, seal(user.box.public, info, parts.to_bytes())


def open_repair(
    key: BoxKey, conversation: bytes, generation: Generation, user: bytes, box_generation: int, box: bytes
) -> Parts:
    """Open a repair's box; whoever sealed it, the commitments tell whether the parts are right."""
    return _open(Label.REPAIR_BOX, key, conversation, generation, user, box_generation, box)


def _open(
    label: Label,
    key: BoxKey,
    conversation: bytes,
    generation: Generation,
    user: bytes,
    box_generation: int,
    box: bytes,
) -> Parts:
    info = box_info(label, conversation, generation.number, generation.commitments, user, box_generation)
    parts = Parts.from_bytes(key.open(info, box))
    parts.check(conversation, generation.number, generation.commitments)
    return parts
