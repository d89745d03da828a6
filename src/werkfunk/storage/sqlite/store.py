"""The Store on SQLite with SQLCipher: explicit statements, written so that PostgreSQL can take them too."""

from pathlib import Path

from sqlcipher3 import dbapi2 as sqlite

from werkfunk.storage.alarms import AlarmStore
from werkfunk.storage.keys import Keys
from werkfunk.storage.schema import FILE
from werkfunk.storage.sqlite.alarms import SqliteAlarms
from werkfunk.storage.sqlite.append import Writer
from werkfunk.storage.sqlite.database import Connection, Database
from werkfunk.storage.sqlite.log import TAIL_MAX, Log
from werkfunk.storage.store import (
    Append,
    Appended,
    BlobRow,
    BoxRow,
    ChainWrite,
    ConversationRow,
    EventRow,
    MemberRow,
    PushRow,
    StoreError,
)

__all__ = ["FILE", "SqliteStore"]


class SqliteStore:
    """See `storage.store.Store`."""

    def __init__(self, data: Path, keys: Keys, tail_max: int = TAIL_MAX) -> None:
        self._keys = keys
        self._log = Log(tail_max)
        self._writer = Writer(self._log)
        self._database = Database(data / FILE, keys.derive("database"), self._log.load)
        self.alarms: AlarmStore = SqliteAlarms(self._database, keys)

    async def close(self) -> None:
        """See Store."""
        await self._database.close()

    async def ping(self) -> None:
        """See Store."""
        await self._database.read(lambda c: c.execute("SELECT 1 FROM meta LIMIT 1").fetchone())

    async def meta(self, key: str) -> bytes | None:
        """See Store."""
        row = await self._database.read(lambda c: c.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone())
        return self._keys.open_column("meta.value", row[0]) if row else None

    async def set_meta(self, key: str, value: bytes) -> None:
        """See Store."""
        await self._database.write(lambda c: self._set_meta(c, key, value))

    def _set_meta(self, connection: Connection, key: str, value: bytes) -> None:
        connection.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, self._keys.seal_column("meta.value", value)),
        )

    async def chain_ids(self, kind: int) -> list[bytes]:
        """See Store."""
        rows = await self._database.read(
            lambda c: c.execute("SELECT chain FROM statements WHERE kind = ? AND number = 0", (kind,)).fetchall()
        )
        return [row[0] for row in rows]

    async def chain(self, chain: bytes, after: int = 0) -> list[bytes]:
        """See Store."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT data FROM statements WHERE chain = ? AND number >= ? ORDER BY number", (chain, after)
            ).fetchall()
        )
        return [row[0] for row in rows]

    async def write_chains(self, writes: list[ChainWrite]) -> None:
        """See Store."""

        def work(c: Connection) -> None:
            for write in writes:
                self._write_chain(c, write)

        await self._database.write(work)

    def _write_chain(self, c: Connection, write: ChainWrite) -> None:
        try:
            c.execute(
                "INSERT INTO statements (kind, chain, number, data) VALUES (?, ?, ?, ?)",
                (write.kind, write.chain, write.number, write.data),
            )
        except sqlite.IntegrityError as error:
            raise StoreError("taken") from error
        if write.replace_seals:
            c.execute("DELETE FROM seals WHERE user = ?", (write.chain,))
            c.execute("DELETE FROM handles WHERE user = ? AND expires > 0", (write.chain,))
        for recipient in write.drop_recipients:
            c.execute("DELETE FROM seals WHERE user = ? AND recipient = ?", (write.chain, recipient))
            c.execute("DELETE FROM handles WHERE user = ? AND recipient = ?", (write.chain, recipient))
        c.executemany("INSERT INTO seals (user, recipient, generation, box) VALUES (?, ?, ?, ?)", write.seals)
        c.executemany("INSERT INTO handles (handle, user, recipient, expires) VALUES (?, ?, ?, ?)", write.handles)
        if write.profile is not None:
            user, profile = write.profile
            c.execute(
                "INSERT INTO people (user, profile, last_active_day, picture) VALUES (?, ?, 0, ?)"
                " ON CONFLICT (user) DO UPDATE SET profile = excluded.profile, picture = excluded.picture",
                (user, self._keys.seal_column("people.profile", profile), write.picture),
            )
        for key, value in write.meta.items():
            self._set_meta(c, key, value)

    async def profiles(self, users: list[bytes]) -> dict[bytes, bytes]:
        """See Store."""

        def work(c: Connection) -> dict[bytes, bytes]:
            found: dict[bytes, bytes] = {}
            for user in users:
                row = c.execute("SELECT profile FROM people WHERE user = ?", (user,)).fetchone()
                if row:
                    found[user] = self._keys.open_column("people.profile", row[0])
            return found

        return await self._database.read(work)

    async def picture(self, user: bytes) -> bytes:
        """See Store."""
        row = await self._database.read(
            lambda c: c.execute("SELECT picture FROM people WHERE user = ?", (user,)).fetchone()
        )
        return bytes(row[0]) if row else b""

    async def touch(self, users: dict[bytes, int]) -> None:
        """See Store."""
        rows = [(day, user, day) for user, day in users.items()]
        sql = "UPDATE people SET last_active_day = ? WHERE user = ? AND last_active_day <> ?"
        await self._database.write(lambda c: c.executemany(sql, rows))

    async def seal(self, user: bytes, recipient: bytes) -> tuple[int, bytes] | None:
        """See Store."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT generation, box FROM seals WHERE user = ? AND recipient = ?", (user, recipient)
            ).fetchone()
        )
        return (row[0], row[1]) if row else None

    async def handle(self, handle: bytes) -> tuple[bytes, bytes, int] | None:
        """See Store."""
        row = await self._database.read(
            lambda c: c.execute("SELECT user, recipient, expires FROM handles WHERE handle = ?", (handle,)).fetchone()
        )
        return (row[0], row[1], row[2]) if row else None

    async def drop_expired_handles(self, now: int) -> None:
        """See Store."""

        def work(c: Connection) -> None:
            c.execute(
                "DELETE FROM seals WHERE recipient IN"
                " (SELECT recipient FROM handles WHERE expires > 0 AND expires < ?)",
                (now,),
            )
            c.execute("DELETE FROM handles WHERE expires > 0 AND expires < ?", (now,))

        await self._database.write(work)

    async def append(self, items: list[Append]) -> list[Appended]:
        """See Store."""
        return await self._database.write(lambda c: self._writer.append(c, items), self._writer.settle)

    async def conversation(self, conversation: bytes) -> ConversationRow | None:
        """See Store."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT id, last_seq, head, generation, generation_seq, time FROM conversations WHERE id = ?",
                (conversation,),
            ).fetchone()
        )
        return ConversationRow(*row) if row else None

    async def memberships(self, user: bytes) -> list[MemberRow]:
        """See Store."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT m.conversation, m.user, m.joined, m.removed, m.visible FROM members m"
                " JOIN conversations k ON k.id = m.conversation"
                " WHERE m.user = ? AND m.removed = 0 ORDER BY k.time DESC",
                (user,),
            ).fetchall()
        )
        return [MemberRow(*row) for row in rows]

    async def members(self, conversation: bytes) -> list[MemberRow]:
        """See Store."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT conversation, user, joined, removed, visible FROM members WHERE conversation = ?",
                (conversation,),
            ).fetchall()
        )
        return [MemberRow(*row) for row in rows]

    async def events(self, conversation: bytes, after: int, limit: int, size: int) -> list[EventRow]:
        """See Store."""

        def work(c: Connection) -> list[EventRow]:
            found: list[EventRow] = []
            total = 0
            for row in self._log.page(c, conversation, after, limit):
                total += len(row[2])
                if found and total > size:
                    break
                found.append(EventRow(*row))
            return found

        return await self._database.read(work)

    async def statements(self, conversation: bytes, after: int = 0) -> list[EventRow]:
        """See Store."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT seq, time, data FROM log WHERE conversation = ? AND kind = 1 AND seq > ? ORDER BY seq",
                (conversation, after),
            ).fetchall()
        )
        return [EventRow(*row) for row in rows]

    async def boxes(self, conversation: bytes, user: bytes, after: int) -> list[BoxRow]:
        """See Store."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT user, kind, generation, first, box_generation, box FROM boxes"
                " WHERE conversation = ? AND user = ? AND generation > ? ORDER BY generation",
                (conversation, user, after),
            ).fetchall()
        )
        return [BoxRow(*row) for row in rows]

    async def answer_repair(self, conversation: bytes, box: BoxRow) -> bool:
        """See Store."""

        def work(c: Connection) -> bool:
            asked = c.execute(
                "DELETE FROM repairs WHERE conversation = ? AND user = ? AND generation = ?",
                (conversation, box.user, box.generation),
            )
            if asked.rowcount != 1:
                return False
            c.execute(
                "INSERT INTO boxes (conversation, user, kind, generation, first, box_generation, box)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (conversation, user, generation, kind, first)"
                " DO UPDATE SET box = excluded.box, box_generation = excluded.box_generation",
                (conversation, box.user, box.kind, box.generation, box.first, box.box_generation, box.box),
            )
            return True

        return await self._database.write(work)

    async def ask_repair(self, conversation: bytes, user: bytes, generation: int) -> None:
        """See Store."""
        sql = "INSERT INTO repairs (conversation, user, generation) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        await self._database.write(lambda c: c.execute(sql, (conversation, user, generation)))

    async def repairs(self, conversations: list[bytes]) -> list[tuple[bytes, bytes, int]]:
        """See Store."""

        def work(c: Connection) -> list[tuple[bytes, bytes, int]]:
            found: list[tuple[bytes, bytes, int]] = []
            for conversation in conversations:
                rows = c.execute(
                    "SELECT conversation, user, generation FROM repairs WHERE conversation = ?", (conversation,)
                )
                found += [(row[0], row[1], row[2]) for row in rows]
            return found

        return await self._database.read(work)

    async def put_slot(self, conversation: bytes, user: bytes, tag: bytes, data: bytes, most: int) -> bool:
        """See Store."""

        def work(c: Connection) -> bool:
            (others,) = c.execute(
                "SELECT count(*) FROM slots WHERE conversation = ? AND user = ? AND tag <> ?",
                (conversation, user, tag),
            ).fetchone()
            if others >= most:
                return False
            c.execute(
                "INSERT INTO slots (conversation, user, tag, data) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (conversation, user, tag) DO UPDATE SET data = excluded.data",
                (conversation, user, tag, data),
            )
            return True

        return await self._database.write(work)

    async def slots(self, conversation: bytes) -> list[bytes]:
        """See Store."""
        rows = await self._database.read(
            lambda c: c.execute("SELECT data FROM slots WHERE conversation = ?", (conversation,)).fetchall()
        )
        return [row[0] for row in rows]

    async def create_blob(self, blob: BlobRow) -> None:
        """See Store."""
        row = (blob.id, blob.conversation, blob.user, blob.size, blob.received, blob.time, int(blob.linked))
        sql = "INSERT INTO blobs (id, conversation, user, size, received, time, linked) VALUES (?, ?, ?, ?, ?, ?, ?)"
        await self._database.write(lambda c: c.execute(sql, row))

    async def blob(self, blob: bytes) -> BlobRow | None:
        """See Store."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT id, conversation, user, size, received, time, linked FROM blobs WHERE id = ?", (blob,)
            ).fetchone()
        )
        return BlobRow(row[0], row[1], row[2], row[3], row[4], row[5], bool(row[6])) if row else None

    async def advance_blob(self, blob: bytes, received: int) -> None:
        """See Store."""
        sql = "UPDATE blobs SET received = ? WHERE id = ?"
        await self._database.write(lambda c: c.execute(sql, (received, blob)))

    async def drop_blob(self, blob: bytes) -> bool:
        """See Store."""
        sql = "DELETE FROM blobs WHERE id = ? AND linked = 0"
        done: int = await self._database.write(lambda c: c.execute(sql, (blob,)).rowcount)
        return done == 1

    async def orphans(self, before: int) -> list[bytes]:
        """See Store."""
        rows = await self._database.read(
            lambda c: c.execute("SELECT id FROM blobs WHERE linked = 0 AND time < ?", (before,)).fetchall()
        )
        return [row[0] for row in rows]

    async def push_subscriptions(self) -> list[PushRow]:
        """See Store."""
        rows = await self._database.read(
            lambda c: c.execute("SELECT device, user, endpoint, keys FROM push_subscriptions").fetchall()
        )
        opened = self._keys.open_column
        return [
            PushRow(
                device,
                user,
                opened("push_subscriptions.endpoint", endpoint).decode(),
                opened("push_subscriptions.keys", keys),
            )
            for device, user, endpoint, keys in rows
        ]

    async def put_push(self, row: PushRow) -> None:
        """See Store."""
        endpoint = self._keys.seal_column("push_subscriptions.endpoint", row.endpoint.encode())
        keys = self._keys.seal_column("push_subscriptions.keys", row.keys)
        sql = (
            "INSERT INTO push_subscriptions (device, user, endpoint, keys) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (device) DO UPDATE SET endpoint = excluded.endpoint, keys = excluded.keys"
        )
        await self._database.write(lambda c: c.execute(sql, (row.device, row.user, endpoint, keys)))

    async def drop_push(self, devices: list[bytes]) -> None:
        """See Store."""
        sql = "DELETE FROM push_subscriptions WHERE device = ?"
        await self._database.write(lambda c: c.executemany(sql, [(device,) for device in devices]))

    async def take_lease(self, name: bytes, holder: bytes, now: int, until: int) -> bool:
        """See Store."""
        sql = (
            "INSERT INTO leases (name, holder, until) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
            " WHERE leases.until <= ? OR leases.holder = excluded.holder"
        )
        row = (name, holder, until, now)
        done: int = await self._database.write(lambda c: c.execute(sql, row).rowcount)
        return done == 1

    async def drop_lease(self, name: bytes, holder: bytes) -> None:
        """See Store."""
        sql = "DELETE FROM leases WHERE name = ? AND holder = ?"
        await self._database.write(lambda c: c.execute(sql, (name, holder)))
