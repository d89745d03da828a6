"""Attachments in chunks (docs/protocol.md, 8): STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM. [M34]

A file never has to fit in memory: both directions take and give pieces.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.errors import SealRefused
from werkfunk.protocol.labels import Label
from werkfunk.protocol.padding import MINIMUM, padme

CHUNK = 65_536
TAG = 16
_AAD = tagged(Label.ATTACHMENT, CHUNK)


def padded_size(size: int) -> int:
    """Size of the padded plaintext for a file of `size` bytes."""
    return padme(max(MINIMUM, size))


def stored_size(size: int) -> int:
    """Size of the ciphertext for a file of `size` bytes."""
    padded = padded_size(size)
    return padded + TAG * -(-padded // CHUNK)


def encrypt(key: bytes, size: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Encrypt a file of exactly `size` bytes, given in pieces of any length; gives ciphertext chunks in order.

    Args:
        key: 32 random bytes, used for this one byte string.
        size: the file's size.
        pieces: its bytes.

    Raises:
        SealRefused: `attachment_size`: there were more or fewer bytes than said.
    """
    cipher = AESGCM(key)
    total = padded_size(size)
    number = 0
    sent = 0
    buffer = bytearray()
    for piece in _padded(size, total, pieces):
        buffer += piece
        while len(buffer) > CHUNK or (buffer and sent + len(buffer) == total and len(buffer) <= CHUNK):
            chunk = bytes(buffer[:CHUNK])
            del buffer[:CHUNK]
            sent += len(chunk)
            yield cipher.encrypt(_nonce(number, last=sent == total), chunk, _AAD)
            number += 1


def decrypt(key: bytes, size: int, pieces: Iterable[bytes], expected_hash: bytes) -> Iterator[bytes]:
    """Decrypt a stored file, given in pieces of any length; gives its `size` bytes in order.

    The hash can only be known at the end: a caller must not use what came out before the iterator is exhausted.

    Raises:
        SealRefused: `chunk_invalid`, `attachment_truncated`, `attachment_extended`, `attachment_padding`,
            `attachment_hash_mismatch`.
    """
    cipher = AESGCM(key)
    total = padded_size(size)
    digest = hashlib.sha256()
    number = 0
    done = 0
    buffer = bytearray()
    for piece in pieces:
        digest.update(piece)
        buffer += piece
        while True:
            length = min(CHUNK, total - done) + TAG
            if done == total:
                if buffer:
                    raise SealRefused("attachment_extended")
                break
            if len(buffer) < length:
                break
            chunk = bytes(buffer[:length])
            del buffer[:length]
            try:
                plain = cipher.decrypt(_nonce(number, last=done + length - TAG == total), chunk, _AAD)
            except InvalidTag as error:
                raise SealRefused("chunk_invalid", str(number)) from error
            keep = max(0, min(len(plain), size - done))
            if any(plain[keep:]):
                raise SealRefused("attachment_padding")
            done += len(plain)
            number += 1
            if keep:
                yield plain[:keep]
    if done != total:
        raise SealRefused("attachment_truncated")
    if not hmac.compare_digest(digest.digest(), expected_hash):
        raise SealRefused("attachment_hash_mismatch")


def _padded(size: int, total: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    seen = 0
    for piece in pieces:
        seen += len(piece)
        if seen > size:
            break
        yield piece
    if seen != size:
        raise SealRefused("attachment_size")
    rest = total - size
    while rest:
        step = min(CHUNK, rest)
        yield bytes(step)
        rest -= step


def _nonce(number: int, *, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + (b"\1" if last else b"\0")
