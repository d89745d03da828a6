"""Device and recipient records: public keys that register themselves (docs/protocol.md, 4.2)."""

import hmac
from dataclasses import dataclass

from werkfunk.protocol.boxes import PUBLIC_SIZE, BoxKey, check_box_public
from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.errors import ChainRefused, ProtocolError
from werkfunk.protocol.kdf import derive, tagged_hash
from werkfunk.protocol.labels import Label
from werkfunk.protocol.records import ID16, ID32, Record, at, blob, fixed, text, uint
from werkfunk.protocol.signing import Signer, SigningKey, check_public, verify

BOX_PUBLIC = fixed(PUBLIC_SIZE)
SIGNATURE = fixed(64)


@dataclass(frozen=True, slots=True)
class DeviceRecord(Record):
    """A device's public half; `label` is sealed for the user's own devices under box generation `label_generation`."""

    id: bytes = at(0, ID16)
    signing: bytes = at(1, ID32)
    box: bytes = at(2, BOX_PUBLIC)
    registration: bytes = at(3, SIGNATURE)
    label: bytes = at(4, blob(1024))
    label_generation: int = at(5, uint)


@dataclass(frozen=True, slots=True)
class RecipientRecord(Record):
    """A recovery recipient's or ticket's public half; the server finds it by `handle`."""

    id: bytes = at(0, ID16)
    signing: bytes = at(1, ID32)
    box: bytes = at(2, BOX_PUBLIC)
    registration: bytes = at(3, SIGNATURE)
    handle: bytes = at(4, ID16)


def device_id(signing: bytes) -> bytes:
    """A device's id, 16 bytes, bound to its signing key."""
    return tagged_hash(Label.DEVICE_ID, signing)[:16]


def recipient_id(signing: bytes) -> bytes:
    """A recipient's id, 16 bytes, bound to its signing key."""
    return tagged_hash(Label.RECIPIENT_ID, signing)[:16]


def register_device(key: Signer, box_public: bytes, label: bytes, label_generation: int) -> DeviceRecord:
    """Make a device's record, signed by its own key."""
    name = device_id(key.public)
    proof = key.sign(tagged(Label.DEVICE_REGISTRATION, name, key.public, box_public))
    return DeviceRecord(name, key.public, box_public, proof, label, label_generation)


def check_device(record: DeviceRecord) -> None:
    """Check id, keys and registration. [M17]"""
    if record.id != device_id(record.signing):
        raise ChainRefused("device_id_invalid")
    _check(
        record.signing,
        record.box,
        record.registration,
        Label.DEVICE_REGISTRATION,
        record.id,
    )


def check_recipient(record: RecipientRecord) -> None:
    """Check id, keys and registration. [M17]"""
    if record.id != recipient_id(record.signing):
        raise ChainRefused("recipient_id_invalid")
    _check(
        record.signing,
        record.box,
        record.registration,
        Label.RECIPIENT_REGISTRATION,
        record.id,
    )


def _check(signing: bytes, box: bytes, proof: bytes, label: Label, name: bytes) -> None:
    try:
        check_public(signing)
        check_box_public(box)
        verify(signing, proof, tagged(label, name, signing, box))
    except ProtocolError as error:
        raise ChainRefused("registration_invalid", error.code) from error


class RecipientKeys:
    """The keys of a recovery code or ticket, from its 16-byte seed."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 16:
            raise ChainRefused("recipient_seed_length")
        self.key = SigningKey(derive(seed, b"", tagged(Label.RECIPIENT_SIGNING)))
        self.box = BoxKey(derive(seed, b"", tagged(Label.RECIPIENT_BOX)))
        self.handle = derive(seed, b"", tagged(Label.RECIPIENT_HANDLE))[:16]
        self.id = recipient_id(self.key.public)

    def record(self) -> RecipientRecord:
        """The public half."""
        proof = self.key.sign(tagged(Label.RECIPIENT_REGISTRATION, self.id, self.key.public, self.box.public))
        return RecipientRecord(self.id, self.key.public, self.box.public, proof, self.handle)

    def __repr__(self) -> str:
        return f"RecipientKeys(id={self.id.hex()})"


def profile_commitment(profile: bytes) -> bytes:
    """The commitment to a profile as it travels: salt (16 bytes) and document. [M19]"""
    return tagged_hash(Label.PROFILE, profile[:16], profile[16:])


@dataclass(frozen=True, slots=True)
class Profile(Record):
    """What a person or organisation shows of itself."""

    name: str = at(0, text(120))
    picture: bytes | None = at(1, ID32, optional=True)

    def seal(self, salt: bytes) -> bytes:
        """As it travels: salt (16 bytes) and document."""
        return salt + self.to_bytes()


def open_profile(profile: bytes, commitment: bytes) -> Profile | None:
    """The profile, or None if it does not match the signed commitment or was erased. [M19]"""
    if len(profile) < 17 or not hmac.compare_digest(profile_commitment(profile), commitment):
        return None
    try:
        return Profile.from_bytes(profile[16:])
    except ProtocolError:
        return None
