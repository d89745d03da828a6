"""The user chain (docs/protocol.md, 4.2): a person's devices, box generations and recovery recipients.

`apply` is pure and the only way to a new `UserState`; the server uses it to refuse, each client to need nobody's word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from werkfunk.domain.limits import TICKET_MS
from werkfunk.protocol.boxes import check_box_public
from werkfunk.protocol.errors import ChainRefused, ProtocolError
from werkfunk.protocol.identity import (
    BOX_PUBLIC,
    DeviceRecord,
    RecipientRecord,
    check_device,
    check_recipient,
)
from werkfunk.protocol.records import (
    ID16,
    ID32,
    Record,
    at,
    blob,
    each,
    pair,
    record,
    uint,
)
from werkfunk.protocol.statements import (
    ChainKind,
    ChainState,
    Statement,
    body_of,
    check_place,
    parse,
    verify_signature,
)

SEAL = pair(ID16, ID32)
DEVICES_MAX = 32
RECIPIENTS_MAX = 8
TICKETS_MAX = 4


@dataclass(frozen=True, slots=True)
class BoxGeneration(Record):
    """User box generation `number`: its public key, whom the seed is sealed to (id, hash of the box), the seed before."""

    number: int = at(0, uint)
    public: bytes = at(1, BOX_PUBLIC)
    seals: tuple[tuple[bytes, bytes], ...] = at(2, each(SEAL, DEVICES_MAX + RECIPIENTS_MAX, 1))
    previous: bytes | None = at(3, blob(256), optional=True)


@dataclass(frozen=True, slots=True)
class Genesis(Record):
    """Kind 0."""

    organisation: bytes = at(0, blob(32))
    device: DeviceRecord = at(1, record(DeviceRecord))
    boxes: BoxGeneration = at(2, record(BoxGeneration))
    recovery: tuple[RecipientRecord, ...] = at(3, each(record(RecipientRecord), RECIPIENTS_MAX))
    profile: bytes = at(4, ID32)
    nonce: bytes = at(5, ID16)


@dataclass(frozen=True, slots=True)
class DeviceAdded(Record):
    """Kind 1."""

    device: DeviceRecord = at(0, record(DeviceRecord))
    seal: tuple[bytes, bytes] = at(1, SEAL)


@dataclass(frozen=True, slots=True)
class DeviceRevoked(Record):
    """Kind 2."""

    device: bytes = at(0, ID16)
    boxes: BoxGeneration = at(1, record(BoxGeneration))


@dataclass(frozen=True, slots=True)
class Rotated(Record):
    """Kind 3."""

    boxes: BoxGeneration = at(0, record(BoxGeneration))


@dataclass(frozen=True, slots=True)
class RecoveryChanged(Record):
    """Kind 4."""

    added: tuple[RecipientRecord, ...] = at(0, each(record(RecipientRecord), RECIPIENTS_MAX))
    removed: tuple[bytes, ...] = at(1, each(ID16, RECIPIENTS_MAX))
    seals: tuple[tuple[bytes, bytes], ...] = at(2, each(SEAL, RECIPIENTS_MAX))
    boxes: BoxGeneration | None = at(3, record(BoxGeneration), optional=True)


@dataclass(frozen=True, slots=True)
class TicketOpened(Record):
    """Kind 5."""

    ticket: RecipientRecord = at(0, record(RecipientRecord))
    seal: tuple[bytes, bytes] = at(1, SEAL)
    expires: int = at(2, uint)


@dataclass(frozen=True, slots=True)
class ProfileChanged(Record):
    """Kind 6."""

    profile: bytes = at(0, ID32)


KINDS: Mapping[int, type[Record]] = {
    0: Genesis,
    1: DeviceAdded,
    2: DeviceRevoked,
    3: Rotated,
    4: RecoveryChanged,
    5: TicketOpened,
    6: ProfileChanged,
}


@dataclass(frozen=True, slots=True)
class Device:
    """A device and the statement numbers at which it came and went."""

    record: DeviceRecord
    added: int
    revoked: int | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """An open ticket."""

    record: RecipientRecord
    expires: int


@dataclass(frozen=True, slots=True)
class UserState(ChainState):
    """A person's keys now, and as they were at each earlier statement."""

    organisation: bytes
    profile: bytes
    devices: Mapping[bytes, Device]
    recovery: Mapping[bytes, RecipientRecord]
    tickets: Mapping[bytes, Ticket]
    boxes: tuple[tuple[int, BoxGeneration], ...]
    """(statement number, box generation), oldest first."""
    box_time: int
    """The chain's clock when the newest box generation was made, ms."""
    seals: Mapping[bytes, bytes]
    """Hash of the box of the newest generation for each device, recipient and ticket."""
    retired: frozenset[bytes] = field(default=frozenset())

    @property
    def box(self) -> BoxGeneration:
        """The newest box generation."""
        return self.boxes[-1][1]

    def box_at(self, number: int) -> BoxGeneration:
        """The box generation that was newest at statement `number`."""
        return next(boxes for made, boxes in reversed(self.boxes) if made <= number)

    def active(self) -> dict[bytes, DeviceRecord]:
        """The active devices."""
        return {name: device.record for name, device in self.devices.items() if device.revoked is None}

    def device_at(self, device: bytes, number: int) -> DeviceRecord:
        """The device, if it was active at statement `number`; else ChainRefused `device_not_active`. [M9]"""
        found = self.devices.get(device)
        if found is None or found.added > number or (found.revoked is not None and found.revoked <= number):
            raise ChainRefused("device_not_active")
        return found.record

    def newest_revocation(self) -> int:
        """The statement number of the newest revocation, or -1."""
        return max(
            (d.revoked for d in self.devices.values() if d.revoked is not None),
            default=-1,
        )


def apply(state: UserState | None, data: bytes, *, verify: bool = True) -> UserState:
    """Apply a signed statement to a user chain.

    Args:
        state: the state before, None for the genesis.
        data: the COSE_Sign1 bytes.
        verify: False only when replaying one's own store, where it was verified before.

    Raises:
        ProtocolError: the statement breaks a rule; the state before stays valid.
    """
    statement = parse(data)
    check_place(ChainKind.USER, state, statement)
    body = body_of(statement, KINDS)
    if any((statement.anchors.organisation, statement.anchors.user, statement.anchors.log)):
        raise ChainRefused("anchor_unexpected")
    if state is None:
        return _genesis(statement, body, data, verify)
    if isinstance(body, Genesis):
        raise ChainRefused("not_permitted", "a second genesis")
    if statement.signer.user != state.id:
        raise ChainRefused("not_permitted", "another user's chain")
    public = _signer(state, statement, body)
    if verify:
        verify_signature(data, public)
    grown = replace(state, **state.grown(statement))
    return _step(grown, statement, body)


def _genesis(statement: Statement, body: Record, data: bytes, verify: bool) -> UserState:
    if not isinstance(body, Genesis):
        raise ChainRefused("number_not_next", "no genesis")
    signer = statement.signer
    if statement.chain_id or signer.user or signer.device != body.device.id or signer.recipient is not None:
        raise ChainRefused("genesis_form")
    if len(body.organisation) not in (0, 32):
        raise ChainRefused("genesis_form")
    check_device(body.device)
    for recipient in body.recovery:
        check_recipient(recipient)
    if verify:
        verify_signature(data, body.device.signing)
    recovery = {recipient.id: recipient for recipient in body.recovery}
    _check_boxes(body.boxes, 1, {body.device.id, *recovery})
    return UserState(
        id=statement.hash,
        hashes=(statement.hash,),
        clock=statement.time,
        organisation=body.organisation,
        profile=body.profile,
        devices={body.device.id: Device(body.device, 0)},
        recovery=recovery,
        tickets={},
        boxes=((0, body.boxes),),
        box_time=statement.time,
        seals=dict(body.boxes.seals),
    )


def _signer(state: UserState, statement: Statement, body: Record) -> bytes:
    """The public key that must have signed. [M15]"""
    signer = statement.signer
    if (signer.device is None) == (signer.recipient is None):
        raise ChainRefused("signer_form")
    if signer.device is not None:
        return state.device_at(signer.device, state.length - 1).signing
    name = cast(bytes, signer.recipient)
    if name in state.recovery and isinstance(body, DeviceAdded | DeviceRevoked):
        return state.recovery[name].signing
    ticket = state.tickets.get(name)
    if ticket is not None and isinstance(body, DeviceAdded):
        if max(state.clock, statement.time) > ticket.expires:
            raise ChainRefused("ticket_expired")
        return ticket.record.signing
    raise ChainRefused("not_permitted")


def _step(state: UserState, statement: Statement, body: Record) -> UserState:
    number = statement.number
    match body:
        case DeviceAdded():
            return _add_device(state, statement, body)
        case DeviceRevoked():
            device = state.devices.get(body.device)
            if device is None or device.revoked is not None:
                raise ChainRefused("device_not_active")
            state = replace(
                state,
                devices={**state.devices, body.device: replace(device, revoked=number)},
                retired=state.retired | {body.device},
            )
            if not state.active() and statement.signer.recipient is None:
                raise ChainRefused("last_device")
            return _rotate(state, number, body.boxes)
        case Rotated():
            return _rotate(state, number, body.boxes)
        case RecoveryChanged():
            return _change_recovery(state, number, body)
        case TicketOpened():
            return _open_ticket(state, statement, body)
        case ProfileChanged():
            return replace(state, profile=body.profile)
    raise ChainRefused("unknown_statement")


def _fresh(state: UserState, name: bytes) -> None:
    """An id that was ever used never returns. [M18]"""
    if name in state.retired or name in state.devices or name in state.recovery or name in state.tickets:
        raise ChainRefused("id_reused")


def _add_device(state: UserState, statement: Statement, body: DeviceAdded) -> UserState:
    check_device(body.device)
    _fresh(state, body.device.id)
    if body.seal[0] != body.device.id:
        raise ChainRefused("seals_mismatch")
    if len(state.active()) >= DEVICES_MAX:
        raise ChainRefused("too_many")
    seals = {**state.seals, body.device.id: body.seal[1]}
    tickets = dict(state.tickets)
    retired = state.retired
    if statement.signer.recipient in tickets:
        used = statement.signer.recipient
        del tickets[used], seals[used]
        retired = retired | {used}
    devices = {**state.devices, body.device.id: Device(body.device, statement.number)}
    return replace(state, devices=devices, tickets=tickets, seals=seals, retired=retired)


def _change_recovery(state: UserState, number: int, body: RecoveryChanged) -> UserState:
    for recipient in body.added:
        check_recipient(recipient)
        _fresh(state, recipient.id)
    if len({recipient.id for recipient in body.added}) != len(body.added) or not (body.added or body.removed):
        raise ChainRefused("recovery_form")
    recovery = {
        **state.recovery,
        **{recipient.id: recipient for recipient in body.added},
    }
    for name in body.removed:
        if name not in state.recovery or recovery.pop(name, None) is None:
            raise ChainRefused("recovery_form")
    if len(recovery) > RECIPIENTS_MAX:
        raise ChainRefused("too_many")
    state = replace(state, recovery=recovery, retired=state.retired | set(body.removed))
    if body.removed:
        if body.boxes is None or body.seals:
            raise ChainRefused("recovery_form")
        return _rotate(state, number, body.boxes)
    if body.boxes is not None or {name for name, _ in body.seals} != {r.id for r in body.added}:
        raise ChainRefused("seals_mismatch")
    return replace(state, seals={**state.seals, **dict(body.seals)})


def _open_ticket(state: UserState, statement: Statement, body: TicketOpened) -> UserState:
    check_recipient(body.ticket)
    _fresh(state, body.ticket.id)
    if body.seal[0] != body.ticket.id:
        raise ChainRefused("seals_mismatch")
    open_now = {name: ticket for name, ticket in state.tickets.items() if ticket.expires >= state.clock}
    closed = set(state.tickets) - set(open_now)
    if len(open_now) >= TICKETS_MAX:
        raise ChainRefused("too_many")
    if not state.clock < body.expires <= state.clock + TICKET_MS:
        raise ChainRefused("ticket_form")
    seals = {name: box for name, box in state.seals.items() if name not in closed}
    return replace(
        state,
        tickets={**open_now, body.ticket.id: Ticket(body.ticket, body.expires)},
        seals={**seals, body.ticket.id: body.seal[1]},
        retired=state.retired | closed,
    )


def _rotate(state: UserState, number: int, boxes: BoxGeneration) -> UserState:
    _check_boxes(boxes, state.box.number + 1, {*state.active(), *state.recovery})
    return replace(
        state,
        boxes=(*state.boxes, (number, boxes)),
        box_time=state.clock,
        seals=dict(boxes.seals),
        tickets={},
        retired=state.retired | set(state.tickets),
    )


def _check_boxes(boxes: BoxGeneration, number: int, entitled: set[bytes]) -> None:
    """Exactly the entitled, each once. [M16]"""
    if boxes.number != number or (boxes.previous is None) != (number == 1):
        raise ChainRefused("box_generation_not_next")
    names = [name for name, _ in boxes.seals]
    if len(names) != len(set(names)) or set(names) != entitled:
        raise ChainRefused("seals_mismatch")
    try:
        check_box_public(boxes.public)
    except ProtocolError as error:
        raise ChainRefused("registration_invalid", error.code) from error
