"""Grants: the earlier generations' parts for somebody who joined later (docs/protocol.md, 5). [M26]"""

import hmac
from collections.abc import Mapping

from werkfunk.protocol.boxes import BoxKey, seal
from werkfunk.protocol.cbor import decode, encode, tagged
from werkfunk.protocol.errors import SealRefused
from werkfunk.protocol.generation import Generation, Parts
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.labels import Label
from werkfunk.protocol.padding import pad, unpad
from werkfunk.protocol.user import UserState


def seal_grant(conversation: bytes, held: Mapping[int, Parts], user: UserState) -> bytes:
    """Seal the parts of consecutive generations to `user`'s newest box key; `held` must not be empty."""
    first, last = min(held), max(held)
    plaintext = encode([[number, *held[number].parts] for number in range(first, last + 1)])
    return seal(user.box.public, _info(conversation, first, last, user.id, user.box.number), pad(plaintext))


def open_grant(
    key: BoxKey,
    conversation: bytes,
    generations: Mapping[int, Generation],
    span: tuple[int, int],
    user: bytes,
    box_generation: int,
    box: bytes,
    box_hash: bytes,
) -> dict[int, Parts]:
    """Open a grant and check every part against its generation's commitment. [M26]

    Raises:
        SealRefused: `box_hash_mismatch`, `box_invalid`, `grant_form`, `commitment_mismatch`.
    """
    if not hmac.compare_digest(sha256(box), box_hash):
        raise SealRefused("box_hash_mismatch")
    first, last = span
    items = decode(unpad(key.open(_info(conversation, first, last, user, box_generation), box)))
    granted: dict[int, Parts] = {}
    if type(items) is not list or len(items) != last - first + 1:
        raise SealRefused("grant_form")
    for number, item in enumerate(items, first):
        match item:
            case [int(stated), bytes(one), bytes(two), bytes(three)] if stated == number in generations:
                parts = Parts.from_bytes(one + two + three)
            case _:
                raise SealRefused("grant_form")
        parts.check(conversation, number, generations[number].commitments)
        granted[number] = parts
    return granted


def _info(conversation: bytes, first: int, last: int, user: bytes, box_generation: int) -> bytes:
    return tagged(Label.GRANT_BOX, conversation, first, last, user, box_generation)
