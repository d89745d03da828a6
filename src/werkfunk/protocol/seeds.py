"""User box seeds (docs/protocol.md, 3): sealed to devices and recipients, each generation opening the one before."""

import hmac
from collections.abc import Mapping

from werkfunk.protocol.boxes import BoxKey, seal
from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.cose import decrypt0, encrypt0
from werkfunk.protocol.errors import ProtocolError, SealRefused
from werkfunk.protocol.generation import Sealed
from werkfunk.protocol.identity import DeviceRecord
from werkfunk.protocol.kdf import derive, sha256
from werkfunk.protocol.labels import Label
from werkfunk.protocol.padding import pad, unpad
from werkfunk.protocol.user import BoxGeneration, UserState


def seed_info(user: bytes, generation: int, recipient: bytes) -> bytes:
    """The info of a seed's box; `user` is empty for generation 1, which is made before the user has an id."""
    return tagged(Label.SEED_BOX, b"" if generation == 1 else user, generation, recipient)


def seal_seed(
    user: bytes, generation: int, seed: bytes, recipient: bytes, public: bytes
) -> tuple[tuple[bytes, bytes], Sealed]:
    """Seal a seed to one device or recipient: the statement's seal, and the box."""
    box = seal(public, seed_info(user, generation, recipient), seed)
    return (recipient, sha256(box)), Sealed(recipient, box)


def make_generation(
    user: bytes,
    number: int,
    seed: bytes,
    recipients: Mapping[bytes, bytes],
    previous: tuple[bytes, bytes] | None = None,
) -> tuple[BoxGeneration, list[Sealed]]:
    """A box generation for `recipients` (id -> box public key); `previous` is (seed before, iv) for number > 1."""
    sealed = [seal_seed(user, number, seed, name, public) for name, public in recipients.items()]
    wrapped = None
    if previous is not None:
        before, iv = previous
        wrapped = encrypt0(_wrap_key(user, number, seed), iv, _wrap_aad(user, number), before)
    seals = tuple(entry for entry, _ in sealed)
    return BoxGeneration(number, BoxKey(seed).public, seals, wrapped), [box for _, box in sealed]


def open_seed(key: BoxKey, state: UserState, recipient: bytes, box: bytes) -> bytes:
    """Open the newest seed's box; the seed must give the signed public key.

    Raises:
        SealRefused: `box_hash_mismatch`, `box_invalid`, `seed_mismatch`.
    """
    expected = state.seals.get(recipient)
    if expected is None or not hmac.compare_digest(expected, sha256(box)):
        raise SealRefused("box_hash_mismatch")
    seed = key.open(seed_info(state.id, state.box.number, recipient), box)
    if len(seed) != 32 or BoxKey(seed).public != state.box.public:
        raise SealRefused("seed_mismatch")
    return seed


def all_seeds(state: UserState, newest: bytes) -> dict[int, bytes]:
    """Walk back from the newest seed to the first: generation -> seed.

    Raises:
        SealRefused: `seal_invalid`, `seed_mismatch`.
    """
    seeds = {state.box.number: newest}
    seed = newest
    for _, boxes in reversed(state.boxes):
        if boxes.previous is None:
            break
        seed = decrypt0(_wrap_key(state.id, boxes.number, seed), _wrap_aad(state.id, boxes.number), boxes.previous)
        seeds[boxes.number - 1] = seed
    for _, boxes in state.boxes:
        if BoxKey(seeds[boxes.number]).public != boxes.public:
            raise SealRefused("seed_mismatch")
    return seeds


def seal_label(seed: bytes, generation: int, device: bytes, label: str, iv: bytes) -> bytes:
    """Seal a device's label for the user's own devices."""
    key = derive(seed, b"", tagged(Label.LABEL_KEY, generation))
    return encrypt0(key, iv, tagged(Label.DEVICE_LABEL, device), pad(label.encode()))


def open_label(seeds: Mapping[int, bytes], record: DeviceRecord) -> str:
    """A device's label, or "" when it does not open (nothing depends on it)."""
    try:
        key = derive(seeds[record.label_generation], b"", tagged(Label.LABEL_KEY, record.label_generation))
        return unpad(decrypt0(key, tagged(Label.DEVICE_LABEL, record.id), record.label)).decode()
    except (KeyError, ProtocolError, UnicodeDecodeError):
        return ""


def _wrap_key(user: bytes, number: int, seed: bytes) -> bytes:
    return derive(seed, b"", tagged(Label.SEED_WRAP, user, number))


def _wrap_aad(user: bytes, number: int) -> bytes:
    return tagged(Label.PREVIOUS_SEED, user, number)
