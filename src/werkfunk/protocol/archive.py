"""The archive without an archive key (docs/protocol.md, 12): two holders together open a generation, one alone nothing."""

import hmac
from collections.abc import Mapping

from werkfunk.protocol.boxes import BoxKey, seal
from werkfunk.protocol.cbor import decode, encode, tagged
from werkfunk.protocol.errors import SealRefused
from werkfunk.protocol.generation import Generation, Holder, Parts, commitment, holder_info
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.labels import Label
from werkfunk.protocol.padding import pad, unpad
from werkfunk.protocol.user import UserState

Held = Mapping[int, bytes]
"""A holder's parts: index 1 to 3 -> part, two of three."""


def open_holder_box(
    key: BoxKey, conversation: bytes, generation: Generation, holder: Holder, box: bytes
) -> dict[int, bytes]:
    """Open a holder's box and check it on arrival; a refusal is what the holder reports. [M37]

    Raises:
        SealRefused: `box_hash_mismatch`, `box_invalid`, `parts_length`, `commitment_mismatch`.
    """
    if not hmac.compare_digest(sha256(box), holder.box):
        raise SealRefused("box_hash_mismatch")
    info = holder_info(
        conversation,
        generation.number,
        generation.commitments,
        holder.user,
        holder.box_generation,
        holder.index,
    )
    data = key.open(info, box)
    if len(data) != 64:
        raise SealRefused("parts_length")
    indices = [j for j in (1, 2, 3) if j != holder.index]
    held = {indices[0]: data[:32], indices[1]: data[32:]}
    for index, part in held.items():
        _check(conversation, generation, index, part)
    return held


def release(conversation: bytes, generation: Generation, held: Held, index: int, to: UserState) -> bytes:
    """The second holder seals the part that the first lacks. Raises KeyError if it is not held."""
    return seal(to.box.public, _release_info(conversation, generation, to.id, to.box.number, index), held[index])


def combine(
    key: BoxKey,
    conversation: bytes,
    generation: Generation,
    held: Held,
    user: bytes,
    box_generation: int,
    box: bytes,
) -> bytes:
    """The first holder adds the released part: S_g.

    Raises:
        SealRefused: `box_invalid`, `commitment_mismatch`.
    """
    (index,) = {1, 2, 3} - set(held)
    part = key.open(_release_info(conversation, generation, user, box_generation, index), box)
    _check(conversation, generation, index, part)
    all_parts = {**held, index: part}
    return Parts((all_parts[1], all_parts[2], all_parts[3])).secret(conversation, generation.number)


def seal_audit(case: bytes, conversation: bytes, number: int, keys: Mapping[bytes, bytes], auditor: UserState) -> bytes:
    """Seal the message keys of exactly the granted scope (message id -> key) to the auditor."""
    plaintext = pad(encode([[message_id, key] for message_id, key in keys.items()]))
    return seal(auditor.box.public, _audit_info(case, conversation, number, auditor.id, auditor.box.number), plaintext)


def open_audit(
    key: BoxKey,
    case: bytes,
    conversation: bytes,
    number: int,
    auditor: bytes,
    box_generation: int,
    box: bytes,
) -> dict[bytes, bytes]:
    """The auditor's message keys: message id -> key.

    Raises:
        SealRefused: `box_invalid`, `audit_form`. EncodingRefused: the padding or the CBOR.
    """
    items = decode(unpad(key.open(_audit_info(case, conversation, number, auditor, box_generation), box)))
    keys: dict[bytes, bytes] = {}
    for item in items if type(items) is list else [None]:
        match item:
            case [bytes(message_id), bytes(message_key)] if len(message_id) == 16 and len(message_key) == 32:
                keys[message_id] = message_key
            case _:
                raise SealRefused("audit_form")
    return keys


def _check(conversation: bytes, generation: Generation, index: int, part: bytes) -> None:
    mine = commitment(conversation, generation.number, index, part)
    if not hmac.compare_digest(mine, generation.commitments[index - 1]):
        raise SealRefused("commitment_mismatch")


def _release_info(conversation: bytes, generation: Generation, user: bytes, box_generation: int, index: int) -> bytes:
    return tagged(Label.RELEASE, conversation, generation.number, *generation.commitments, user, box_generation, index)


def _audit_info(case: bytes, conversation: bytes, number: int, auditor: bytes, box_generation: int) -> bytes:
    return tagged(Label.AUDIT, case, conversation, number, auditor, box_generation)
