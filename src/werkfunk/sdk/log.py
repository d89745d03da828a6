"""Conversations' logs on this device: each event checked, opened and stored in order. [M29] [M30]

What does not fit blocks the conversation (nothing is sent there until a person has looked); what only lacks a key waits
for it and fills in by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from werkfunk.protocol import conversation as conv
from werkfunk.protocol.cbor import decode, encode
from werkfunk.protocol.content import Content, Details, Point, from_wire, to_wire
from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import HEAD_ZERO, Event, EventKind, next_head, parse_event
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.messages import check_in_log, open_message
from werkfunk.protocol.statements import LogSeen, parse
from werkfunk.protocol.user import UserState
from werkfunk.sdk.chains import Chains
from werkfunk.sdk.errors import Unsafe
from werkfunk.sdk.keyring import Keyring
from werkfunk.sdk.local import HIDDEN, MISSING, OPENED, REFUSED, STATEMENT, Local
from werkfunk.wire.frames import Logged

SEQ_MAX = 2**53


@dataclass(frozen=True, slots=True)
class Message:
    """An opened message; `at` is the server's time in ms."""

    conversation: bytes
    seq: int
    at: int
    id: bytes
    sender: bytes
    content: Content


class Logs:
    """See the module."""

    def __init__(self, local: Local, chains: Chains, keys: Keyring) -> None:
        self._local = local
        self._chains = chains
        self._keys = keys
        self._states: dict[bytes, ConversationState] = {}
        self._head = HEAD_ZERO
        """The head after the event that is being taken; kept with it, so that claims can be compared."""

    def conversations(self) -> list[bytes]:
        """All conversations known."""
        return [row[0] for row in self._local.rows("SELECT id FROM conversation")]

    def cursor(self, conversation: bytes) -> int:
        """The highest seq held without gap."""
        row = self._local.row("SELECT last_seq FROM conversation WHERE id = ?", conversation)
        return row[0] if row else 0

    def seen(self, conversation: bytes) -> LogSeen:
        """The newest log head seen."""
        row = self._local.row("SELECT last_seq, head FROM conversation WHERE id = ?", conversation)
        return LogSeen(row[0], row[1]) if row else LogSeen(0, HEAD_ZERO)

    def state(self, conversation: bytes) -> ConversationState | None:
        """The conversation's verified state; another process may have moved it on, so the store is asked."""
        (count,) = self._local.row(
            "SELECT count(*) FROM event WHERE conversation = ? AND state = ?", conversation, STATEMENT
        ) or (0,)
        known = self._states.get(conversation)
        if known is None or known.length != count:
            known = self._replayed(conversation, SEQ_MAX)
            if known is not None:
                self._states[conversation] = known
        return known

    def _replayed(self, conversation: bytes, before: int) -> ConversationState | None:
        """The state after the statements with a seq below `before`."""
        state: ConversationState | None = None
        for (data,) in self._local.rows(
            "SELECT data FROM event WHERE conversation = ? AND state = ? AND seq < ? ORDER BY seq",
            conversation,
            STATEMENT,
            before,
        ):
            body = parse_event(data).body
            state = conv.apply(state, body, self._chains.founded, self._chains.users, verify=False)
        return state

    def led(self, conversation: bytes, seq: int, user: bytes) -> bool:
        """Whether a person led the conversation at a place of its log, by the organisation as known there. [M43]"""
        later = self._local.row(
            "SELECT 1 FROM event WHERE conversation = ? AND state = ? AND seq > ? LIMIT 1", conversation, STATEMENT, seq
        )
        state = self._replayed(conversation, seq) if later else self.state(conversation)
        return state is not None and user in state.leads(self._chains.founded, state.organisation_anchor)

    def blocked(self, conversation: bytes) -> str:
        """Why nothing is sent there, or ""."""
        row = self._local.row("SELECT blocked FROM conversation WHERE id = ?", conversation)
        return row[0] if row else ""

    def warning(self, conversation: bytes) -> str:
        """What does not fit but stops nothing: `log_differs` (somebody saw another log), `pin_stale` (a generation was
        sealed to keys of this person's that were old by then), or ""."""
        row = self._local.row("SELECT warning FROM conversation WHERE id = ?", conversation)
        return row[0] if row else ""

    def block(self, conversation: bytes, reason: str) -> None:
        """Stop sending there."""
        self._local.run("UPDATE conversation SET blocked = ? WHERE id = ?", reason, conversation)

    async def ingest(self, conversation: bytes, events: Sequence[Logged]) -> list[Message]:
        """Take events in order; what is held already is passed over. Gives the messages that opened.

        Raises:
            Unsafe: a statement or the log's hashes do not fit; the conversation is blocked.
        """
        messages: list[Message] = []
        for logged in events:
            await self._know_signers(logged)
            with self._local.transaction():
                try:
                    message = self._take(conversation, logged)
                except ProtocolError as error:
                    reason = error.code
                    break
            if message is not None:
                messages.append(message)
        else:
            return messages
        self.block(conversation, reason)
        raise Unsafe(f"the conversation's history does not fit together ({reason}); nothing is sent there", reason)

    async def _know_signers(self, logged: Logged) -> None:
        """Before a statement is judged, know the chains as new as it names them."""
        if not logged.event:
            return
        try:
            event = parse_event(logged.event)
            if event.header.kind is not EventKind.STATEMENT:
                owner = self._owner(event)
                if owner is None:
                    await self._chains.refresh()
                return
            statement = parse(event.body)
        except ProtocolError:
            return
        anchors = statement.anchors
        users = self._chains.users
        organisation = self._chains.founded
        known = users.get(statement.signer.user)
        stale = (
            (anchors.organisation is not None and anchors.organisation.number >= organisation.length)
            or (anchors.user is not None and (known is None or anchors.user.number >= known.length))
            or self._names_newer(statement.body)
        )
        if stale:
            await self._chains.refresh()

    def _names_newer(self, body: object) -> bool:
        """Whether a generation inside names a head of a person's chain that is newer than what is known."""
        users = self._chains.users
        stack = [body]
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                user, head = item.get(0), item.get(1)
                if isinstance(user, bytes) and isinstance(head, list) and len(head) == 2 and isinstance(head[0], int):
                    known = users.get(user)
                    if known is None or head[0] >= known.length:
                        return True
                stack.extend(item.values())
            elif isinstance(item, list):
                stack.extend(item)
        return False

    def _owner(self, event: Event) -> UserState | None:
        device = event.header.device
        return next((user for user in self._chains.users.values() if device in user.devices), None)

    def _take(self, conversation: bytes, logged: Logged) -> Message | None:
        last, head = self.seen(conversation)
        if logged.seq <= last:
            return None
        if logged.seq != last + 1:
            raise ProtocolError("gap", f"{last} -> {logged.seq}")
        if last == 0:
            self._local.run(
                "INSERT INTO conversation (id, last_seq, head, title, site, read_seq, blocked, warning)"
                " VALUES (?, 0, ?, '', '', 0, '', '') ON CONFLICT DO NOTHING",
                conversation,
                HEAD_ZERO,
            )
        event_hash = sha256(logged.event) if logged.event else logged.hash
        head = self._head = next_head(conversation, logged.seq, logged.time, head, event_hash)
        if not logged.event:
            self._store(conversation, logged, HIDDEN)
            message = None
        else:
            message = self._event(conversation, logged)
        self._local.run("UPDATE conversation SET last_seq = ?, head = ? WHERE id = ?", logged.seq, head, conversation)
        return message

    def _event(self, conversation: bytes, logged: Logged) -> Message | None:
        event = parse_event(logged.event)
        if event.header.conversation != conversation:
            raise ProtocolError("header_mismatch")
        if event.header.kind is EventKind.STATEMENT:
            before = self.state(conversation)
            state = conv.apply(before, event.body, self._chains.founded, self._chains.users)
            statement = parse(event.body)
            if statement.anchors.log is not None:
                self._compare(conversation, statement.signer.user, statement.anchors.log, logged.seq)
            me = self._chains.users.get(self._keys.user)
            new = before is None or before.generation != state.generation
            if new and me is not None and conv.pinned_by_a_lie(state, me, logged.time):
                self._warn(conversation, "pin_stale")
            self._store(conversation, logged, STATEMENT, event)
            self._states[conversation] = state
            return None
        state_now = self.state(conversation)
        if state_now is None:
            raise ProtocolError("number_not_next", "no statement yet")
        try:
            check_in_log(event.header, state_now, self._owner(event))
        except ProtocolError as error:
            self._refuse(conversation, logged, event, error.code)
            return None
        return self._message(state_now, logged, event)

    def _refuse(self, conversation: bytes, logged: Logged, event: Event, code: str) -> None:
        """One bad message is its sender's fault, or the server's, and shown as such; it does not stop the log."""
        self._store(conversation, logged, REFUSED, event, content=encode([0, {0: code}]))

    def _message(self, state: ConversationState, logged: Logged, event: Event) -> Message | None:
        # [M28] The first with an id that opens is it. One that does not open takes the id from nobody.
        twins = [
            row[0]
            for row in self._local.rows(
                "SELECT seq FROM event WHERE conversation = ? AND message_id = ? AND state = ?",
                state.id,
                event.header.message_id,
                OPENED,
            )
        ]
        if any(seq < logged.seq for seq in twins):
            self._refuse(state.id, logged, event, "replayed")
            return None
        parts = self._keys.parts(state.id, event.header.generation)
        if parts is None:
            self._store(state.id, logged, MISSING, event)
            return None
        secret = parts.secret(state.id, event.header.generation)
        try:
            opened = open_message(secret, event, state, self._chains.users)
        except ProtocolError as error:
            self._refuse(state.id, logged, event, error.code)
            return None
        for seq in twins:
            # Its key came after a later one had been taken for it.
            self._local.run(
                "UPDATE event SET state = ?, kind = 0, content = ? WHERE conversation = ? AND seq = ?",
                REFUSED,
                encode([0, {0: "replayed"}]),
                state.id,
                seq,
            )
        self._compare(state.id, opened.user, opened.log, logged.seq)
        content = opened.content
        kind, raw = to_wire(content)
        self._store(state.id, logged, OPENED, event, sender=opened.user, kind=kind, content=encode([kind, dict(raw)]))
        if isinstance(content, Details) and self.led(state.id, logged.seq, opened.user):
            # An older one whose key came late does not count. [M43]
            self._local.run(
                "UPDATE conversation SET title = ?, site = ?, place = ?, details_seq = ?"
                " WHERE id = ? AND details_seq < ?",
                content.title,
                content.site or "",
                content.place.to_bytes() if content.place else b"",
                logged.seq,
                state.id,
                logged.seq,
            )
        return Message(state.id, logged.seq, logged.time, event.header.message_id, opened.user, content)

    def _compare(self, conversation: bytes, sender: bytes, claim: LogSeen, seq: int) -> None:
        """Whether the sender saw the same log: another's differing claim warns, one's own blocks. [M29]"""
        row = self._local.row("SELECT head FROM event WHERE conversation = ? AND seq = ?", conversation, claim.seq)
        if claim.seq < seq and (claim.seq == 0 or (row is not None and row[0] == claim.head)):
            return
        if sender == self._keys.user:
            self.block(conversation, "log_differs")
        else:
            self._warn(conversation, "log_differs")

    def _warn(self, conversation: bytes, reason: str) -> None:
        self._local.run("UPDATE conversation SET warning = ? WHERE id = ?", reason, conversation)

    def _store(
        self,
        conversation: bytes,
        logged: Logged,
        state: int,
        event: Event | None = None,
        *,
        sender: bytes = b"",
        kind: int = 0,
        content: bytes = b"",
    ) -> None:
        generation = event.header.generation if event else 0
        message_id = event.header.message_id if event else b""
        self._local.run(
            "INSERT INTO event (conversation, seq, time, data, state, generation, message_id, sender, kind, content, head)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conversation, seq) DO UPDATE SET"
            " state = excluded.state, sender = excluded.sender, kind = excluded.kind, content = excluded.content,"
            " data = excluded.data, generation = excluded.generation, message_id = excluded.message_id",
            conversation, logged.seq, logged.time, logged.event, state, generation, message_id, sender, kind, content,
            self._head,
        )  # fmt: skip

    # -- reading

    def missing(self, conversation: bytes) -> list[int]:
        """Generations whose key is lacking for events held."""
        rows = self._local.rows(
            "SELECT DISTINCT generation FROM event WHERE conversation = ? AND state = ? ORDER BY generation",
            conversation,
            MISSING,
        )
        return [row[0] for row in rows]

    def fill_in(self, conversation: bytes) -> list[Message]:
        """Open what has its key by now."""
        state = self.state(conversation)
        messages: list[Message] = []
        if state is None:
            return messages
        with self._local.transaction():
            for seq, time, data in self._local.rows(
                "SELECT seq, time, data FROM event WHERE conversation = ? AND state = ? ORDER BY seq",
                conversation,
                MISSING,
            ):
                message = self._message(state, Logged(seq, time, data), parse_event(data))
                if message is not None:
                    messages.append(message)
        return messages

    def messages(self, conversation: bytes, after: int) -> list[Message]:
        """The opened messages with seq above `after`."""
        rows = self._local.rows(
            "SELECT seq, time, message_id, sender, content FROM event"
            " WHERE conversation = ? AND state = ? AND seq > ? ORDER BY seq",
            conversation,
            OPENED,
            after,
        )
        return [
            Message(conversation, seq, time, message_id, sender, from_wire(*decode(content)))
            for seq, time, message_id, sender, content in rows
        ]

    def title(self, conversation: bytes) -> str:
        """The title; for a direct conversation the other's name; else the members' names."""
        row = self._local.row("SELECT title FROM conversation WHERE id = ?", conversation)
        if row and row[0]:
            return str(row[0])
        state = self.state(conversation)
        others = [user for user in state.members if user != self._keys.user] if state else []
        return ", ".join(self._chains.name(user) for user in others) or "?"

    def details(self, conversation: bytes) -> Details:
        """What the newest details of a lead say; the title is "" while there are none. [M43]"""
        row = self._local.row("SELECT title, site, place FROM conversation WHERE id = ?", conversation)
        title, site, place = row or ("", "", b"")
        return Details(title, site or None, Point.from_bytes(place) if place else None)

    def unread(self, conversation: bytes) -> int:
        """Messages of others beyond the read marker."""
        row = self._local.row(
            "SELECT count(*) FROM event e JOIN conversation c ON c.id = e.conversation WHERE e.conversation = ?"
            " AND e.state = ? AND e.seq > c.read_seq AND e.sender <> ? AND e.kind NOT IN (2, 3, 4, 12)",
            conversation,
            OPENED,
            self._keys.user,
        )
        return row[0] if row else 0

    def mark_read(self, conversation: bytes, seq: int) -> None:
        """Move the read marker forward."""
        self._local.run("UPDATE conversation SET read_seq = ? WHERE id = ? AND read_seq < ?", seq, conversation, seq)

    def drop_state(self, conversation: bytes) -> None:
        """Forget the state in memory."""
        self._states.pop(conversation, None)
