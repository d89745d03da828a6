"""Connections, threads, transactions and migrations of the embedded store.

All writes run on one thread, in `BEGIN IMMEDIATE … COMMIT`; reads run on another with a connection of its own (WAL). A
transaction is a plain function on the writer's thread: cancelling the task that waits for it cannot leave it open. The
WAL is folded into the file on a third thread, for that takes as long as many commits.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlcipher3 import dbapi2 as sqlite

from werkfunk.storage.schema import MIGRATIONS, VERSION
from werkfunk.storage.store import NewerSchema, StoreError, StoreFull, WrongKey

T = TypeVar("T")
CHECKPOINT_CHANGES = 2_000
"""Changed rows after which the WAL is folded into the file beside the writer."""
WAL_PAGES_MAX = 8_000
"""Pages in the WAL (32 MiB) from which on the writer does it itself: it may not grow without end under lasting load."""
Connection = Any
"""A sqlcipher3 connection (the package has no types)."""


class Settle(Protocol):
    """See `Database.write`."""

    def __call__(self, *, committed: bool) -> None:
        """The transaction has ended."""


def connect(path: Path, key: bytes) -> Connection:
    """Open (or create) an encrypted database in WAL mode with fsync on every commit.

    Raises:
        WrongKey: the key does not open it.
    """
    connection = sqlite.connect(str(path), isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "busy_timeout = 5000",
            "temp_store = MEMORY",
            "cache_size = -6000",
            f"wal_autocheckpoint = {WAL_PAGES_MAX}",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite.DatabaseError as error:
        connection.close()
        if "not a database" in str(error):
            raise WrongKey(f"the key does not open {path.name}") from error
        raise translated(error) from error
    return connection


def translated(error: Exception) -> StoreError:
    """The store's error for a driver's."""
    text = str(error)
    if "full" in text or "disk I/O" in text:
        return StoreFull(text)
    return StoreError(text)


def migrate(connection: Connection, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Bring the schema up to date; a migration and the record that it ran share a transaction.

    Raises:
        NewerSchema: the database is of a newer version.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise NewerSchema(f"the database has schema {version}, this version knows {VERSION}: install a newer Werkfunk")
    for number in range(version, len(migrations)):
        script = f"BEGIN IMMEDIATE; {migrations[number]}; PRAGMA user_version = {number + 1}; COMMIT;"
        try:
            connection.executescript(script)
        except BaseException:
            if connection.in_transaction:
                connection.rollback()
            raise


class Database:
    """One writer and one reader connection, each on its own thread."""

    def __init__(self, path: Path, key: bytes, prepare: Callable[[Connection], None] | None = None) -> None:
        """`prepare` is given the writer's connection before anything else is done with it."""
        self._write = connect(path, key)
        migrate(self._write)
        if prepare is not None:
            prepare(self._write)
        self._read = connect(path, key)
        self._where = path, key
        self._third: Connection | None = None
        self._folded = 0
        self._folding = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="store-read")
        self._folder = ThreadPoolExecutor(1, thread_name_prefix="store-checkpoint")

    async def write(self, work: Callable[[Connection], T], settle: Settle | None = None) -> T:
        """Run `work` in a transaction; durable (fsync) when this returns.

        Args:
            settle: told on the writer's thread how the transaction ended, before another begins.

        Raises:
            StoreFull, StoreError: nothing happened.
        """
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._transaction, work, settle)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on the reader's connection."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._guarded, work)

    def _transaction(self, work: Callable[[Connection], T], settle: Settle | None) -> T:
        connection = self._write
        committed = False
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
            committed = True
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite.Error):
                raise translated(error) from error
            raise
        finally:
            if settle is not None:
                settle(committed=committed)
        if not self._folding and connection.total_changes - self._folded >= CHECKPOINT_CHANGES:
            self._folding = True
            self._folded = connection.total_changes
            self._folder.submit(self._checkpoint)
        return result

    def _checkpoint(self) -> None:
        try:
            self._third = self._third or connect(*self._where)
            # A passive one waits for nobody and lets nobody wait; what it leaves is the next one's.
            self._third.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except (sqlite.Error, StoreError):
            # No room for it: the writer says so when it has none either.
            pass
        finally:
            self._folding = False

    def _guarded(self, work: Callable[[Connection], T]) -> T:
        try:
            return work(self._read)
        except sqlite.Error as error:
            raise translated(error) from error

    async def close(self) -> None:
        """Finish what runs, fold the WAL into the file, close."""
        loop = asyncio.get_running_loop()
        if self._third is not None:
            await loop.run_in_executor(self._folder, self._third.close)
        await loop.run_in_executor(self._reader, self._read.close)
        await loop.run_in_executor(self._writer, self._write.close)
        self._writer.shutdown()
        self._reader.shutdown()
        self._folder.shutdown()
