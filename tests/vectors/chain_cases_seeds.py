"""Vectors of what a person keeps sealed at the server: seeds, each with the one before, and labels (docs/protocol.md, 3)."""

from collections.abc import Mapping
from dataclasses import replace

from chain_world import Person, case
from p1_operations import Bytes

from werkfunk.protocol import user as usr
from werkfunk.protocol.author_user import NewDevice
from werkfunk.protocol.cbor import encode, tagged
from werkfunk.protocol.cose import encrypt0
from werkfunk.protocol.identity import device_id, register_device
from werkfunk.protocol.kdf import derive, sha256
from werkfunk.protocol.labels import Label
from werkfunk.protocol.seeds import make_generation, seal_seed

IV = b"i" * 12


def _opened_by(person: Person, device: NewDevice | None = None, **changed: bytes) -> Bytes:
    name = device_id(device.key.public) if device else person.device
    seed = device.box.seed if device else person.box.seed
    inputs = {"statements": encode(person.chain), "recipient": name, "seed": seed, "box": person.boxes[name]}
    return {**inputs, **changed}


def _three_generations() -> tuple[Person, NewDevice]:
    """Anna with a phone, a PC, and a tablet that was revoked; then she took another generation."""
    anna = Person("Anna")
    tablet = anna.add("Tablet 📱")
    anna.revoke(device_id(tablet.key.public))
    pc = anna.add("Büro-PC")
    lost = anna.add("Verloren")
    anna.revoke(device_id(lost.key.public))
    return anna, pc


def _rotated(
    anna: Person, *, inside: bytes | None = None, before: bytes | None = None, wrap_key: bytes | None = None
) -> None:
    """A second generation whose box or previous seed may hold something else than it should."""
    after = anna.dice(32)
    recipients: Mapping[bytes, bytes] = {anna.device: anna.box.public, anna.recovery.id: anna.recovery.box.public}
    made, sealed = make_generation(anna.state.id, 2, after, recipients, (before or anna.seed, IV))
    if inside is not None:
        seal, box = seal_seed(anna.state.id, 2, inside, anna.device, anna.box.public)
        made, sealed = replace(made, seals=(seal, *made.seals[1:])), [box, *sealed[1:]]
    if wrap_key is not None:
        aad = tagged(Label.PREVIOUS_SEED, anna.state.id, 2)
        made = replace(made, previous=encrypt0(wrap_key, IV, aad, anna.seed))
    anna.chain.append(anna.forge(3, usr.Rotated(made)))
    anna.boxes |= {one.recipient: one.box for one in sealed}


@case("seeds", "M16")
def of_the_first_device() -> Bytes:
    """Generation 1, whose box names no user yet."""
    return _opened_by(Person("Anna"))


@case("seeds", "M16")
def of_a_second_device() -> Bytes:
    """The newest of three seeds opens all, and every label of a device, revoked ones too."""
    return _opened_by(*_three_generations())


@case("seeds", "M16")
def of_the_recovery_code() -> Bytes:
    """The box for the recovery recipient."""
    anna, _ = _three_generations()
    key = anna.recovery
    return _opened_by(anna, recipient=key.id, seed=key.box.seed, box=anna.boxes[key.id])


@case("seeds", "M16")
def label_that_does_not_open() -> Bytes:
    """A label that is not sealed as it should is shown as none; nothing else depends on it."""
    anna = Person("Anna")
    device = anna.new_device("PC")
    record = register_device(device.key, device.box.public, b"not sealed", 1)
    seal, _ = seal_seed(anna.state.id, 1, anna.seed, record.id, record.box)
    anna.chain.append(anna.forge(1, usr.DeviceAdded(record, seal)))
    return _opened_by(anna)


@case("seeds", "M16", "box_hash_mismatch")
def box_of_another_device() -> Bytes:
    """The server hands over the box of another device."""
    anna, pc = _three_generations()
    return _opened_by(anna, pc, box=anna.boxes[anna.device])


@case("seeds", "M16", "box_hash_mismatch")
def box_of_an_older_generation() -> Bytes:
    """The server hands over the box of generation 1."""
    anna = Person("Anna")
    old = anna.boxes[anna.device]
    _rotated(anna)
    return _opened_by(anna, box=old)


@case("seeds", "M16", "box_invalid")
def box_for_another_key() -> Bytes:
    """Right box, but not the key that it is for."""
    return _opened_by(Person("Anna"), seed=bytes(32))


@case("seeds", "M16", "seed_mismatch")
def box_with_another_seed() -> Bytes:
    """The box opens, and its seed does not give the signed public key."""
    anna = Person("Anna")
    _rotated(anna, inside=b"x" * 32)
    return _opened_by(anna)


@case("seeds", "M16", "seed_mismatch")
def previous_seed_is_another() -> Bytes:
    """The seed before opens, and does not give the public key of its generation."""
    anna = Person("Anna")
    _rotated(anna, before=b"x" * 32)
    return _opened_by(anna)


@case("seeds", "M2", "seal_invalid")
def previous_seed_under_another_key() -> Bytes:
    """The key of the seed before comes from another seed."""
    anna = Person("Anna")
    _rotated(anna, wrap_key=derive(sha256(b"seed"), b"", tagged(Label.SEED_WRAP, anna.state.id, 2)))
    return _opened_by(anna)
