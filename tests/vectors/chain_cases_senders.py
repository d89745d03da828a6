"""Vectors of due rekeys, entitlement and senders (docs/protocol.md, 4.3, 5 and 7)."""

from chain_cases_log import archived
from chain_world import DAY, LOG, Firm, Room, case
from p1_operations import Bytes

from werkfunk.protocol import organisation as org
from werkfunk.protocol.cbor import encode
from werkfunk.protocol.identity import device_id


def _due(room: Room, events: int = 0, now: int = 10) -> Bytes:
    return room.inputs(events=encode(events), now=encode(now))


@case("rekey-due", "M24")
def nothing_due() -> Bytes:
    """A fresh generation."""
    return _due(Room(Firm()))


@case("rekey-due", "M24")
def due_after_leaving() -> Bytes:
    """A member left."""
    room = Room(Firm())
    room.take(room.desk(room.firm.bernd).leave(room.state, LOG))
    return _due(room)


@case("rekey-due", "M24")
def due_after_removal() -> Bytes:
    """A member was removed from the organisation."""
    room = Room(Firm())
    room.firm.do(room.firm.anna, org.Removed(room.firm.bernd.state.id))
    return _due(room)


@case("rekey-due", "M23")
def due_after_revocation_of_the_own_device() -> Bytes:
    """Anna revoked a device of hers and finds her own pin stale."""
    room = Room(Firm())
    device = room.firm.anna.add("PC")
    room.firm.anna.revoke(device_id(device.key.public))
    return _due(room)


@case("rekey-due", "M24")
def due_after_the_archive_changed() -> Bytes:
    """The archive was switched on."""
    return _due(archived())


@case("rekey-due", "M24")
def due_after_seven_days() -> Bytes:
    """A generation lives for seven days."""
    return _due(Room(Firm()), now=10 + 7 * DAY + 1)


@case("rekey-due", "M24")
def due_after_ten_thousand_events() -> Bytes:
    """A generation carries ten thousand events."""
    return _due(Room(Firm()), events=10_000)


@case("entitled", "M27")
def recipient_is_entitled() -> Bytes:
    """Bernd is a recipient of generation 1."""
    room = Room(Firm())
    return room.inputs(user=room.firm.bernd.state.id, generation=encode(1))


@case("entitled", "M27")
def joiner_is_not_entitled_to_what_was_before() -> Bytes:
    """A pre-join secret is requested."""
    room = Room(Firm())
    room.add(room.firm.clara)
    return room.inputs(user=room.firm.clara.state.id, generation=encode(1))


@case("entitled", "M27")
def granted_joiner_is_entitled() -> Bytes:
    """With a grant, the joiner is entitled."""
    room = Room(Firm())
    room.add(room.firm.clara)
    room.take(room.desk(room.firm.anna).grant(room.state, LOG, room.firm.clara.state.id, {1: room.parts[1]}))
    return room.inputs(user=room.firm.clara.state.id, generation=encode(1))


@case("entitled", "M27")
def removed_member_is_not_entitled() -> Bytes:
    """Who was removed is given nothing, not even what was theirs."""
    room = Room(Firm())
    room.take(room.desk(room.firm.anna).change_members(room.state, LOG, {}, [room.firm.bernd.state.id]))
    return room.inputs(user=room.firm.bernd.state.id, generation=encode(1))


@case("sender", "M30")
def from_a_member() -> Bytes:
    """Bernd writes."""
    room = Room(Firm())
    return room.message(room.firm.bernd, 1)


@case("sender", "M30", "sender_not_recipient")
def from_an_outsider() -> Bytes:
    """Clara is no recipient of the generation."""
    room = Room(Firm())
    return room.message(room.firm.clara, 1)


@case("sender", "M30", "sender_unknown")
def from_an_unknown_device() -> Bytes:
    """A device that no chain has."""
    room = Room(Firm())
    device = room.firm.bernd.new_device("Geist")
    return room.message(room.firm.bernd, 1, device=device_id(device.key.public), key=device.key)


@case("sender", "M30", "generation_mismatch")
def under_another_generations_statement() -> Bytes:
    """The statement hash is not the generation's."""
    room = Room(Firm())
    return room.message(room.firm.bernd, 1, statement=bytes(32))


@case("sender", "M23", "pin_stale")
def at_a_head_older_than_pinned() -> Bytes:
    """The own pin is stale: Bernd names a head from before his pin."""
    room = Room(Firm())
    old = room.firm.bernd.state.head
    room.firm.bernd.add("PC")
    room.take(room.desk(room.firm.anna).rekey(room.state, LOG))
    return room.message(room.firm.bernd, 2, head=old)


@case("sender", "M30", "device_not_active")
def from_a_revoked_device() -> Bytes:
    """Bernd's second device was revoked at the head that it names."""
    room = Room(Firm())
    device = room.firm.bernd.add("PC")
    room.firm.bernd.revoke(device_id(device.key.public))
    return room.message(room.firm.bernd, 1, device=device_id(device.key.public), key=device.key)
