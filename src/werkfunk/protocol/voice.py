"""Live voice (docs/protocol.md, 9): frames of one burst under a key of its own. Frames prove membership, not the speaker."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.errors import SealRefused
from werkfunk.protocol.kdf import derive
from werkfunk.protocol.labels import Label

FRAMES_MAX = 2**32
"""Frames of one burst: the number has 4 bytes in the nonce."""


def burst_key(secret: bytes, conversation: bytes, generation: int, device: bytes, salt: bytes) -> bytes:
    """The key of one burst; `salt` is 16 fresh random bytes of the sender, so a burst never resumes under its key."""
    return derive(secret, salt, tagged(Label.VOICE, conversation, generation, device))


def seal_frame(key: bytes, number: int, frame: bytes) -> bytes:
    """Seal frame `number` (0, 1, 2, …, each once) of a burst; the result is 16 bytes longer."""
    return AESGCM(key).encrypt(_nonce(number), frame, tagged(Label.VOICE_FRAME, number))


def open_frame(key: bytes, number: int, sealed: bytes) -> bytes:
    """Open a frame; `number` comes from the wire.

    Raises:
        SealRefused: `frame_invalid`: another key or number, or a changed byte.
    """
    if not 0 <= number < FRAMES_MAX:
        raise SealRefused("frame_invalid")
    try:
        return AESGCM(key).decrypt(_nonce(number), sealed, tagged(Label.VOICE_FRAME, number))
    except (InvalidTag, ValueError) as error:
        raise SealRefused("frame_invalid") from error


def _nonce(number: int) -> bytes:
    return bytes(8) + number.to_bytes(4, "big")
