"""The log of all events: appended only; its two indexes follow, many neighbouring entries at a time.

A commit encrypts every page it has touched. An event is found by its place in its conversation and by its message id,
and both lead into the middle of a large index, to pages that hardly any two events of one commit share. So a commit
appends events alone. Where the newest lie is known in memory (a `Tail`); once there are many, their entries are sorted
and written in slices that go with the next commits (a `_Sweep`). `log_indexed` says up to which event both indexes are
complete: a start writes the entries of all later ones.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any

from werkfunk.storage.sqlite.database import Connection
from werkfunk.storage.store import Append, Appended

TAIL_MAX = 2_048
"""Events in memory from which on their index entries are written."""
SLICE_MIN = 64
START_ROWS = 8_192
"""Events indexed in one transaction at a start."""
ASKED = 64
"""Message ids looked up by one statement."""

INSERT = """
INSERT INTO log (n, conversation, seq, time, device, message_id, kind, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
PLACE = "INSERT INTO log_places (conversation, seq, n) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
ONCE = "INSERT INTO log_once (once, n) VALUES (?, ?) ON CONFLICT DO NOTHING"
MARK = "UPDATE log_indexed SET n = ?"
FIND = f"SELECT n FROM log_once WHERE once IN ({', '.join('?' * ASKED)})"  # noqa: S608 (question marks only)
READ = "SELECT seq, time, data FROM log WHERE n = ?"
PAGE = (
    "SELECT l.seq, l.time, l.data FROM log_places p JOIN log l ON l.n = p.n"
    " WHERE p.conversation = ? AND p.seq > ? AND p.seq < ? ORDER BY p.seq LIMIT ?"
)
NO_END = 2**63 - 1

Row = tuple[bytes, int, int, bytes, bytes, int, bytes]
"""conversation, seq, time, device, message id, kind, data."""


def once(device: bytes, message_id: bytes) -> int:
    """What a message id is looked up by: a hash of 64 bits, so that the index is small. What it finds is compared."""
    return int.from_bytes(blake2b(device + message_id, digest_size=8).digest(), "big", signed=True)


class Tail:
    """Events that are logged and not all indexed yet. Written by the writer's thread, read by both."""

    def __init__(self) -> None:
        self.places: dict[bytes, tuple[int, list[int]]] = {}
        """conversation -> (first seq, the events' numbers from there on without a gap)"""
        self.once: dict[int, list[int]] = {}
        self.count = 0

    def add(self, n: int, row: Row) -> None:
        """An event that is committed, the newest of its conversation."""
        conversation, seq, _, device, message_id, *_ = row
        self.places.setdefault(conversation, (seq, []))[1].append(n)
        self.once.setdefault(once(device, message_id), []).append(n)
        self.count += 1


class _Sweep:
    """The index entries of a full tail on their way into the database."""

    def __init__(self, tail: Tail) -> None:
        self._places = sorted(
            (conversation, first + index, n)
            for conversation, (first, numbers) in tail.places.items()
            for index, n in enumerate(numbers)
        )
        self._once = sorted((key, n) for key, numbers in tail.once.items() for n in numbers)
        self.newest = max(n for _, n in self._once)
        self._done = 0

    def write(self, connection: Connection, count: int) -> int:
        """Write the next `count` entries of both indexes; how many are written then, for `advance`."""
        end = min(self._done + count, len(self._once))
        connection.executemany(PLACE, self._places[self._done : end])
        connection.executemany(ONCE, self._once[self._done : end])
        return end

    def complete(self, end: int) -> bool:
        return end == len(self._once)

    def advance(self, end: int) -> None:
        """They are committed."""
        self._done = end


class Log:
    """Writes on the writer's thread, reads on any."""

    def __init__(self, tail_max: int = TAIL_MAX) -> None:
        self._tail_max = tail_max
        self._next = 1
        # Replaced as a whole, so that a reader sees either state: the tail that is swept, if any, then the one that grows.
        self._tails: tuple[Tail, ...] = (Tail(),)
        self._sweep: _Sweep | None = None
        self._pending: list[tuple[int, Row]] = []
        self._swept: int | None = None

    # -- the writer's thread

    def load(self, connection: Connection) -> None:
        """Complete the indexes. Once, before anything else."""
        (mark,) = connection.execute("SELECT n FROM log_indexed").fetchone()
        while rows := connection.execute(
            "SELECT n, conversation, seq, device, message_id FROM log WHERE n > ? ORDER BY n LIMIT ?",
            (mark, START_ROWS),
        ).fetchall():
            mark = rows[-1][0]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(PLACE, sorted((row[1], row[2], row[0]) for row in rows))
            connection.executemany(ONCE, sorted((once(row[3], row[4]), row[0]) for row in rows))
            connection.execute(MARK, (mark,))
            connection.execute("COMMIT")
        self._next = mark + 1

    def known(self, connection: Connection, items: Iterable[Append]) -> dict[tuple[bytes, bytes], Appended]:
        """Which of the messages are logged already, by device and message id, and what was answered."""
        asked = {once(item.device, item.message_id) for item in items}
        numbers = [n for tail in self._tails for key in asked if key in tail.once for n in tail.once[key]]
        keys = list(asked)
        for at in range(0, len(keys), ASKED):
            some = keys[at : at + ASKED]
            some += some[-1:] * (ASKED - len(some))
            numbers += [row[0] for row in connection.execute(FIND, some)]
        found: dict[tuple[bytes, bytes], Appended] = {}
        for n in numbers:
            device, message_id, seq, time = connection.execute(
                "SELECT device, message_id, seq, time FROM log WHERE n = ?", (n,)
            ).fetchone()
            found[device, message_id] = Appended(seq, time, repeated=True)
        return found

    def append(self, connection: Connection, rows: list[Row]) -> None:
        """Log the rows in the caller's transaction, and a slice of what is not indexed; then `settle`."""
        self._pending = list(enumerate(rows, self._next))
        connection.executemany(INSERT, [(n, *row) for n, row in self._pending])
        if self._sweep is None and self._tails[-1].count >= self._tail_max:
            self._sweep = _Sweep(self._tails[-1])
            self._tails = (self._tails[-1], Tail())
        if self._sweep is not None:
            # Twice as fast as events come, so that one tail is written before the next is full.
            self._swept = self._sweep.write(connection, max(SLICE_MIN, 2 * len(rows)))
            if self._sweep.complete(self._swept):
                connection.execute(MARK, (self._sweep.newest,))

    def settle(self, *, committed: bool) -> None:
        """The transaction has ended."""
        if committed:
            for n, row in self._pending:
                self._tails[-1].add(n, row)
            self._next += len(self._pending)
            if self._sweep is not None and self._swept is not None:
                self._sweep.advance(self._swept)
                if self._sweep.complete(self._swept):
                    self._sweep = None
                    self._tails = self._tails[-1:]
        self._pending, self._swept = [], None

    # -- any thread

    def page(self, connection: Connection, conversation: bytes, after: int, limit: int) -> Iterator[tuple[Any, ...]]:
        """(seq, time, data) of a conversation's events above `after`, oldest first."""
        # Memory first: what leaves it meanwhile is in the index that is asked after.
        recent = [
            (first, numbers[:]) for tail in self._tails for first, numbers in [tail.places.get(conversation, (0, []))]
        ]
        newest = [n for _, numbers in recent for n in numbers]
        start = next((first for first, numbers in recent if numbers), NO_END)
        count = 0
        if after + 1 < start:
            for row in connection.execute(PAGE, (conversation, after, start, limit)):
                count += 1
                yield row
        for n in newest[max(after + 1 - start, 0) :][: limit - count]:
            yield connection.execute(READ, (n,)).fetchone()
