"""Events: what the server sees of a message, statement or slot (docs/protocol.md, 6), and the log's head."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from werkfunk.protocol.cbor import Value, decode, encode
from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.kdf import sha256, tagged_hash
from werkfunk.protocol.labels import Label
from werkfunk.protocol.records import ID16, Record, at, one_of, uint

HEAD_ZERO = bytes(32)


class EventKind(IntEnum):
    """The kind class, all that the server learns of an event's content."""

    MESSAGE = 0
    STATEMENT = 1
    SLOT = 2


@dataclass(frozen=True, slots=True)
class Header(Record):
    """The clear part of an event."""

    conversation: bytes = at(0, ID16)
    generation: int = at(1, uint)
    device: bytes = at(2, ID16)
    message_id: bytes = at(3, ID16)
    kind: EventKind = at(4, one_of(EventKind))
    slot_tag: bytes | None = at(5, ID16, optional=True)


@dataclass(frozen=True, slots=True)
class Event:
    """Header and sealed body (COSE_Encrypt0, or COSE_Sign1 for a statement)."""

    header: Header
    body: bytes

    def to_bytes(self) -> bytes:
        """The event's one encoding."""
        return encode([self.header.to_map(), self.body])


_KINDS = {int(kind): kind for kind in EventKind}


def parse_event(data: bytes) -> Event:
    """Read an event. The server does this for every message, so a message is read by its places where they fit.

    Raises:
        EncodingRefused: `event_form`, or any error of `cbor.decode`.
    """
    return _message(data) or _any_event(data)


def _message(data: bytes) -> Event | None:
    """A message in its one encoding, or None for whatever else `data` may be: `_any_event` says what.

    82 A5 00 50 conversation 01 generation 02 50 device 03 50 message-id 04 00 body: only the generation's and the
    body's length vary, and both must be as short as can be. [M1]
    """
    if data[:4] != b"\x82\xa5\x00\x50" or data[20:21] != b"\x01" or len(data) < 67:
        return None
    generation, at_device = data[21], 22
    if generation >= 24:
        size = {24: 1, 25: 2}.get(generation, 0)
        generation, at_device = int.from_bytes(data[22 : 22 + size], "big"), 22 + size
        if generation < (0, 24, 256)[size] or not size:
            return None
    at_id = at_device + 18
    at_kind = at_id + 18
    at_body = at_kind + 2
    if (
        data[at_device : at_device + 2] != b"\x02\x50"
        or data[at_id : at_id + 2] != b"\x03\x50"
        or data[at_kind:at_body] != b"\x04\x00"
    ):
        return None
    mark = data[at_body : at_body + 1]
    size = 2 if mark == b"\x59" else 1 if mark == b"\x58" else 0
    start = at_body + 1 + size
    length = int.from_bytes(data[at_body + 1 : start], "big")
    if not size or length != len(data) - start or length < (0, 24, 256)[size]:
        return None
    header = Header(data[4:20], generation, data[at_device + 2 : at_id], data[at_id + 2 : at_kind], EventKind.MESSAGE)
    return Event(header, data[start:])


def _any_event(data: bytes) -> Event:
    value: Value = decode(data)
    match value:
        case [
            {
                0: bytes(conversation),
                1: int(generation),
                2: bytes(device),
                3: bytes(message_id),
                4: int(kind),
                **rest,
            },
            bytes(body),
        ] if (
            len(conversation) == len(device) == len(message_id) == 16
            # bool is an int in Python: true must not pass for 1. [M1]
            and type(generation) is type(kind) is int
            and generation >= 0
            and kind in _KINDS
            and (not rest if kind != EventKind.SLOT else rest.keys() == {5})
        ):
            tag: Any = rest.get(5)
            if not rest or (type(tag) is bytes and len(tag) == 16):
                header = Header(conversation, generation, device, message_id, _KINDS[kind], tag)
                return Event(header, body)
    raise EncodingRefused("event_form")


def message_id(device: bytes, chosen: bytes) -> bytes:
    """The id of a message, 16 bytes: 8 that `device` has chosen at random, and 8 that bind them to it. [M28]"""
    # The server does this for every message: the same bytes as `tagged_hash` makes, without the generic encoder.
    return chosen + sha256(_OWN + device + b"\x48" + chosen)[:8]


def is_own(header: Header) -> bool:
    """Whether a message's id is one of its device's. [M28]"""
    return header.message_id == message_id(header.device, header.message_id[:8])


def next_head(conversation: bytes, seq: int, time: int, previous: bytes, event_hash: bytes) -> bytes:
    """head_n from head_(n-1) and the plain SHA-256 of the event's bytes. [M29]"""
    if len(conversation) == 16 and len(previous) == len(event_hash) == 32:
        # The server does this for every message: the same bytes as `tagged_hash` makes, without the generic encoder.
        return sha256(
            b"".join((_HEAD, conversation, _uint(seq), _uint(time), b"\x58\x20", previous, b"\x58\x20", event_hash))
        )
    return tagged_hash(Label.LOG_HEAD, conversation, seq, time, previous, event_hash)


_HEAD = b"\x87\x01" + encode(Label.LOG_HEAD.value) + b"\x50"
"""An array of seven, the suite, the label, and the beginning of a byte string of 16."""


_OWN = b"\x84\x01" + encode(Label.MESSAGE_ID.value) + b"\x50"
"""An array of four, the suite, the label, and the beginning of a byte string of 16."""


def _uint(number: int) -> bytes:
    """The shortest CBOR encoding of an unsigned integer."""
    if number < 24:
        return number.to_bytes(1, "big")
    for mark, size in ((b"\x18", 1), (b"\x19", 2), (b"\x1a", 4)):
        if number < 1 << 8 * size:
            return mark + number.to_bytes(size, "big")
    return b"\x1b" + number.to_bytes(8, "big")
