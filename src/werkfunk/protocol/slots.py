"""Slots: small sealed last-writer-wins values per person and conversation (docs/protocol.md, 7). [M33]"""

import hmac
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from werkfunk.protocol.cbor import decode, tagged
from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.cose import decrypt0, encrypt0, payload_of, sign1, verify1
from werkfunk.protocol.errors import SealRefused
from werkfunk.protocol.events import Event, EventKind, Header
from werkfunk.protocol.kdf import derive
from werkfunk.protocol.labels import Label
from werkfunk.protocol.messages import check_sender
from werkfunk.protocol.padding import pad, unpad
from werkfunk.protocol.records import ID32, Record, any_map, at, record, uint
from werkfunk.protocol.signing import Signer
from werkfunk.protocol.statements import HEAD, Head
from werkfunk.protocol.user import UserState


class SlotType(IntEnum):
    """What a slot holds: {0: seq}, a live place (places.py), the key of a profile picture (picture.py)."""

    READ_MARKER = 1
    LIVE_PLACE = 2
    PICTURE_KEY = 3


@dataclass(frozen=True, slots=True)
class SignedSlot(Record):
    """What the device signs inside a slot."""

    header: Header = at(0, record(Header))
    generation_hash: bytes = at(1, ID32)
    user_head: Head = at(2, HEAD)
    counter: int = at(3, uint)
    type: int = at(4, uint)
    value: dict[int, Any] = at(5, any_map)


def slot_tag(secret: bytes, conversation: bytes, generation: int, user: bytes, slot_type: int) -> bytes:
    """The name under which the server stores the slot, 16 bytes; it does not tell the type."""
    return derive(secret, b"", tagged(Label.SLOT_TAG, conversation, generation, user, slot_type))[:16]


def seal_slot(
    secret: bytes,
    header: Header,
    key: Signer,
    generation_hash: bytes,
    user_head: Head,
    counter: int,
    slot_type: int,
    value: dict[int, Any],
    iv: bytes,
) -> bytes:
    """Seal a slot; gives the event's bytes. `header` has kind SLOT and the slot's tag; `counter` only ever grows."""
    signed = SignedSlot(header, generation_hash, user_head, counter, slot_type, value)
    plaintext = pad(sign1(key, Label.SLOT_CONTENT, signed.to_bytes()))
    return Event(header, encrypt0(_key(secret, header), iv, _aad(header), plaintext)).to_bytes()


def open_slot(
    secret: bytes, event: Event, state: ConversationState, users: dict[bytes, UserState], seen: int
) -> tuple[bytes, SignedSlot]:
    """Open a slot: (user, content).

    Args:
        secret: S_g of the newest generation.
        event: header and body.
        state: the conversation.
        users: the newest known states of the members.
        seen: the highest counter seen from this user for this type, -1 for none. [M33]

    Raises:
        SealRefused: `slot_old_generation`, `slot_tag_mismatch`, `counter_not_growing`, and as `open_message`.
    """
    header = event.header
    if header.generation != state.generation:
        raise SealRefused("slot_old_generation")
    signed, data = unseal_slot(secret, event)
    sender = check_sender(header, signed.generation_hash, signed.user_head, state, users)
    verify1(data, sender.devices[header.device].record.signing, Label.SLOT_CONTENT)
    tag = slot_tag(secret, header.conversation, header.generation, sender.id, signed.type)
    if not hmac.compare_digest(header.slot_tag or b"", tag):
        raise SealRefused("slot_tag_mismatch")
    if signed.counter <= seen:
        raise SealRefused("counter_not_growing")
    return sender.id, signed


def unseal_slot(secret: bytes, event: Event) -> tuple[SignedSlot, bytes]:
    """Decrypt a slot; gives what was signed, and the COSE_Sign1 whose signature is NOT verified yet.

    Raises:
        SealRefused: `seal_invalid`, `header_mismatch`. EncodingRefused: COSE, padding, CBOR, record.
    """
    header = event.header
    if header.kind is not EventKind.SLOT:
        raise SealRefused("header_mismatch", "not a slot")
    data = unpad(decrypt0(_key(secret, header), _aad(header), event.body))
    signed = SignedSlot.from_map(decode(payload_of(data)))
    if signed.header != header:
        raise SealRefused("header_mismatch")
    return signed, data


def _key(secret: bytes, header: Header) -> bytes:
    info = tagged(Label.SLOT_KEY, header.conversation, header.generation, header.device)
    return derive(secret, header.message_id, info)


def _aad(header: Header) -> bytes:
    return tagged(Label.SLOT, header.to_map())
