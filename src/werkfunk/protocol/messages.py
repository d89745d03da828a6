"""Sealed messages (docs/protocol.md, 7): signed by the device, then encrypted under a key of their own."""

from dataclasses import dataclass
from typing import Any

from werkfunk.protocol.cbor import decode, tagged
from werkfunk.protocol.content import Content, from_wire, to_wire
from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.cose import decrypt0, encrypt0, payload_of, sign1, verify1
from werkfunk.protocol.errors import ProtocolError, SealRefused
from werkfunk.protocol.events import Event, EventKind, Header, is_own
from werkfunk.protocol.kdf import derive
from werkfunk.protocol.labels import Label
from werkfunk.protocol.padding import pad, unpad
from werkfunk.protocol.records import ID32, Record, any_map, at, record, uint
from werkfunk.protocol.signing import Signer
from werkfunk.protocol.statements import HEAD, LOG_SEEN, Head, LogSeen
from werkfunk.protocol.user import UserState


@dataclass(frozen=True, slots=True)
class Signed(Record):
    """What the device signs inside a message."""

    header: Header = at(0, record(Header))
    generation_hash: bytes = at(1, ID32)
    user_head: Head = at(2, HEAD)
    log: LogSeen = at(3, LOG_SEEN)
    time: int = at(4, uint)
    kind: int = at(5, uint)
    content: dict[int, Any] = at(6, any_map)


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that opened; `user` is the sender, `time` the sender's own."""

    header: Header
    user: bytes
    log: LogSeen
    time: int
    content: Content


def message_key(secret: bytes, header: Header) -> bytes:
    """The key of one message, 32 bytes: from the generation's secret, the message id and the sending device."""
    info = tagged(Label.MESSAGE_KEY, header.conversation, header.generation, header.device)
    return derive(secret, header.message_id, info)


def seal_message(
    secret: bytes,
    header: Header,
    key: Signer,
    generation_hash: bytes,
    user_head: Head,
    log: LogSeen,
    time: int,
    content: Content,
    iv: bytes,
) -> bytes:
    """Seal a message; gives the event's bytes.

    Args:
        secret: S_g of `header.generation`, 32 bytes.
        header: with kind MESSAGE.
        key: the sending device's.
        generation_hash: statement hash of the generation's statement.
        user_head: the sender's newest user head.
        log: the newest log head that the sender has seen.
        time: ms.
        content: what to say.
        iv: 12 fresh random bytes.
    """
    kind, raw = to_wire(content)
    signed = Signed(header, generation_hash, user_head, log, time, kind, dict(raw))
    plaintext = pad(sign1(key, Label.CONTENT, signed.to_bytes()))
    return Event(header, encrypt0(message_key(secret, header), iv, _aad(header), plaintext)).to_bytes()


def open_message(secret: bytes, event: Event, state: ConversationState, users: dict[bytes, UserState]) -> Opened:
    """Open a message and check everything about its sender. [M30]

    Args:
        secret: S_g of the header's generation.
        event: header and body.
        state: the conversation.
        users: the newest known states of the members.

    Raises:
        SealRefused: `seal_invalid`, `header_mismatch`, `sender_unknown`, `sender_not_recipient`, `pin_stale`,
            `generation_mismatch`. ProtocolError: any other form or signature.
    """
    return open_with_key(message_key(secret, event.header), event, state, users)


def open_with_key(key: bytes, event: Event, state: ConversationState, users: dict[bytes, UserState]) -> Opened:
    """As `open_message`, with the message's own key (what an auditor is given)."""
    signed, data = unseal_message(key, event)
    header = event.header
    sender = check_sender(header, signed.generation_hash, signed.user_head, state, users)
    verify1(data, sender.devices[header.device].record.signing, Label.CONTENT)
    return Opened(header, sender.id, signed.log, signed.time, from_wire(signed.kind, signed.content))


def unseal_message(key: bytes, event: Event) -> tuple[Signed, bytes]:
    """Decrypt a message; gives what was signed, and the COSE_Sign1 whose signature is NOT verified yet.

    Only whoever knows no chains (a vector's runner) stops here: everybody else calls `open_message`.

    Args:
        key: the message's key, 32 bytes.
        event: header and body.

    Raises:
        SealRefused: `seal_invalid`, `header_mismatch`. EncodingRefused: COSE, padding, CBOR, record.
    """
    header = event.header
    if header.kind is not EventKind.MESSAGE:
        raise SealRefused("header_mismatch", "not a message")
    data = unpad(decrypt0(key, _aad(header), event.body))
    signed = Signed.from_map(decode(payload_of(data)))
    if signed.header != header:
        raise SealRefused("header_mismatch")
    return signed, data


def check_sender(
    header: Header,
    generation_hash: bytes,
    user_head: Head,
    state: ConversationState,
    users: dict[bytes, UserState],
) -> UserState:
    """Who sent this, if it may be: a recipient of the generation with an active device at a head not older than pinned."""
    if header.conversation != state.id:
        raise SealRefused("header_mismatch", "another conversation")
    made = state.generations.get(header.generation)
    if made is None or made.statement != generation_hash:
        raise SealRefused("generation_mismatch")
    sender = next((user for user in users.values() if header.device in user.devices), None)
    if sender is None:
        raise SealRefused("sender_unknown")
    recipient = made.recipient(sender.id)
    if recipient is None:
        raise SealRefused("sender_not_recipient")
    if not sender.knows(user_head):
        raise SealRefused("anchor_unknown")
    if user_head.number < recipient.head.number:
        raise SealRefused("pin_stale")
    try:
        sender.device_at(header.device, user_head.number)
    except ProtocolError as error:
        raise SealRefused("device_not_active") from error
    return sender


def check_in_log(header: Header, state: ConversationState, sender: UserState | None) -> None:
    """Whether a message may stand at a place of the log. What may not is refused there, with or without its key.

    Args:
        header: the event's.
        state: the conversation's at that place, not a later one.
        sender: whose device the header names, None if no chain has it.

    Raises:
        SealRefused: `header_mismatch`, `message_id_foreign` [M28], `generation_old`, `sender_not_member` [M45].
    """
    if header.kind is not EventKind.MESSAGE or header.conversation != state.id:
        raise SealRefused("header_mismatch", "not a message of this log")
    if not is_own(header):
        raise SealRefused("message_id_foreign")
    if header.generation != state.generation:
        raise SealRefused("generation_old")
    if sender is not None and not state.is_member(sender.id):
        raise SealRefused("sender_not_member")


def _aad(header: Header) -> bytes:
    return tagged(Label.MESSAGE, header.to_map())
