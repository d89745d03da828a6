"""WebSocket frame heads (RFC 6455 section 5.2) for what the server sends: unmasked, unfragmented.

Written here because all frames of one commit leave in one write, and a frame for a hundred receivers is made once.
"""

BINARY = 0x82
CLOSE = 0x88
PONG = 0x8A
PING = 0x89


def frame(payload: bytes, opcode: int = BINARY) -> bytes:
    """A complete frame."""
    size = len(payload)
    if size < 126:
        return bytes((opcode, size)) + payload
    if size < 65536:
        return bytes((opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((opcode, 127)) + size.to_bytes(8, "big") + payload


def close(code: int) -> bytes:
    """A close frame."""
    return frame(code.to_bytes(2, "big"), CLOSE)
