"""Making the statements of a user chain. Each builder applies its own result, so it cannot make what `apply` refuses."""

from collections.abc import Mapping
from dataclasses import dataclass

from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.generation import Randomness, Sealed
from werkfunk.protocol.identity import (
    RecipientKeys,
    RecipientRecord,
    device_id,
    profile_commitment,
    register_device,
)
from werkfunk.protocol.records import Record
from werkfunk.protocol.seeds import make_generation, seal_label, seal_seed
from werkfunk.protocol.signing import Signer
from werkfunk.protocol.statements import Anchors, ChainKind, SignerRef, Statement, sign
from werkfunk.protocol.user import (
    KINDS,
    DeviceAdded,
    DeviceRevoked,
    Genesis,
    ProfileChanged,
    RecoveryChanged,
    TicketOpened,
    UserState,
    apply,
)

_NUMBERS = {kind: number for number, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class NewDevice:
    """The private half of a device that is being made, and what it is called."""

    key: Signer
    box: BoxKey
    label: str


@dataclass(frozen=True, slots=True)
class Made:
    """A signed statement, the state after it, and the boxes to send beside it."""

    data: bytes
    state: UserState
    boxes: list[Sealed]


def genesis(
    organisation: bytes,
    device: NewDevice,
    recovery: RecipientKeys,
    profile: bytes,
    seed: bytes,
    time: int,
    randomness: Randomness,
) -> Made:
    """A person's first statement.

    Args:
        organisation: the organisation's id, empty for a founder.
        device: the first device.
        recovery: the keys of the printed code.
        profile: salt and document as they travel.
        seed: 32 random bytes, the first user box seed.
        time: ms.
        randomness: for iv and nonce.
    """
    label = seal_label(seed, 1, device_id(device.key.public), device.label, randomness(12))
    record = register_device(device.key, device.box.public, label, 1)
    recipient = recovery.record()
    boxes, sealed = make_generation(b"", 1, seed, {record.id: record.box, recipient.id: recipient.box})
    body = Genesis(organisation, record, boxes, (recipient,), profile_commitment(profile), randomness(16))
    statement = Statement(1, ChainKind.USER, b"", 0, b"", time, SignerRef(b"", record.id), Anchors(), 0, body.to_map())
    data = sign(statement, device.key)
    return Made(data, apply(None, data), sealed)


def _extend(state: UserState, signer: SignerRef, key: Signer, time: int, body: Record, boxes: list[Sealed]) -> Made:
    kind = _NUMBERS[type(body)]
    statement = Statement(
        1,
        ChainKind.USER,
        state.id,
        state.length,
        state.hashes[-1],
        time,
        signer,
        Anchors(),
        kind,
        body.to_map(),
    )
    data = sign(statement, key)
    return Made(data, apply(state, data), boxes)


def add_device(
    state: UserState,
    signer: SignerRef,
    key: Signer,
    device: NewDevice,
    seed: bytes,
    time: int,
    randomness: Randomness,
) -> Made:
    """Add a device; signed by an active device, a recovery recipient or a ticket. `seed` is the newest box seed."""
    number = state.box.number
    label = seal_label(seed, number, device_id(device.key.public), device.label, randomness(12))
    record = register_device(device.key, device.box.public, label, number)
    seal, box = seal_seed(state.id, number, seed, record.id, record.box)
    return _extend(state, signer, key, time, DeviceAdded(record, seal), [box])


def revoke_device(
    state: UserState,
    signer: SignerRef,
    key: Signer,
    device: bytes,
    seeds: tuple[bytes, bytes],
    time: int,
    randomness: Randomness,
) -> Made:
    """Revoke a device; `seeds` is (newest seed, 32 random bytes for the next)."""
    before, after = seeds
    remaining = {name: record.box for name, record in state.active().items() if name != device}
    recipients = {**remaining, **{name: record.box for name, record in state.recovery.items()}}
    boxes, sealed = make_generation(state.id, state.box.number + 1, after, recipients, (before, randomness(12)))
    return _extend(state, signer, key, time, DeviceRevoked(device, boxes), sealed)


def open_ticket(
    state: UserState,
    signer: SignerRef,
    key: Signer,
    ticket: RecipientKeys,
    seed: bytes,
    expires: int,
    time: int,
) -> Made:
    """Let one device add itself until `expires` (ms, at most 15 minutes after the chain's clock)."""
    record = ticket.record()
    seal, box = seal_seed(state.id, state.box.number, seed, record.id, record.box)
    return _extend(state, signer, key, time, TicketOpened(record, seal, expires), [box])


def replace_recovery(
    state: UserState,
    signer: SignerRef,
    key: Signer,
    recovery: RecipientKeys,
    seeds: tuple[bytes, bytes],
    time: int,
    randomness: Randomness,
) -> Made:
    """Take a new recovery code in place of all others, with a new box generation."""
    before, after = seeds
    record: RecipientRecord = recovery.record()
    recipients: Mapping[bytes, bytes] = {
        **{name: device.box for name, device in state.active().items()},
        record.id: record.box,
    }
    boxes, sealed = make_generation(state.id, state.box.number + 1, after, recipients, (before, randomness(12)))
    body = RecoveryChanged((record,), tuple(state.recovery), (), boxes)
    return _extend(state, signer, key, time, body, sealed)


def change_profile(state: UserState, signer: SignerRef, key: Signer, profile: bytes, time: int) -> Made:
    """Take a new name or picture."""
    return _extend(state, signer, key, time, ProfileChanged(profile_commitment(profile)), [])
