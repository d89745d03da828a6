"""Vectors of user chains (docs/protocol.md, 4.2)."""

from dataclasses import replace
from typing import Any

from chain_world import Person, case, statements
from p1_operations import Bytes

from werkfunk.protocol import author_user
from werkfunk.protocol import user as usr
from werkfunk.protocol.author_user import NewDevice
from werkfunk.protocol.identity import RecipientKeys, device_id, register_device
from werkfunk.protocol.seeds import make_generation, seal_seed
from werkfunk.protocol.statements import SignerRef


@case("user-chain", "M7")
def genesis() -> Bytes:
    """A person's first statement."""
    return statements(Person("Anna"))


@case("user-chain", "M15")
def two_devices() -> Bytes:
    """A second device, added by the first."""
    anna = Person("Anna")
    anna.add("PC")
    return statements(anna)


@case("user-chain", "M15")
def ticket_redeemed() -> Bytes:
    """A device adds itself with a ticket."""
    anna, ticket = Person("Anna"), RecipientKeys(b"t" * 16)
    anna.take(author_user.open_ticket(anna.state, anna.ref, anna.key, ticket, anna.seed, 1000, 2))
    ref = SignerRef(anna.state.id, recipient=ticket.id)
    anna.take(author_user.add_device(anna.state, ref, ticket.key, anna.new_device("PC"), anna.seed, 3, anna.dice))
    return statements(anna)


@case("user-chain", "M18", "not_permitted")
def ticket_used_twice() -> Bytes:
    """A ticket lets one device in."""
    anna, ticket = Person("Anna"), RecipientKeys(b"t" * 16)
    anna.take(author_user.open_ticket(anna.state, anna.ref, anna.key, ticket, anna.seed, 1000, 2))
    ref = SignerRef(anna.state.id, recipient=ticket.id)
    anna.take(author_user.add_device(anna.state, ref, ticket.key, anna.new_device("PC"), anna.seed, 3, anna.dice))
    return statements(anna, _device_added(anna, anna.new_device("Noch eins"), ref, ticket.key))


@case("user-chain", "M15", "ticket_expired")
def ticket_late() -> Bytes:
    """A ticket is open for a quarter of an hour."""
    anna, ticket = Person("Anna"), RecipientKeys(b"t" * 16)
    anna.take(author_user.open_ticket(anna.state, anna.ref, anna.key, ticket, anna.seed, 1000, 2))
    ref = SignerRef(anna.state.id, recipient=ticket.id)
    return statements(anna, _device_added(anna, anna.new_device("PC"), ref, ticket.key, time=1001))


@case("user-chain", "M15", "ticket_form")
def ticket_too_long() -> Bytes:
    """A ticket is open for at most a quarter of an hour."""
    anna, ticket = Person("Anna"), RecipientKeys(b"t" * 16)
    seal, _ = seal_seed(anna.state.id, 1, anna.seed, ticket.id, ticket.box.public)
    return statements(anna, anna.forge(5, usr.TicketOpened(ticket.record(), seal, 10**9)))


def _device_added(anna: Person, device: NewDevice, ref: SignerRef, key: Any, **changes: Any) -> bytes:
    record = register_device(device.key, device.box.public, b"", 1)
    seal, _ = seal_seed(anna.state.id, anna.state.box.number, anna.seed, record.id, record.box)
    return anna.forge(1, usr.DeviceAdded(record, seal), ref, key, **changes)


@case("user-chain", "M15")
def recovered() -> Bytes:
    """A lone new device, added with the recovery code."""
    anna = Person("Anna")
    ref = SignerRef(anna.state.id, recipient=anna.recovery.id)
    device = anna.new_device("Neu")
    anna.take(author_user.add_device(anna.state, ref, anna.recovery.key, device, anna.seed, 3, anna.dice))
    return statements(anna)


@case("user-chain", "M15", "signature_invalid")
def ghost_device() -> Bytes:
    """A server's own device, in the name of Anna's."""
    anna = Person("Anna")
    device = anna.new_device("Geist")
    return statements(anna, _device_added(anna, device, anna.ref, device.key))


@case("user-chain", "M9", "device_not_active")
def signed_by_the_new_device_itself() -> Bytes:
    """A device that is not in the chain signs its own addition."""
    anna = Person("Anna")
    device = anna.new_device("Geist")
    ref = SignerRef(anna.state.id, device_id(device.key.public))
    return statements(anna, _device_added(anna, device, ref, device.key))


@case("user-chain", "M15", "not_permitted")
def recovery_signs_a_profile() -> Bytes:
    """The recovery code adds and revokes devices, nothing else."""
    anna = Person("Anna")
    ref = SignerRef(anna.state.id, recipient=anna.recovery.id)
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), ref, anna.recovery.key))


@case("user-chain", "M16")
def device_revoked() -> Bytes:
    """A revocation makes a new box generation for who is left."""
    anna = Person("Anna")
    device = anna.add("PC")
    anna.revoke(device_id(device.key.public))
    return statements(anna)


@case("user-chain", "M9", "device_not_active")
def revoked_device_signs() -> Bytes:
    """A revoked device signs no more."""
    anna = Person("Anna")
    device = anna.add("PC")
    anna.revoke(device_id(device.key.public))
    ref = SignerRef(anna.state.id, device_id(device.key.public))
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), ref, device.key))


@case("user-chain", "M18", "id_reused")
def revoked_device_returns() -> Bytes:
    """A revoked device never returns."""
    anna = Person("Anna")
    device = anna.add("PC")
    anna.revoke(device_id(device.key.public))
    return statements(anna, _device_added(anna, device, anna.ref, anna.key))


@case("user-chain", "M16", "last_device")
def last_device_revoked_by_itself() -> Bytes:
    """The last device goes only by the recovery code."""
    anna = Person("Anna")
    after = anna.dice(32)
    boxes, _ = make_generation(
        anna.state.id, 2, after, {anna.recovery.id: anna.recovery.box.public}, (anna.seed, b"i" * 12)
    )
    return statements(anna, anna.forge(2, usr.DeviceRevoked(anna.device, boxes)))


@case("user-chain", "M16", "seals_mismatch")
def rotation_seals_to_the_revoked() -> Bytes:
    """The new seed is sealed to the revoked device too."""
    anna = Person("Anna")
    device = anna.add("PC")
    gone = device_id(device.key.public)
    to = {anna.device: anna.box.public, gone: device.box.public, anna.recovery.id: anna.recovery.box.public}
    boxes, _ = make_generation(anna.state.id, 2, anna.dice(32), to, (anna.seed, b"i" * 12))
    return statements(anna, anna.forge(2, usr.DeviceRevoked(gone, boxes)))


@case("user-chain", "M16", "seals_mismatch")
def rotation_leaves_recovery_out() -> Bytes:
    """The recovery code would open nothing any more."""
    anna = Person("Anna")
    to = {anna.device: anna.box.public}
    boxes, _ = make_generation(anna.state.id, 2, anna.dice(32), to, (anna.seed, b"i" * 12))
    return statements(anna, anna.forge(3, usr.Rotated(boxes)))


@case("user-chain", "M16", "box_generation_not_next")
def rotation_skips_a_number() -> Bytes:
    """Box generations are numbered without a gap."""
    anna = Person("Anna")
    to = {anna.device: anna.box.public, anna.recovery.id: anna.recovery.box.public}
    boxes, _ = make_generation(anna.state.id, 3, anna.dice(32), to, (anna.seed, b"i" * 12))
    return statements(anna, anna.forge(3, usr.Rotated(boxes)))


@case("user-chain", "M17", "registration_invalid")
def box_key_registered_by_another() -> Bytes:
    """The registration is another key's."""
    anna = Person("Anna")
    device, other = anna.new_device("PC"), anna.new_device("Anderes")
    record = replace(
        register_device(device.key, device.box.public, b"", 1),
        registration=register_device(other.key, device.box.public, b"", 1).registration,
    )
    seal, _ = seal_seed(anna.state.id, 1, anna.seed, record.id, record.box)
    return statements(anna, anna.forge(1, usr.DeviceAdded(record, seal)))


@case("user-chain", "M17", "device_id_invalid")
def device_id_of_another_key() -> Bytes:
    """An id belongs to its key."""
    anna = Person("Anna")
    device = anna.new_device("PC")
    record = replace(register_device(device.key, device.box.public, b"", 1), id=b"x" * 16)
    seal, _ = seal_seed(anna.state.id, 1, anna.seed, record.id, record.box)
    return statements(anna, anna.forge(1, usr.DeviceAdded(record, seal)))


@case("user-chain", "M7", "number_not_next")
def number_skipped() -> Bytes:
    """A hole in the chain."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), number=2))


@case("user-chain", "M7", "previous_mismatch")
def previous_of_a_fork() -> Bytes:
    """A statement that follows another one."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), previous=b"p" * 32))


@case("user-chain", "M7", "wrong_chain")
def another_persons_chain() -> Bytes:
    """A statement of another chain."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), chain_id=b"p" * 32))


@case("user-chain", "M8", "unknown_version")
def version_two() -> Bytes:
    """A version that is not known stops the chain."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), version=2))


@case("user-chain", "M8", "unknown_statement")
def kind_nine() -> Bytes:
    """A kind that is not known stops the chain."""
    anna = Person("Anna")
    return statements(anna, anna.forge(9, {}))


@case("user-chain", "M8", "unknown_chain_kind")
def chain_kind_seven() -> Bytes:
    """A chain kind that is not known."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), chain=7))


@case("user-chain", "M7", "record_form")
def unknown_key_in_the_body() -> Bytes:
    """A key that the text does not name."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, {0: bytes(32), 9: 1}))


@case("user-chain", "M46", "record_form")
def a_label_that_is_too_long() -> Bytes:
    """A device's sealed label has at most 1,024 bytes."""
    anna = Person("Anna")
    device = anna.new_device("PC")
    record = register_device(device.key, device.box.public, bytes(1_025), 1)
    seal, _ = seal_seed(anna.state.id, 1, anna.seed, record.id, record.box)
    return statements(anna, anna.forge(1, usr.DeviceAdded(record, seal)))


@case("user-chain", "M46", "too_many")
def a_ninth_recovery_recipient() -> Bytes:
    """Eight more than the one that is there."""
    anna = Person("Anna")
    added = tuple(RecipientKeys(bytes([number]) * 16).record() for number in range(8))
    seals = tuple(seal_seed(anna.state.id, 1, anna.seed, one.id, one.box)[0] for one in added)
    return statements(anna, anna.forge(4, usr.RecoveryChanged(added, (), seals)))


@case("user-chain", "M46", "too_many")
def a_thirty_third_device() -> Bytes:
    """A person has at most 32 active devices."""
    anna = Person("Anna")
    for number in range(31):
        anna.add(f"PC {number}")
    return statements(anna, _device_added(anna, anna.new_device("Noch eins"), anna.ref, anna.key))
