"""Ogg Opus (RFC 3533, RFC 7845): a file of Opus packets, as every player reads it. Pure.

Packets are 20 ms, 48 kHz, mono. A packet that was lost is written as one without sound of its own, which a decoder
conceals; so what was heard keeps its length.
"""

from collections.abc import Iterator, Sequence

SAMPLES = 960
"""Samples of a packet, and of its granule position."""
PRE_SKIP = 312
PAGE_PACKETS = 50
MEDIA_TYPE = "audio/ogg"
_HEAD = b"OpusHead" + bytes((1, 1)) + PRE_SKIP.to_bytes(2, "little") + (48_000).to_bytes(4, "little") + bytes(3)
_TAGS = b"OpusTags" + (8).to_bytes(4, "little") + b"Werkfunk" + bytes(4)


def write(packets: Sequence[bytes], serial: int) -> bytes:
    """A file of the packets; an empty one was lost. `serial` is any 32-bit number."""
    pages = [_page([_HEAD], 0, serial, 0, 2), _page([_TAGS], 0, serial, 1, 0)]
    whole = list(_concealable(packets))
    starts = range(0, len(whole), PAGE_PACKETS) if whole else range(1)
    for number, start in enumerate(starts, 2):
        part = whole[start : start + PAGE_PACKETS]
        last = start + PAGE_PACKETS >= len(whole)
        pages.append(_page(part, (start + len(part)) * SAMPLES, serial, number, 4 if last else 0))
    return b"".join(pages)


def _concealable(packets: Sequence[bytes]) -> Iterator[bytes]:
    # A packet of nothing but its first byte (RFC 6716, 3.2.1: code 0, a frame of no bytes) is concealed.
    toc = next((packet[0] & 0xFC for packet in packets if packet), 0x78)
    for packet in packets:
        if packet:
            toc = packet[0] & 0xFC
        yield packet or bytes((toc,))


def _page(packets: Sequence[bytes], granule: int, serial: int, number: int, flags: int) -> bytes:
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,)) for packet in packets)
    head = b"OggS" + bytes((0, flags)) + granule.to_bytes(8, "little") + serial.to_bytes(4, "little")
    head += number.to_bytes(4, "little")
    rest = bytes((len(lacing),)) + lacing + b"".join(packets)
    return head + _crc(head + bytes(4) + rest).to_bytes(4, "little") + rest


def read(data: bytes) -> list[bytes]:
    """The packets of a file.

    Raises:
        ValueError: it is not Ogg Opus of one stream.
    """
    packets: list[bytes] = []
    open_packet = b""
    position = 0
    while position < len(data):
        head = data[position : position + 27]
        if len(head) < 27 or head[:5] != b"OggS\x00":
            raise ValueError("not an Ogg page")
        lacing = data[position + 27 : position + 27 + head[26]]
        body = position + 27 + head[26]
        end = body + sum(lacing)
        page = data[position:end]
        if end > len(data) or _crc(page[:22] + bytes(4) + page[26:]) != int.from_bytes(head[22:26], "little"):
            raise ValueError("a damaged Ogg page")
        for size in lacing:
            open_packet += data[body : body + size]
            body += size
            if size < 255:
                packets.append(open_packet)
                open_packet = b""
        position = end
    if not packets or not packets[0].startswith(b"OpusHead"):
        raise ValueError("not Ogg Opus")
    return packets[2:]


def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        rest = value << 24
        for _ in range(8):
            rest = (rest << 1) ^ (0x04C11DB7 if rest & 0x80000000 else 0)
        table.append(rest & 0xFFFFFFFF)
    return tuple(table)


_TABLE = _table()


def _crc(data: bytes) -> int:
    """The checksum of a page (RFC 3533, section 6): polynomial 0x04c11db7, start 0, nothing reflected."""
    table, value = _TABLE, 0
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ table[(value >> 24) ^ byte]
    return value
