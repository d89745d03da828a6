"""What people read to each other: the verification number and the recovery code (docs/protocol.md, 10)."""

from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.kdf import tagged_hash
from werkfunk.protocol.labels import Label

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ = {**{c: i for i, c in enumerate(_ALPHABET)}, "O": 0, "I": 1, "L": 1}
_SYMBOLS = 28


def verification_number(organisation: bytes, one: bytes, other: bytes) -> str:
    """The number of two people, the same for both: 12 groups of 5 digits."""
    digest = tagged_hash(Label.VERIFICATION, organisation, sorted((one, other)))
    digits = f"{int.from_bytes(digest, 'big') % 10**60:060d}"
    return " ".join(digits[i : i + 5] for i in range(0, 60, 5))


def encode_recovery(seed: bytes) -> str:
    """A recovery code for 16 random bytes: 7 groups of 4, with 12 bits of checksum."""
    if len(seed) != 16:
        raise EncodingRefused("recovery_code_length")
    number = int.from_bytes(seed, "big") << 12 | _checksum(seed)
    symbols = "".join(_ALPHABET[number >> 5 * i & 31] for i in reversed(range(_SYMBOLS)))
    return "-".join(symbols[i : i + 4] for i in range(0, _SYMBOLS, 4))


def decode_recovery(code: str) -> bytes:
    """The 16 bytes of a recovery code, read as people type. [M35]

    Raises:
        EncodingRefused: `recovery_code_length`, `recovery_code_symbol`, `recovery_code_checksum`.
    """
    # ASCII only: "ß".upper() is "SS", which would be two good symbols.
    symbols = [c.upper() if c.isascii() else c for c in code if not (c.isspace() or c == "-")]
    if any(c not in _READ for c in symbols):
        raise EncodingRefused("recovery_code_symbol")
    if len(symbols) != _SYMBOLS:
        raise EncodingRefused("recovery_code_length")
    number = 0
    for c in symbols:
        number = number << 5 | _READ[c]
    seed = (number >> 12).to_bytes(16, "big")
    if number & 0xFFF != _checksum(seed):
        raise EncodingRefused("recovery_code_checksum")
    return seed


def _checksum(seed: bytes) -> int:
    return int.from_bytes(tagged_hash(Label.RECOVERY_CHECKSUM, seed)[:2], "big") >> 4
