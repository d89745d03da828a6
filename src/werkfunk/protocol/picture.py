"""Profile pictures: sealed for those who share a conversation with the person, named by the signed profile. [M41]

docs/protocol.md, 4.2: the sealed bytes travel beside the profile statement, the key in slots. This seals and opens; it
never looks into the picture beyond its first bytes.
"""

import hmac
from dataclasses import dataclass
from typing import Any

from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.cose import decrypt0, encrypt0
from werkfunk.protocol.errors import EncodingRefused, SealRefused
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.labels import Label
from werkfunk.protocol.padding import pad, unpad
from werkfunk.protocol.records import ID32, Record, at

PICTURE_MAX = 16_384
"""Bytes of the JPEG."""
JPEG = b"\xff\xd8\xff"


def seal_picture(key: bytes, iv: bytes, user: bytes, jpeg: bytes) -> bytes:
    """Seal a picture under a fresh key (32 bytes) and iv (12 bytes). Raises EncodingRefused `picture_form`."""
    return encrypt0(key, iv, tagged(Label.PROFILE_PICTURE, user), pad(_checked(jpeg)))


def open_picture(key: bytes, user: bytes, digest: bytes, sealed: bytes) -> bytes:
    """The JPEG whose hash the person's signed profile names. [M41]

    Raises:
        SealRefused: `picture_hash`, `seal_invalid`. EncodingRefused: `picture_form`, COSE, padding.
    """
    if not hmac.compare_digest(sha256(sealed), digest):
        raise SealRefused("picture_hash")
    return _checked(unpad(decrypt0(key, tagged(Label.PROFILE_PICTURE, user), sealed)))


def _checked(jpeg: bytes) -> bytes:
    if len(jpeg) > PICTURE_MAX or not jpeg.startswith(JPEG):
        raise EncodingRefused("picture_form")
    return jpeg


@dataclass(frozen=True, slots=True)
class PictureKey(Record):
    """The value of a slot of type 3: the key and the hash of the sealed picture; neither where there is no picture."""

    key: bytes | None = at(0, ID32, optional=True)
    digest: bytes | None = at(1, ID32, optional=True)


def read_picture_key(value: dict[int, Any]) -> PictureKey:
    """Read a slot's value. Raises EncodingRefused: `record_form`, or `picture_form` (a half of it)."""
    found = PictureKey.from_map(value)
    if (found.key is None) != (found.digest is None):
        raise EncodingRefused("picture_form")
    return found
