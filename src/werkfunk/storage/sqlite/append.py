"""Logging events: one durable commit for all that wait (DESIGN section 3, the write path).

The writer keeps each conversation's counters in memory between commits, for it is the only one that changes them; after
any failure they are read anew.
"""

from werkfunk.protocol.events import HEAD_ZERO, next_head
from werkfunk.storage.sqlite.database import Connection
from werkfunk.storage.sqlite.log import Log, Row
from werkfunk.storage.store import Append, Appended, StatementWrite

UPDATE = "UPDATE conversations SET last_seq = ?, head = ?, time = ? WHERE id = ?"
CACHE_MAX = 20_000


class Writer:
    """Logs batches on the writer's thread."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._counters: dict[bytes, tuple[int, bytes, int]] = {}
        """last_seq, head and time of the conversations that were written to last"""

    def append(self, connection: Connection, items: list[Append]) -> list[Appended]:
        """Log `items` inside the caller's transaction; `settle` is the caller's at its end."""
        known = self._log.known(connection, items)
        changed: dict[bytes, tuple[int, bytes, int]] = {}
        rows: list[Row] = []
        results: list[Appended] = []
        for item in items:
            once = (item.device, item.message_id)
            repeated = known.get(once)
            if repeated is not None:
                results.append(repeated)
                continue
            seq, head, newest = changed.get(item.conversation) or self._load(connection, item.conversation)
            # Clock jumps never make the log's time go backwards.
            time = max(item.time, newest)
            seq += 1
            changed[item.conversation] = (seq, next_head(item.conversation, seq, time, head, item.event_hash), time)
            rows.append((item.conversation, seq, time, item.device, item.message_id, item.kind, item.data))
            results.append(Appended(seq, time))
            known[once] = Appended(seq, time, repeated=True)
            if item.statement is not None:
                _statement(connection, item.conversation, seq, item.statement)
            for blob in item.blobs:
                connection.execute(
                    "UPDATE blobs SET linked = 1 WHERE id = ? AND conversation = ?", (blob, item.conversation)
                )
        self._log.append(connection, rows)
        updates = [(seq, head, time, name) for name, (seq, head, time) in changed.items()]
        connection.executemany(UPDATE, updates)
        if len(self._counters) > CACHE_MAX:
            self._counters.clear()
        self._counters.update(changed)
        return results

    def settle(self, *, committed: bool) -> None:
        """The transaction has ended; after a failure the counters are read anew."""
        self._log.settle(committed=committed)
        if not committed:
            self._counters.clear()

    def _load(self, connection: Connection, conversation: bytes) -> tuple[int, bytes, int]:
        """Counters of a conversation; (0, zeros, 0) for one that does not exist yet."""
        found = self._counters.get(conversation)
        if found is not None:
            return found
        row = connection.execute(
            "SELECT last_seq, head, time FROM conversations WHERE id = ?", (conversation,)
        ).fetchone()
        return tuple(row) if row else (0, HEAD_ZERO, 0)


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
