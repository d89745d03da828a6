"""Statements and the chains that they form (docs/protocol.md, 4): what all three kinds of chain have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Self

from werkfunk.protocol.cbor import decode
from werkfunk.protocol.cose import payload_of, sign1, verify1
from werkfunk.protocol.errors import ChainRefused, EncodingRefused, ProtocolError
from werkfunk.protocol.kdf import tagged_hash
from werkfunk.protocol.labels import Label
from werkfunk.protocol.records import (
    ID16,
    ID32,
    Codec,
    Record,
    at,
    blob,
    pair,
    record,
    uint,
)
from werkfunk.protocol.signing import Signer

VERSION = 1


class ChainKind(IntEnum):
    """The three kinds of chain."""

    ORGANISATION = 1
    USER = 2
    CONVERSATION = 3


class Head(NamedTuple):
    """A place in a chain: the number of a statement and its hash."""

    number: int
    hash: bytes


class LogSeen(NamedTuple):
    """The newest log head that a sender had seen: seq and head (32 bytes)."""

    seq: int
    head: bytes


def _named(codec: Codec, kind: Any) -> Codec:
    return Codec(lambda value: kind(*codec.load(value)), codec.dump)


HEAD = _named(pair(uint, ID32), Head)
LOG_SEEN = _named(pair(uint, ID32), LogSeen)
RAW_MAP = Codec(lambda value: value)


@dataclass(frozen=True, slots=True)
class SignerRef(Record):
    """Who signed: a user's device or, in a user chain, a recovery recipient or ticket. `user` is empty in a user genesis."""

    user: bytes = at(0, blob(32))
    device: bytes | None = at(1, ID16, optional=True)
    recipient: bytes | None = at(2, ID16, optional=True)


@dataclass(frozen=True, slots=True)
class Anchors(Record):
    """The heads that judge the signer's rights."""

    organisation: Head | None = at(0, HEAD, optional=True)
    user: Head | None = at(1, HEAD, optional=True)
    log: LogSeen | None = at(2, LOG_SEEN, optional=True)


@dataclass(frozen=True, slots=True)
class Statement(Record):
    """One statement's payload; `body` is the raw map, typed by the chain's own module."""

    version: int = at(0, uint)
    chain: int = at(1, uint)
    chain_id: bytes = at(2, blob(32))
    number: int = at(3, uint)
    previous: bytes = at(4, blob(32))
    time: int = at(5, uint)
    signer: SignerRef = at(6, record(SignerRef))
    anchors: Anchors = at(7, record(Anchors))
    kind: int = at(8, uint)
    body: dict[int, Any] = at(9, RAW_MAP)

    @property
    def hash(self) -> bytes:
        """The statement hash: over the payload, not the signature."""
        return tagged_hash(Label.STATEMENT_HASH, self.to_bytes())

    @property
    def head(self) -> Head:
        """This statement as a place in its chain."""
        return Head(self.number, self.hash)


def parse(data: bytes) -> Statement:
    """Read a signed statement WITHOUT verifying it; `apply` of its chain does.

    Raises:
        EncodingRefused: the form. ChainRefused: `unknown_version`. [M8]
    """
    value = decode(payload_of(data))
    if isinstance(value, dict) and value.get(0) != VERSION:
        raise ChainRefused("unknown_version")
    statement = Statement.from_map(value)
    if type(statement.body) is not dict:
        raise EncodingRefused("record_form", "Statement.body")
    return statement


def sign(statement: Statement, key: Signer) -> bytes:
    """Sign a statement."""
    return sign1(key, Label.STATEMENT, statement.to_bytes())


def verify_signature(data: bytes, public: bytes) -> None:
    """Verify a statement's signature; any failure is `signature_invalid`. [M7]"""
    try:
        verify1(data, public, Label.STATEMENT)
    except ProtocolError as error:
        raise ChainRefused("signature_invalid", error.code) from error


@dataclass(frozen=True, slots=True)
class ChainState:
    """What every chain's state has: its id, the hash of each statement, and the largest time seen."""

    id: bytes
    hashes: tuple[bytes, ...]
    clock: int

    @property
    def length(self) -> int:
        """How many statements there are."""
        return len(self.hashes)

    @property
    def head(self) -> Head:
        """The newest place."""
        return Head(len(self.hashes) - 1, self.hashes[-1])

    def knows(self, head: Head) -> bool:
        """Whether `head` is a place in this chain."""
        return head.number < len(self.hashes) and self.hashes[head.number] == head.hash

    def require(self, head: Head | None) -> Head:
        """`head`, if it is a place in this chain; else ChainRefused `anchor_missing` or `anchor_unknown`. [M9]"""
        if head is None:
            raise ChainRefused("anchor_missing")
        if not self.knows(head):
            raise ChainRefused("anchor_unknown")
        return head

    def grown(self, statement: Statement) -> dict[str, Any]:
        """The three fields after `statement`, for dataclasses.replace."""
        return {
            "hashes": (*self.hashes, statement.hash),
            "clock": max(self.clock, statement.time),
        }


def check_place(kind: ChainKind, state: ChainState | None, statement: Statement) -> None:
    """Check chain kind, id, number and previous hash. [M7]"""
    if statement.chain != kind:
        raise ChainRefused("wrong_chain" if statement.chain in set(ChainKind) else "unknown_chain_kind")
    if state is None:
        if statement.number != 0:
            raise ChainRefused("number_not_next")
        if statement.previous != b"":
            raise ChainRefused("previous_mismatch")
        return
    if statement.chain_id != state.id:
        raise ChainRefused("wrong_chain")
    if statement.number != state.length:
        raise ChainRefused("number_not_next")
    if statement.previous != state.hashes[-1]:
        raise ChainRefused("previous_mismatch")


def body_of(statement: Statement, kinds: Mapping[int, type[Record]]) -> Record:
    """The typed body; ChainRefused `unknown_statement` for a kind that is not in the table. [M8]"""
    kind = kinds.get(statement.kind)
    if kind is None:
        raise ChainRefused("unknown_statement", str(statement.kind))
    return kind.from_map(statement.body)


@dataclass(frozen=True, slots=True)
class Empty(Record):
    """A body that says nothing more than its kind."""

    @classmethod
    def new(cls) -> Self:
        """The one value."""
        return cls()
