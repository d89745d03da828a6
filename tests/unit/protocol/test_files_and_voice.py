"""Attachments and live voice (docs/protocol.md, 8 and 9)."""

import tracemalloc
from collections import deque
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_world import flips

from werkfunk.protocol import attachments, voice
from werkfunk.protocol.attachments import CHUNK, decrypt, encrypt, padded_size, stored_size
from werkfunk.protocol.errors import SealRefused
from werkfunk.protocol.kdf import sha256

KEY = bytes(range(32))


def pieces_of(data: bytes, size: int) -> Iterator[bytes]:
    return (data[i : i + size] for i in range(0, len(data), size))


def sealed(data: bytes) -> bytes:
    return b"".join(encrypt(KEY, len(data), [data]))


def opened(stored: bytes, size: int, piece: int = 10_000) -> bytes:
    return b"".join(decrypt(KEY, size, pieces_of(stored, piece), sha256(stored)))


@settings(max_examples=60)
@given(st.integers(0, 200_000), st.integers(1, 100_000), st.integers(1, 100_000))
def test_m34_file_comes_back_whatever_the_pieces(size: int, written: int, read: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    data = data[:size]
    stored = b"".join(encrypt(KEY, size, pieces_of(data, written)))
    assert len(stored) == stored_size(size)
    assert stored == sealed(data)
    assert opened(stored, size, read) == data


@pytest.mark.parametrize("size", [0, 1, 256, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_m34_sizes_at_the_borders(size: int) -> None:
    data = b"x" * size
    assert opened(sealed(data), size) == data


def test_m34_length_is_padded() -> None:
    assert padded_size(0) == padded_size(256) == 256
    assert padded_size(70_000) > 70_000
    assert len(sealed(b"a")) == len(sealed(b"a" * 200)) == 272


def test_m34_nonce_is_chunk_number_and_last_mark() -> None:
    """7 zero bytes || number || last; associated data T("attachment", 65536)."""
    data = bytes(150_000)
    stored = sealed(data)
    aad = bytes.fromhex("83 01 6a 6174746163686d656e74 1a00010000")
    first = AESGCM(KEY).decrypt(bytes(7) + b"\0\0\0\0" + b"\0", stored[: CHUNK + 16], aad)
    last = AESGCM(KEY).decrypt(bytes(7) + b"\0\0\0\2" + b"\1", stored[2 * (CHUNK + 16) :], aad)
    assert first == bytes(CHUNK)
    assert len(last) == padded_size(150_000) - 2 * CHUNK


def test_m34_every_flipped_bit_of_a_chunk_is_refused() -> None:
    stored = sealed(b"Plan")
    for changed in flips(stored):
        with pytest.raises(SealRefused, match="chunk_invalid"):
            b"".join(decrypt(KEY, 4, [changed], sha256(changed)))


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ([1, 0, 2], "chunk_invalid"),
        ([0, 0, 1], "chunk_invalid"),
        ([0, 1], "attachment_truncated"),
        ([0, 1, 2, 2], "attachment_extended"),
        ([], "attachment_truncated"),
    ],
)
def test_m34_truncated_reordered_extended_repeated_chunks_fail(order: list[int], code: str) -> None:
    chunks = list(encrypt(KEY, 150_000, [bytes(150_000)]))
    stored = b"".join(chunks[i] for i in order)
    with pytest.raises(SealRefused, match=code):
        opened(stored, 150_000)


@pytest.mark.parametrize("cut", [1, 15, 16, 17, 271])
def test_m34_truncated_bytes_fail(cut: int) -> None:
    with pytest.raises(SealRefused):
        opened(sealed(b"Plan")[:-cut], 4)


def test_m34_padding_must_be_zero() -> None:
    """A file of 5 bytes whose record says 4."""
    with pytest.raises(SealRefused, match="attachment_padding"):
        opened(sealed(b"Plan1"), 4)


def test_m34_hash_of_the_ciphertext_is_checked() -> None:
    with pytest.raises(SealRefused, match="attachment_hash_mismatch"):
        b"".join(decrypt(KEY, 4, [sealed(b"Plan")], bytes(32)))


def test_m34_resumed_upload_sends_the_same_bytes() -> None:
    assert sealed(b"Plan" * 40_000) == sealed(b"Plan" * 40_000)


@pytest.mark.parametrize("given_size", [3, 5])
def test_file_of_another_size_than_said_is_refused(given_size: int) -> None:
    with pytest.raises(SealRefused, match="attachment_size"):
        list(encrypt(KEY, given_size, [b"Plan"]))


def test_a_file_never_has_to_fit_in_memory() -> None:
    size = 20 * 1024 * 1024
    block = bytes(CHUNK)
    tracemalloc.start()
    blocks = encrypt(KEY, size, (block for _ in range(size // CHUNK)))
    with pytest.raises(SealRefused, match="attachment_hash_mismatch"):
        deque(decrypt(KEY, size, blocks, b""), maxlen=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


@given(st.binary(max_size=600), st.integers(0, 2**53 - 1))
def test_any_bytes_are_refused(data: bytes, size: int) -> None:
    with pytest.raises(SealRefused):
        b"".join(attachments.decrypt(KEY, size, [data], sha256(data)))


BURST = voice.burst_key(bytes(32), bytes(16), 1, bytes(16), bytes(16))


def test_voice_frame_opens_under_its_number_only() -> None:
    frame = voice.seal_frame(BURST, 7, b"opus")
    assert voice.open_frame(BURST, 7, frame) == b"opus"
    for number in (-1, 0, 6, 8, 2**32, 2**80):
        with pytest.raises(SealRefused, match="frame_invalid"):
            voice.open_frame(BURST, number, frame)


def test_every_flipped_bit_of_a_frame_is_refused() -> None:
    for changed in flips(voice.seal_frame(BURST, 0, b"opus" * 20)):
        with pytest.raises(SealRefused, match="frame_invalid"):
            voice.open_frame(BURST, 0, changed)


def test_each_burst_has_its_own_key() -> None:
    other = [(b"\1" * 32, bytes(16), 1, bytes(16), bytes(16)), (bytes(32), b"\1" * 16, 1, bytes(16), bytes(16))]
    other += [(bytes(32), bytes(16), 2, bytes(16), bytes(16)), (bytes(32), bytes(16), 1, b"\1" * 16, bytes(16))]
    other += [(bytes(32), bytes(16), 1, bytes(16), b"\1" * 16)]
    assert len({BURST, *(voice.burst_key(*inputs) for inputs in other)}) == 6


@given(st.binary(max_size=100), st.integers())
def test_any_bytes_are_no_frame(data: bytes, number: int) -> None:
    with pytest.raises(SealRefused):
        voice.open_frame(BURST, number, data)
