"""What a message says (docs/protocol.md, 7). A kind that this version does not know is kept and shown as such. [M32]"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.records import (
    ID16,
    ID32,
    Record,
    at,
    between,
    blob,
    boolean,
    each,
    integer,
    one_of,
    pair,
    record,
    text,
    uint,
)

TEXT_MAX = 20_000
FILES_MAX = 10
ANSWERS_MAX = 10
CODE_MAX = 2_440
SOURCES_MAX = 3
THUMBNAIL_MAX = 16_384
LEVELS_MAX = 64
TEXT = text(TEXT_MAX)
LATITUDE = between(-900_000_000, 900_000_000)
LONGITUDE = between(-1_800_000_000, 1_800_000_000)


@dataclass(frozen=True, slots=True)
class Attachment(Record):
    """Where a file lies and what opens it. Sizes in bytes."""

    blob_id: bytes = at(0, ID16)
    key: bytes = at(1, ID32)
    hash: bytes = at(2, ID32)
    name: str = at(3, text(255))
    media_type: str = at(4, text(127))
    size: int = at(5, uint)
    stored_size: int = at(6, uint)
    thumbnail: bytes | None = at(7, blob(THUMBNAIL_MAX), optional=True)
    width: int | None = at(8, uint, optional=True)
    height: int | None = at(9, uint, optional=True)

    def __repr__(self) -> str:
        return f"Attachment(blob={self.blob_id.hex()}, size={self.size})"


ATTACHMENTS = each(record(Attachment), FILES_MAX)


@dataclass(frozen=True, slots=True)
class Text(Record):
    """Kind 1."""

    text: str = at(0, TEXT)
    reply_to: bytes | None = at(1, ID16, optional=True)
    mentions: tuple[bytes, ...] | None = at(2, each(ID32, 100), optional=True)


@dataclass(frozen=True, slots=True)
class Edit(Record):
    """Kind 2."""

    target: bytes = at(0, ID16)
    text: str = at(1, TEXT)


@dataclass(frozen=True, slots=True)
class Delete(Record):
    """Kind 3."""

    target: bytes = at(0, ID16)


@dataclass(frozen=True, slots=True)
class Reaction(Record):
    """Kind 4."""

    target: bytes = at(0, ID16)
    text: str = at(1, text(32))


@dataclass(frozen=True, slots=True)
class File(Record):
    """Kind 5."""

    text: str = at(0, TEXT)
    files: tuple[Attachment, ...] = at(1, ATTACHMENTS)


@dataclass(frozen=True, slots=True)
class Source(Record):
    """What a shown photo was made from: `index` in the photo's files, the original, the layers that were drawn on it."""

    index: int = at(0, between(0, FILES_MAX - 1))
    original: Attachment = at(1, record(Attachment))
    layers: Attachment | None = at(2, record(Attachment), optional=True)


@dataclass(frozen=True, slots=True)
class Photo(Record):
    """Kind 6: as shown; the originals only where the sender wants them to go along. `edited_from`: an earlier photo. [M44]"""

    text: str = at(0, TEXT)
    files: tuple[Attachment, ...] = at(1, ATTACHMENTS)
    sources: tuple[Source, ...] | None = at(2, each(record(Source), SOURCES_MAX), optional=True)
    edited_from: bytes | None = at(3, ID16, optional=True)


@dataclass(frozen=True, slots=True)
class VoiceNote(Record):
    """Kind 7; `duration` in ms, `levels` the peaks of equal parts, 0 to 255, for a picture of the sound."""

    files: tuple[Attachment, ...] = at(1, each(record(Attachment), 1, 1))
    duration: int = at(2, uint)
    burst: bytes | None = at(3, ID16, optional=True)
    levels: bytes | None = at(4, blob(LEVELS_MAX), optional=True)


@dataclass(frozen=True, slots=True)
class Place(Record):
    """Kind 8; degrees times 10^7, accuracy in cm."""

    latitude: int = at(0, LATITUDE)
    longitude: int = at(1, LONGITUDE)
    accuracy: int | None = at(2, uint, optional=True)
    label: str | None = at(3, text(200), optional=True)


ANSWERS = each(pair(between(0, CODE_MAX), text(80)), ANSWERS_MAX)


@dataclass(frozen=True, slots=True)
class Alarm(Record):
    """Kind 9; `answers` are the words of the answers' codes, which alone the server knows."""

    alarm: bytes = at(0, ID16)
    level: int = at(1, between(1, 3))
    text: str = at(2, TEXT)
    template: bytes | None = at(3, ID16, optional=True)
    answers: tuple[tuple[int, str], ...] | None = at(4, ANSWERS, optional=True)
    place: Place | None = at(5, record(Place), optional=True)
    files: tuple[Attachment, ...] | None = at(6, ATTACHMENTS, optional=True)
    drill: bool | None = at(7, boolean, optional=True)


@dataclass(frozen=True, slots=True)
class Answer(Record):
    """Kind 10."""

    alarm: bytes = at(0, ID16)
    code: int = at(1, integer)
    text: str | None = at(2, TEXT, optional=True)


@dataclass(frozen=True, slots=True)
class System(Record):
    """Kind 11."""

    text: str = at(0, TEXT)


@dataclass(frozen=True, slots=True)
class Point(Record):
    """Degrees times 10^7."""

    latitude: int = at(0, LATITUDE)
    longitude: int = at(1, LONGITUDE)


@dataclass(frozen=True, slots=True)
class Details(Record):
    """Kind 12: what a conversation is called, its site's address, and where that is; whole each time. [M43]"""

    title: str = at(0, text(200))
    site: str | None = at(1, text(500), optional=True)
    place: Point | None = at(2, record(Point), optional=True)


class DefectState(enum.IntEnum):
    """How far a defect is."""

    OPEN = 0
    DONE = 1
    WITHDRAWN = 2


@dataclass(frozen=True, slots=True)
class Defect(Record):
    """Kind 13: one numbered defect on a photo, whole each time; the newest in the log counts. `due` in days since 1970."""

    defect: bytes = at(0, ID16)
    photo: bytes = at(1, ID16)
    index: int = at(2, between(0, FILES_MAX - 1))
    number: int = at(3, between(1, 9_999))
    note: str = at(4, text(2_000))
    place: str = at(5, text(200))
    who: str = at(6, text(200))
    state: DefectState = at(7, one_of(DefectState))
    due: int | None = at(8, between(0, 100_000), optional=True)


@dataclass(frozen=True, slots=True)
class AlarmTemplate(Record):
    """Kind 14: an alarm prepared; whole each time, the newest in the log counts. An empty title takes it back."""

    template: bytes = at(0, ID16)
    title: str = at(1, text(80))
    text: str = at(2, TEXT)
    level: int = at(3, between(1, 3))
    answers: tuple[tuple[int, str], ...] | None = at(4, ANSWERS, optional=True)
    policy: bytes | None = at(5, ID16, optional=True)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A kind of a newer version, kept as it came."""

    kind: int
    raw: Mapping[int, Any]


KINDS: Mapping[int, type[Record]] = {
    1: Text,
    2: Edit,
    3: Delete,
    4: Reaction,
    5: File,
    6: Photo,
    7: VoiceNote,
    8: Place,
    9: Alarm,
    10: Answer,
    11: System,
    12: Details,
    13: Defect,
    14: AlarmTemplate,
}
NUMBERS = {kind: number for number, kind in KINDS.items()}
NAMES = {
    1: "text", 2: "edit", 3: "delete", 4: "reaction", 5: "file", 6: "photo", 7: "voice_note", 8: "place", 9: "alarm",
    10: "answer", 11: "system", 12: "details", 13: "defect", 14: "alarm_template",
}  # fmt: skip

Content = Record | Unknown


def to_wire(content: Content) -> tuple[int, Mapping[int, Any]]:
    """(kind, map) of a content."""
    if isinstance(content, Unknown):
        return content.kind, content.raw
    return NUMBERS[type(content)], content.to_map()


def from_wire(kind: int, raw: Any) -> Content:
    """Typed content; EncodingRefused `record_form` when a known kind has the wrong form."""
    if type(raw) is not dict:
        raise EncodingRefused("record_form", "content")
    known = KINDS.get(kind)
    return known.from_map(raw) if known else Unknown(kind, raw)


def name_of(content: Content) -> str:
    """The kind's name as the command line prints it; "unknown" for kinds of newer versions."""
    return NAMES.get(to_wire(content)[0], "unknown")
