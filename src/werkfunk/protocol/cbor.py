"""CBOR in the core deterministic encoding of RFC 8949 section 4.2.1, and nothing else. [M1]

Every hash, signature and associated data is made over these bytes, so there must be one encoding of a value and one
value of an encoding. A receiver decodes, checks the types and encodes again: other bytes are refused.
"""

from typing import Any, NoReturn

import cbor2

from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.labels import Label

SUITE = 1
DEPTH_MAX = 16
INTEGER_MAX = 2**53
KEY_MAX = 23

Value = Any
"""int | bytes | str | bool | None | list[Value] | dict[int | str, Value]"""


class _NoTags(dict[int, Any]):
    """Stands in for every tag decoder of cbor2: they would build dates, fractions, patterns from a stranger's bytes."""

    def __missing__(self, tag: int) -> Any:
        return _refuse_tag


def _refuse_tag(*_: object) -> NoReturn:
    raise EncodingRefused("cbor_form", "tag")


_NO_TAGS = _NoTags()


def encode(value: Value) -> bytes:
    """Encode a value.

    Raises:
        EncodingRefused: `cbor_form` for a type, integer, key or depth that the protocol does not allow.
    """
    _check(value, 0, ordered=False)
    try:
        return cbor2.dumps(value, canonical=True)
    except UnicodeEncodeError as error:
        raise EncodingRefused("cbor_form", "text with a lone surrogate") from error


def decode(data: bytes) -> Value:
    """Decode bytes that must be the one encoding of a value. [M1]

    Raises:
        EncodingRefused: `cbor_form`, whatever is wrong: one code, because bytes can break several rules at once and
            each implementation finds another one first.
    """
    try:
        value = cbor2.loads(
            data,
            max_depth=DEPTH_MAX,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            semantic_decoders=_NO_TAGS,
        )
    except (
        cbor2.CBORError,
        ValueError,
        TypeError,
        OverflowError,
        MemoryError,
        RecursionError,
    ) as error:
        raise EncodingRefused("cbor_form", type(error).__name__) from error
    _check(value, 0, ordered=True)
    # Length forms, trailing bytes: whatever the decoder let pass does not come back the same.
    if cbor2.dumps(value) != data:
        raise EncodingRefused("cbor_form", "not deterministic")
    return value


def tagged(label: Label, *items: Value) -> bytes:
    """T(label, …) of docs/protocol.md, 1: the suite, the label, the items. [M2]"""
    return encode([SUITE, label.value, *items])


def _check(value: Value, depth: int, ordered: bool) -> None:
    kind = type(value)
    if kind is bytes or kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -INTEGER_MAX < value < INTEGER_MAX:
            raise EncodingRefused("cbor_form", "integer beyond 2^53")
        return
    if depth >= DEPTH_MAX:
        raise EncodingRefused("cbor_form", "nested too deeply")
    if kind is list:
        for item in value:
            _check(item, depth + 1, ordered)
    elif kind is dict:
        _check_keys(value, ordered)
        for item in value.values():
            _check(item, depth + 1, ordered)
    else:
        raise EncodingRefused("cbor_form", kind.__name__)


def _check_keys(keys: dict[Any, Any], ordered: bool) -> None:
    """Integers 0 to 23 ascending or (a policy) text, shorter first, then bytewise; never both in one map."""
    last = -1
    for key in keys:
        if type(key) is not int:
            break
        if not 0 <= key <= KEY_MAX or (ordered and key < last):
            raise EncodingRefused("cbor_form", "map key beyond 23 or out of order")
        last = key
    else:
        return
    if any(type(key) is not str for key in keys):
        raise EncodingRefused("cbor_form", "map key type")
    if ordered:
        encoded = [key.encode() for key in keys]
        if encoded != sorted(encoded, key=lambda key: (len(key), key)):
            raise EncodingRefused("cbor_form", "map keys out of order")
