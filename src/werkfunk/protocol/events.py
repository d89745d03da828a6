"""Events: what the server sees of a message, statement or slot (docs/protocol.md, 6), and the log's head."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from werkfunk.protocol.cbor import Value, decode, encode
from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.kdf import tagged_hash
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
    """Read an event. The server does this for every message, so the common form is checked by hand, not by `Record`.

    Raises:
        EncodingRefused: `event_form`, or any error of `cbor.decode`.
    """
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


def next_head(conversation: bytes, seq: int, time: int, previous: bytes, event_hash: bytes) -> bytes:
    """head_n from head_(n-1) and the plain SHA-256 of the event's bytes. [M29]"""
    return tagged_hash(Label.LOG_HEAD, conversation, seq, time, previous, event_hash)
