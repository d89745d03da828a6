"""The profile on disk: an encrypted database, its key in a file of mode 0600 beside it.

Small and synchronous: each call is a few rows. Several processes may share a profile (a bot listens and sends), so
every change that depends on what is there happens inside `transaction`.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from werkfunk.sdk.errors import SdkError, Usage

SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE kv (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE chain (chain BLOB NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (chain, number)) STRICT;
CREATE TABLE profile (user BLOB NOT NULL PRIMARY KEY, profile BLOB NOT NULL, verified INTEGER NOT NULL) STRICT;
CREATE TABLE conversation (id BLOB NOT NULL PRIMARY KEY, last_seq INTEGER NOT NULL, head BLOB NOT NULL,
    title TEXT NOT NULL, site TEXT NOT NULL, read_seq INTEGER NOT NULL, blocked TEXT NOT NULL,
    warning TEXT NOT NULL) STRICT;
CREATE TABLE event (conversation BLOB NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, data BLOB NOT NULL,
    state INTEGER NOT NULL, generation INTEGER NOT NULL, message_id BLOB NOT NULL, sender BLOB NOT NULL,
    kind INTEGER NOT NULL, content BLOB NOT NULL, head BLOB NOT NULL, PRIMARY KEY (conversation, seq)) STRICT;
CREATE INDEX event_state ON event (conversation, state);
CREATE INDEX event_id ON event (message_id);
CREATE TABLE parts (conversation BLOB NOT NULL, generation INTEGER NOT NULL, parts BLOB NOT NULL,
    PRIMARY KEY (conversation, generation)) STRICT;
CREATE TABLE seed (generation INTEGER NOT NULL PRIMARY KEY, seed BLOB NOT NULL) STRICT;
CREATE TABLE outbox (position INTEGER PRIMARY KEY AUTOINCREMENT, message_id BLOB NOT NULL UNIQUE,
    conversation BLOB NOT NULL, kind INTEGER NOT NULL, content BLOB NOT NULL, blobs BLOB NOT NULL) STRICT;
PRAGMA user_version = 1;
COMMIT;
"""
LATER = (
    (
        "ALTER TABLE conversation ADD COLUMN place BLOB NOT NULL DEFAULT x''",
        "ALTER TABLE conversation ADD COLUMN details_seq INTEGER NOT NULL DEFAULT 0",
    ),
)
"""What came to the schema since, never changed, only appended to: the first makes version 2."""
VERSION = 1 + len(LATER)
KEY_FILE = "profile.key"
DATABASE = "profile.db"

OPENED, MISSING, REFUSED, STATEMENT, HIDDEN = range(5)
"""States of an event: opened; its key is missing; it does not open; a statement; before this member's time."""

Row = tuple[Any, ...]


class Local:
    """See the module."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Open a profile.

        Raises:
            Usage: there is none (or, with `create`, there is one already).
        """
        self.folder = folder
        key_path = folder / KEY_FILE
        if create:
            if key_path.exists():
                raise Usage(f"{folder} holds a profile already")
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
        elif not key_path.exists():
            raise Usage(
                f"there is no profile in {folder}; make one with: werkfunk join LINK --profile {folder} --name NAME"
            )
        self._db = sqlite.connect(str(folder / DATABASE), isolation_level=None, timeout=30)
        self._db.execute(f"PRAGMA key = \"x'{key_path.read_text().strip()}'\"")
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 30000", "temp_store = MEMORY"):
            self._db.execute(f"PRAGMA {pragma}")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise SdkError("the profile was written by a newer Werkfunk; install that version")
        if version == 0:
            self._db.executescript(SCHEMA)
        for number, statements in enumerate(LATER, 2):
            self._migrate(number, statements)

    def _migrate(self, number: int, statements: tuple[str, ...]) -> None:
        # Asked inside the transaction: another process of this profile may be a moment ahead.
        with self.transaction():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version < number:
                for statement in (*statements, f"PRAGMA user_version = {number}"):
                    self._db.execute(statement)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def destroy(self) -> None:
        """Remove a profile that came to nothing."""
        self.close()
        for name in (KEY_FILE, DATABASE, DATABASE + "-wal", DATABASE + "-shm"):
            (self.folder / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nested calls join the outer one."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        return list(self._db.execute(sql, values))

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row of a query."""
        found: Row | None = self._db.execute(sql, values).fetchone()
        return found

    def run(self, sql: str, *values: Any) -> int:
        """Execute a statement; gives the number of rows changed."""
        count: int = self._db.execute(sql, values).rowcount
        return count

    def get(self, key: str) -> bytes | None:
        """A named value."""
        row = self.row("SELECT value FROM kv WHERE key = ?", key)
        return row[0] if row else None

    def require(self, key: str) -> bytes:
        """A named value that must be there."""
        value = self.get(key)
        if value is None:
            raise Usage("the profile is incomplete; join again in an empty folder")
        return value

    def put(self, key: str, value: bytes) -> None:
        """Set a named value."""
        self.run(
            "INSERT INTO kv (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            value,
        )

    def chain(self, chain: bytes) -> list[bytes]:
        """The stored statements of a chain."""
        return [row[0] for row in self.rows("SELECT data FROM chain WHERE chain = ? ORDER BY number", chain)]

    def extend_chain(self, chain: bytes, number: int, data: bytes) -> None:
        """Store a verified statement; one that is there already stays."""
        self.run("INSERT INTO chain (chain, number, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", chain, number, data)
