"""Frozen dataclasses that are CBOR maps with small integer keys, declared once and checked strictly.

    @dataclass(frozen=True, slots=True)
    class Invite(Record):
        key: bytes = at(0, fixed(32))
        uses: int = at(2, uint)

A codec is a pair of functions: what the wire value must be, and back. Unknown and missing keys are refused.
"""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Self

from werkfunk.protocol.cbor import Value, decode, encode
from werkfunk.protocol.errors import EncodingRefused


@dataclass(frozen=True, slots=True)
class Codec:
    """`load` checks and converts a wire value, `dump` gives it back."""

    load: Callable[[Value], Any]
    dump: Callable[[Any], Value] = lambda value: value


def at(key: int, codec: Codec, *, optional: bool = False) -> Any:
    """A field under map key `key`; an optional one is None when absent."""
    default = None if optional else MISSING
    return field(default=default, metadata={"key": key, "codec": codec})


class Record:
    """Base of the dataclasses; `to_map` and `from_map` are each other's inverse."""

    __slots__ = ()

    def to_map(self) -> dict[int, Value]:
        """The CBOR map."""
        out: dict[int, Value] = {}
        for f in fields(self):  # type: ignore[arg-type]
            value = getattr(self, f.name)
            if value is not None:
                out[f.metadata["key"]] = f.metadata["codec"].dump(value)
        return out

    @classmethod
    def from_map(cls, value: Value) -> Self:
        """Read a CBOR map.

        Raises:
            EncodingRefused: `record_form` with the record's and the field's name.
        """
        name = cls.__name__
        if type(value) is not dict:
            raise EncodingRefused("record_form", name)
        arguments: dict[str, Any] = {}
        seen = 0
        for f in fields(cls):  # type: ignore[arg-type]
            key = f.metadata["key"]
            if key in value:
                seen += 1
                try:
                    arguments[f.name] = f.metadata["codec"].load(value[key])
                except _Wrong as error:
                    raise EncodingRefused("record_form", f"{name}.{f.name}: {error.detail}") from None
            elif f.default is MISSING:
                raise EncodingRefused("record_form", f"{name}.{f.name} is missing")
        if seen != len(value):
            raise EncodingRefused("record_form", f"{name} has an unknown key")
        return cls(**arguments)

    def to_bytes(self) -> bytes:
        """The encoded map."""
        return encode(self.to_map())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read an encoded map (errors as `from_map` and `cbor.decode`)."""
        return cls.from_map(decode(data))


class _Wrong(EncodingRefused):
    """A codec refuses; it is a ProtocolError also where no record stands around it."""

    def __init__(self, why: str) -> None:
        super().__init__("record_form", why)


def _checked(kind: type, test: Callable[[Any], bool], what: str) -> Codec:
    def load(value: Value) -> Any:
        if type(value) is not kind or not test(value):
            raise _Wrong(what)
        return value

    return Codec(load, int if kind is int else lambda value: value)


def fixed(size: int) -> Codec:
    """Exactly `size` bytes."""
    return _checked(bytes, lambda value: len(value) == size, f"not {size} bytes")


def blob(most: int, least: int = 0) -> Codec:
    """`least` to `most` bytes."""
    return _checked(bytes, lambda value: least <= len(value) <= most, f"not {least} to {most} bytes")


def text(most: int) -> Codec:
    """Text of at most `most` characters."""
    return _checked(str, lambda value: len(value) <= most, f"not text of at most {most} characters")


uint = _checked(int, lambda value: value >= 0, "not an unsigned integer")
integer = _checked(int, lambda value: True, "not an integer")
boolean = _checked(bool, lambda value: True, "not true or false")
any_map = _checked(dict, lambda value: True, "not a map")
ID16 = fixed(16)
ID32 = fixed(32)


def between(low: int, high: int) -> Codec:
    """An integer from `low` to `high`."""
    return _checked(int, lambda value: low <= value <= high, f"not {low} to {high}")


def one_of(kind: type[Any]) -> Codec:
    """A member of an IntEnum."""

    def load(value: Value) -> Any:
        if type(value) is not int or value not in {int(member) for member in kind}:
            raise _Wrong(f"not a {kind.__name__}")
        return kind(value)

    return Codec(load, int)


def each(codec: Codec, most: int, least: int = 0) -> Codec:
    """A list of `least` to `most` items; a tuple in Python."""

    def load(value: Value) -> tuple[Any, ...]:
        if type(value) is not list or not least <= len(value) <= most:
            raise _Wrong(f"not a list of {least} to {most}")
        return tuple(codec.load(item) for item in value)

    return Codec(load, lambda items: [codec.dump(item) for item in items])


def pair(first: Codec, second: Codec) -> Codec:
    """A list of two; a tuple in Python."""

    def load(value: Value) -> tuple[Any, Any]:
        if type(value) is not list or len(value) != 2:
            raise _Wrong("not a pair")
        return first.load(value[0]), second.load(value[1])

    return Codec(load, lambda both: [first.dump(both[0]), second.dump(both[1])])


def record(kind: type[Record]) -> Codec:
    """Another record."""
    return Codec(kind.from_map, lambda value: value.to_map())


def mapping(key: Codec, value: Codec, most: int) -> Codec:
    """A map with keys of one codec (text, in a policy)."""

    def load(raw: Value) -> dict[Any, Any]:
        if type(raw) is not dict or len(raw) > most:
            raise _Wrong(f"not a map of at most {most}")
        return {key.load(k): value.load(v) for k, v in raw.items()}

    return Codec(load, lambda items: {key.dump(k): value.dump(v) for k, v in items.items()})
