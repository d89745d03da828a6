"""CBOR in the core deterministic encoding of RFC 8949 section 4.2.1, and nothing else. [M1]

Every hash, signature and associated data is made over these bytes, so there must be one encoding of a value and one
value of an encoding. A receiver decodes, checks the types and encodes again: other bytes are refused.
"""

from typing import Any

import cbor2

from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.labels import Label

SUITE = 1
DEPTH_MAX = 16
INTEGER_MAX = 2**53

Value = Any
"""int | bytes | str | bool | None | list[Value] | dict[int | str, Value]"""


def encode(value: Value) -> bytes:
    """Encode a value.

    Raises:
        EncodingRefused: `cbor_type` for a type, integer, key or depth that the protocol does not allow.
    """
    _check(value, 0)
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes) -> Value:
    """Decode bytes that must be the one encoding of a value. [M1]

    Raises:
        EncodingRefused: `cbor_malformed`, `cbor_type` (float, tag, big integer, key), `cbor_not_deterministic`.
    """
    try:
        value = cbor2.loads(
            data,
            max_depth=DEPTH_MAX,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        )
    except (
        cbor2.CBORError,
        ValueError,
        TypeError,
        OverflowError,
        MemoryError,
        RecursionError,
    ) as error:
        raise EncodingRefused("cbor_malformed", type(error).__name__) from error
    _check(value, 0)
    # Order, length forms, trailing bytes: whatever the decoder let pass does not come back the same.
    if cbor2.dumps(value, canonical=True) != data:
        raise EncodingRefused("cbor_not_deterministic")
    return value


def tagged(label: Label, *items: Value) -> bytes:
    """T(label, …) of docs/protocol.md, 1: the suite, the label, the items. [M2]"""
    return encode([SUITE, label.value, *items])


def _check(value: Value, depth: int) -> None:
    kind = type(value)
    if kind is bytes or kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -INTEGER_MAX < value < INTEGER_MAX:
            raise EncodingRefused("cbor_type", "integer beyond 2^53")
        return
    if depth >= DEPTH_MAX:
        raise EncodingRefused("cbor_type", "nested too deeply")
    if kind is list:
        for item in value:
            _check(item, depth + 1)
    elif kind is dict:
        for key, item in value.items():
            if type(key) is int:
                if not 0 <= key <= 23:
                    raise EncodingRefused("cbor_type", "map key beyond 23")
            elif type(key) is not str:
                raise EncodingRefused("cbor_type", "map key type")
            _check(item, depth + 1)
    else:
        raise EncodingRefused("cbor_type", kind.__name__)
