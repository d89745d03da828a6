"""Logging events: one durable commit for all that wait (DESIGN section 3, the write path).

The writer keeps each conversation's counters in memory between commits, for it is the only one that changes them; after
any failure they are read anew.
"""

from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from werkfunk.protocol.events import HEAD_ZERO, next_head
from werkfunk.storage.sqlite.database import Connection
from werkfunk.storage.store import Append, Appended, StatementWrite

INSERT = """
INSERT INTO events (conversation, seq, time, device, message_id, kind, data) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
UPDATE = "UPDATE conversations SET last_seq = ?, head = ?, time = ? WHERE id = ?"
FIND = "SELECT conversation, seq, time FROM events WHERE device = ? AND message_id = ?"
CACHE_MAX = 20_000


class Counters:
    """last_seq, head and time of the conversations that were written to last."""

    def __init__(self) -> None:
        self._cache: dict[bytes, tuple[int, bytes, int]] = {}

    def load(self, connection: Connection, conversation: bytes) -> tuple[int, bytes, int]:
        """Counters of a conversation; (0, zeros, 0) for one that does not exist yet."""
        found = self._cache.get(conversation)
        if found is None:
            row = connection.execute(
                "SELECT last_seq, head, time FROM conversations WHERE id = ?", (conversation,)
            ).fetchone()
            found = tuple(row) if row else (0, HEAD_ZERO, 0)
        return found

    def keep(self, changed: dict[bytes, tuple[int, bytes, int]]) -> None:
        """Remember what was committed."""
        if len(self._cache) > CACHE_MAX:
            self._cache.clear()
        self._cache.update(changed)

    def forget(self) -> None:
        """After a failure: read anew."""
        self._cache.clear()


def append(connection: Connection, counters: Counters, items: list[Append]) -> list[Appended]:
    """Log `items` inside the caller's transaction; `counters.keep` is the caller's after the commit.

    Doubles are rare, so the fast way assumes none: the unique index says if there is one, and then each is looked up.
    """
    connection.execute("SAVEPOINT fast")
    try:
        results = _write(connection, counters, items)
    except sqlite.IntegrityError:
        connection.execute("ROLLBACK TO fast")
        results = _write(connection, counters, items, careful=True)
    connection.execute("RELEASE fast")
    return results


def _write(connection: Connection, counters: Counters, items: list[Append], *, careful: bool = False) -> list[Appended]:
    changed: dict[bytes, tuple[int, bytes, int]] = {}
    rows: list[tuple[Any, ...]] = []
    results: list[Appended] = []
    fresh: dict[tuple[bytes, bytes], Appended] = {}
    for item in items:
        if careful:
            once = (item.device, item.message_id)
            known = fresh.get(once) or _known(connection, item)
            if known is not None:
                results.append(Appended(known.seq, known.time, repeated=True))
                continue
        seq, head, newest = changed.get(item.conversation) or counters.load(connection, item.conversation)
        # Clock jumps never make the log's time go backwards.
        time = max(item.time, newest)
        seq += 1
        changed[item.conversation] = (seq, next_head(item.conversation, seq, time, head, item.event_hash), time)
        rows.append((item.conversation, seq, time, item.device, item.message_id, item.kind, item.data))
        result = Appended(seq, time)
        results.append(result)
        if careful:
            fresh[item.device, item.message_id] = result
        if item.statement is not None:
            _statement(connection, item.conversation, seq, item.statement)
        for blob in item.blobs:
            connection.execute(
                "UPDATE blobs SET linked = 1 WHERE id = ? AND conversation = ?", (blob, item.conversation)
            )
    connection.executemany(INSERT, rows)
    updates = [(seq, head, time, name) for name, (seq, head, time) in changed.items()]
    connection.executemany(UPDATE, updates)
    counters.keep(changed)
    return results


def _known(connection: Connection, item: Append) -> Appended | None:
    row = connection.execute(FIND, (item.device, item.message_id)).fetchone()
    return Appended(row[1], row[2]) if row else None


def _statement(connection: Connection, conversation: bytes, seq: int, write: StatementWrite) -> None:
    if write.create:
        connection.execute(
            "INSERT INTO conversations (id, last_seq, head, generation, generation_seq, time) VALUES (?, 0, ?, 0, 0, 0)",
            (conversation, HEAD_ZERO),
        )
    for user, history in write.joined.items():
        connection.execute(
            "INSERT INTO members (conversation, user, joined, removed, visible) VALUES (?, ?, ?, 0, ?)"
            " ON CONFLICT (conversation, user) DO UPDATE SET joined = excluded.joined, removed = 0,"
            " visible = min(members.visible, excluded.visible)",
            (conversation, user, seq, 1 if history else seq),
        )
    for user in write.removed:
        connection.execute(
            "UPDATE members SET removed = ? WHERE conversation = ? AND user = ?", (seq, conversation, user)
        )
    if write.generation:
        connection.execute(
            "UPDATE conversations SET generation = ?, generation_seq = ? WHERE id = ?",
            (write.generation, seq, conversation),
        )
        connection.execute("DELETE FROM slots WHERE conversation = ?", (conversation,))
    connection.executemany(
        "INSERT INTO boxes (conversation, user, kind, generation, first, box_generation, box)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(conversation, b.user, b.kind, b.generation, b.first, b.box_generation, b.box) for b in write.boxes],
    )
