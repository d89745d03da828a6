"""Padding that hides lengths: Padmé (Nikitin et al., PURBs, 2019), at least 256 bytes. [M4]"""

from werkfunk.protocol.errors import EncodingRefused

MINIMUM = 256


def padme(length: int) -> int:
    """The padded length for `length` >= 1: leaks O(log log) bits at an overhead of at most 12 %."""
    exponent = length.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    if low_bits <= 0:
        return length
    mask = (1 << low_bits) - 1
    return (length + mask) & ~mask


def pad(data: bytes) -> bytes:
    """Length (4 bytes, big-endian), data, zeros."""
    size = padme(max(MINIMUM, 4 + len(data)))
    return (len(data).to_bytes(4, "big") + data).ljust(size, b"\0")


def unpad(padded: bytes) -> bytes:
    """Take the padding off.

    Raises:
        EncodingRefused: `padding_invalid`: a length that is not the right one, or a byte that is not zero. [M4]
    """
    length = int.from_bytes(padded[:4], "big")
    if len(padded) < MINIMUM or len(padded) != padme(max(MINIMUM, 4 + length)) or any(padded[4 + length :]):
        raise EncodingRefused("padding_invalid")
    return padded[4 : 4 + length]
