"""The server's key file: one secret of 32 bytes, mode 0600, from which the store's keys are derived. Never in the database."""

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from werkfunk.storage.store import WrongKey


class Keys:
    """Keys derived from the key file's secret, one a purpose."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise WrongKey("the key file must hold 64 hexadecimal digits")
        self._secret = secret
        self._columns = AESGCM(self.derive("columns"))

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (HKDF-SHA256)."""
        info = b"werkfunk server key: " + purpose.encode()
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(self._secret)

    def seal_column(self, column: str, value: bytes) -> bytes:
        """Encrypt a personal column; bound to the column's name."""
        iv = secrets.token_bytes(12)
        return iv + self._columns.encrypt(iv, value, column.encode())

    def open_column(self, column: str, sealed: bytes) -> bytes:
        """Decrypt a personal column. Raises WrongKey."""
        try:
            return self._columns.decrypt(sealed[:12], sealed[12:], column.encode())
        except InvalidTag as error:
            raise WrongKey(f"column {column} does not open with this key") from error

    def __repr__(self) -> str:
        return "Keys(***)"


def create(path: Path) -> Keys:
    """Make a key file that only its owner can read. Raises FileExistsError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_bytes(32)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return Keys(secret)


def load(path: Path) -> Keys:
    """Read a key file.

    Raises:
        FileNotFoundError: there is none.
        WrongKey: others can read it, or it does not hold a key.
    """
    if path.stat().st_mode & 0o077:
        raise WrongKey(f"others can read {path}; mend it with: chmod 600 {path}")
    try:
        return Keys(bytes.fromhex(path.read_text().strip()))
    except ValueError as error:
        raise WrongKey("the key file must hold 64 hexadecimal digits") from error
