"""Alarms on SQLite: see `storage.alarms`."""

from dataclasses import replace

import msgspec

from werkfunk.domain.alarm_policy import Policy
from werkfunk.domain.alarms import Alarm, Level, Person, Stage, Status, due
from werkfunk.storage.alarms import SENT, WAITING, Advance, AlarmRow, MarkRow, PersonRow, ReportRow, SendRow
from werkfunk.storage.keys import Keys
from werkfunk.storage.sqlite.database import Connection, Database

NO_CODE = -1
SEND = "id, alarm, step, user, gateway, state, attempts, time, error"


class SqliteAlarms:
    """See `storage.alarms.AlarmStore`."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def create(self, row: AlarmRow, mark: MarkRow) -> bool:
        """See AlarmStore."""

        def work(c: Connection) -> bool:
            state = row.state
            made = c.execute(
                "INSERT INTO alarms (id, raiser, hook, level, template, drill, policy, counting, started, status, step, round,"
                " stepped, rung, due, ended, ender, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, x'', 0)"
                " ON CONFLICT DO NOTHING",
                (
                    row.id, row.raiser, row.hook, int(row.level), row.template, int(row.drill),
                    self._keys.seal_column("alarms.policy", msgspec.json.encode(state.policy)),
                    msgspec.json.encode(sorted(state.counting)), state.started, int(state.status), state.step, state.round,
                    state.stepped, state.rung, due(state) or 0,
                ),
            )  # fmt: skip
            if made.rowcount != 1:
                return False
            c.executemany(
                "INSERT INTO alarm_conversations (alarm, conversation, seq) VALUES (?, ?, ?)",
                [(row.id, conversation, seq) for conversation, seq in row.places],
            )
            self._enlist(c, row.id, list(state.people), 0)
            self._mark(c, row.id, [mark])
            return True

        return await self._database.write(work)

    @staticmethod
    def _enlist(c: Connection, alarm: bytes, users: list[bytes], step: int) -> None:
        c.executemany(
            "INSERT INTO alarm_people (alarm, user, step, delivered, displayed, acknowledged, code)"
            " VALUES (?, ?, ?, 0, 0, 0, ?) ON CONFLICT DO NOTHING",
            [(alarm, user, step, NO_CODE) for user in users],
        )

    @staticmethod
    def _mark(c: Connection, alarm: bytes, marks: list[MarkRow]) -> None:
        (count,) = c.execute("SELECT count(*) FROM alarm_marks WHERE alarm = ?", (alarm,)).fetchone()
        c.executemany(
            "INSERT INTO alarm_marks (alarm, place, time, kind, number) VALUES (?, ?, ?, ?, ?)",
            [(alarm, count + i, mark.time, mark.kind, mark.number) for i, mark in enumerate(marks)],
        )

    async def get(self, alarm: bytes) -> AlarmRow | None:
        """See AlarmStore."""

        def work(c: Connection) -> AlarmRow | None:
            row = c.execute(
                "SELECT raiser, hook, level, template, drill, policy, counting, started, status, step, round, stepped, rung,"
                " ended, ender, version FROM alarms WHERE id = ?",
                (alarm,),
            ).fetchone()
            if row is None:
                return None
            people = {
                user: Person(step, delivered, displayed, acknowledged, None if code == NO_CODE else code)
                for user, step, delivered, displayed, acknowledged, code in c.execute(
                    "SELECT user, step, delivered, displayed, acknowledged, code FROM alarm_people WHERE alarm = ?"
                    " ORDER BY step, user",
                    (alarm,),
                )
            }
            conversations = c.execute(
                "SELECT conversation, seq FROM alarm_conversations WHERE alarm = ? ORDER BY conversation", (alarm,)
            ).fetchall()
            state = Alarm(
                msgspec.json.decode(self._keys.open_column("alarms.policy", row[5]), type=Policy),
                row[7], people, frozenset(msgspec.json.decode(row[6])), Status(row[8]), *row[9:13],
            )  # fmt: skip
            return AlarmRow(
                alarm, row[0], row[1], Level(row[2]), row[3], bool(row[4]), state, row[13], row[14], row[15],
                tuple((r[0], r[1]) for r in conversations),
            )  # fmt: skip

        return await self._database.read(work)

    async def marks(self, alarm: bytes) -> list[MarkRow]:
        """See AlarmStore."""
        sql = "SELECT time, kind, number FROM alarm_marks WHERE alarm = ? ORDER BY place"
        rows = await self._database.read(lambda c: c.execute(sql, (alarm,)).fetchall())
        return [MarkRow(*row) for row in rows]

    async def about(self, user: bytes, limit: int) -> list[bytes]:
        """See AlarmStore."""
        sql = (
            "SELECT id FROM (SELECT id, started FROM alarms WHERE raiser = ? UNION SELECT a.id, a.started FROM alarm_people p"
            " JOIN alarms a ON a.id = p.alarm WHERE p.user = ?) AS mine ORDER BY started DESC LIMIT ?"
        )
        rows = await self._database.read(lambda c: c.execute(sql, (user, user, limit)).fetchall())
        return [row[0] for row in rows]

    async def in_conversations(self, conversations: list[bytes], limit: int) -> list[bytes]:
        """See AlarmStore."""
        sql = (
            "SELECT a.started, a.id FROM alarm_conversations k JOIN alarms a ON a.id = k.alarm WHERE k.conversation = ?"
            " ORDER BY a.started DESC LIMIT ?"
        )

        def work(c: Connection) -> list[bytes]:
            found: dict[bytes, int] = {}
            for conversation in conversations:
                found |= {row[1]: row[0] for row in c.execute(sql, (conversation, limit))}
            return sorted(found, key=lambda alarm: -found[alarm])[:limit]

        return await self._database.read(work)

    async def due(self) -> list[tuple[bytes, int]]:
        """See AlarmStore."""
        sql = "SELECT id, due FROM alarms WHERE status IN (1, 2) ORDER BY due"
        rows = await self._database.read(lambda c: c.execute(sql).fetchall())
        return [(row[0], row[1]) for row in rows]

    async def advance(self, change: Advance) -> bool:
        """See AlarmStore."""

        def work(c: Connection) -> bool:
            row, state = change.row, change.row.state
            moved = c.execute(
                "UPDATE alarms SET started = ?, status = ?, step = ?, round = ?, stepped = ?, rung = ?, due = ?, ended = ?,"
                " ender = ?, version = version + 1 WHERE id = ? AND version = ?",
                (
                    state.started, int(state.status), state.step, state.round, state.stepped, state.rung, due(state) or 0,
                    row.ended, row.ender, row.id, row.version,
                ),
            )  # fmt: skip
            if moved.rowcount != 1:
                return False
            self._enlist(c, row.id, change.added, state.step)
            self._mark(c, row.id, change.marks)
            c.executemany(
                f"INSERT INTO alarm_sends ({SEND}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                [
                    (s.id, s.alarm, s.step, s.user, s.gateway, s.state, s.attempts, s.time, s.error)
                    for s in change.sends
                ],
            )
            return True

        return await self._database.write(work)

    async def report(self, reports: list[ReportRow]) -> None:
        """See AlarmStore."""
        rows = []
        for r in reports:
            shown = r.time if r.stage >= Stage.DISPLAYED else 0
            confirmed = r.stage is Stage.ACKNOWLEDGED
            code = NO_CODE if not confirmed else r.code or 0
            rows.append((r.time, shown, r.time if confirmed else 0, code, code, code, r.alarm, r.user, r.alarm))
        sql = (
            "UPDATE alarm_people SET delivered = CASE WHEN delivered = 0 THEN ? ELSE delivered END,"
            " displayed = CASE WHEN displayed = 0 THEN ? ELSE displayed END,"
            " acknowledged = CASE WHEN acknowledged = 0 THEN ? ELSE acknowledged END,"
            # Looking again (0) does not undo an answer.
            " code = CASE WHEN ? > 0 THEN ? WHEN code = -1 THEN ? ELSE code END"
            " WHERE alarm = ? AND user = ? AND EXISTS (SELECT 1 FROM alarms WHERE id = ? AND status IN (1, 2))"
        )
        await self._database.write(lambda c: c.executemany(sql, rows))

    async def drop_before(self, time: int) -> int:
        """See AlarmStore."""

        def work(c: Connection) -> int:
            rows = c.execute("SELECT id FROM alarms WHERE ended > 0 AND ended < ? LIMIT 1000", (time,)).fetchall()
            for table in ("alarm_conversations", "alarm_people", "alarm_marks", "alarm_sends"):
                c.executemany(f"DELETE FROM {table} WHERE alarm = ?", rows)  # noqa: S608
            c.executemany("DELETE FROM alarms WHERE id = ?", rows)
            return len(rows)

        return await self._database.write(work)

    async def claim(self, now: int, until: int, limit: int) -> list[SendRow]:
        """See AlarmStore."""

        def work(c: Connection) -> list[SendRow]:
            found = [
                SendRow(*row)
                for row in c.execute(
                    f"SELECT {SEND} FROM alarm_sends WHERE state = ? AND time <= ? ORDER BY time LIMIT ?",  # noqa: S608
                    (WAITING, now, limit),
                ).fetchall()
            ]
            held = [replace(send, attempts=send.attempts + 1, time=until) for send in found]
            c.executemany(
                "UPDATE alarm_sends SET attempts = ?, time = ? WHERE id = ?", [(s.attempts, s.time, s.id) for s in held]
            )
            return held

        return await self._database.write(work)

    async def settle(self, send: SendRow) -> None:
        """See AlarmStore."""
        sql = "UPDATE alarm_sends SET state = ?, time = ?, error = ? WHERE id = ? AND state <> ?"
        await self._database.write(lambda c: c.execute(sql, (send.state, send.time, send.error, send.id, SENT)))

    async def sends(self, alarm: bytes | None, limit: int) -> list[SendRow]:
        """See AlarmStore."""
        where, values = ("alarm = ?", (alarm, limit)) if alarm is not None else ("1 = 1", (limit,))
        sql = f"SELECT {SEND} FROM alarm_sends WHERE {where} ORDER BY time DESC, id LIMIT ?"  # noqa: S608
        rows = await self._database.read(lambda c: c.execute(sql, values).fetchall())
        return [SendRow(*row) for row in rows]

    async def next_send(self) -> int | None:
        """See AlarmStore."""
        sql = "SELECT min(time) FROM alarm_sends WHERE state = ?"
        row = await self._database.read(lambda c: c.execute(sql, (WAITING,)).fetchone())
        return None if row[0] is None else int(row[0])

    async def settings(self, kind: str) -> dict[bytes, bytes]:
        """See AlarmStore."""
        sql = "SELECT id, data FROM alarm_settings WHERE kind = ? ORDER BY id"
        rows = await self._database.read(lambda c: c.execute(sql, (kind,)).fetchall())
        return {row[0]: self._keys.open_column("alarm_settings.data", row[1]) for row in rows}

    async def setting(self, kind: str, key: bytes) -> bytes | None:
        """See AlarmStore."""
        sql = "SELECT data FROM alarm_settings WHERE kind = ? AND id = ?"
        row = await self._database.read(lambda c: c.execute(sql, (kind, key)).fetchone())
        return self._keys.open_column("alarm_settings.data", row[0]) if row else None

    async def put_setting(self, kind: str, key: bytes, value: bytes, most: int) -> bool:
        """See AlarmStore."""
        sealed = self._keys.seal_column("alarm_settings.data", value)

        def work(c: Connection) -> bool:
            sql = "SELECT count(*) FROM alarm_settings WHERE kind = ? AND id <> ?"
            (others,) = c.execute(sql, (kind, key)).fetchone()
            if others >= most:
                return False
            c.execute(
                "INSERT INTO alarm_settings (kind, id, data) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data",
                (kind, key, sealed),
            )
            return True

        return await self._database.write(work)

    async def drop_setting(self, kind: str, key: bytes) -> bool:
        """See AlarmStore."""
        sql = "DELETE FROM alarm_settings WHERE kind = ? AND id = ?"
        return await self._database.write(lambda c: bool(c.execute(sql, (kind, key)).rowcount))

    async def people(self, users: list[bytes]) -> dict[bytes, PersonRow]:
        """See AlarmStore."""

        def work(c: Connection) -> dict[bytes, PersonRow]:
            found = {}
            for user in users:
                row = c.execute("SELECT duty, quiet, contact FROM alarm_persons WHERE user = ?", (user,)).fetchone()
                if row:
                    quiet, contact = (
                        self._keys.open_column(f"alarm_persons.{name}", value)
                        for name, value in (("quiet", row[1]), ("contact", row[2]))
                    )
                    found[user] = PersonRow(user, row[0], quiet, contact)
            return found

        return await self._database.read(work)

    async def put_person(self, row: PersonRow) -> None:
        """See AlarmStore."""
        quiet = self._keys.seal_column("alarm_persons.quiet", row.quiet)
        contact = self._keys.seal_column("alarm_persons.contact", row.contact)
        sql = (
            "INSERT INTO alarm_persons (user, duty, quiet, contact) VALUES (?, ?, ?, ?) ON CONFLICT (user)"
            " DO UPDATE SET duty = excluded.duty, quiet = excluded.quiet, contact = excluded.contact"
        )
        await self._database.write(lambda c: c.execute(sql, (row.user, row.duty, quiet, contact)))
