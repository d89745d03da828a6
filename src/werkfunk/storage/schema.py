"""The schema, declared: every column says its purpose, its legal basis and its retention.

`docs/what-the-server-knows.md` is generated from this table, and a test compares it with the real database: a column
that is not declared here fails the build. Migrations are appended, never changed; each runs in one transaction with
the record that it ran.
"""

from dataclasses import dataclass

from werkfunk.domain.legal_basis import CONSENT, CONTRACT, INTEREST, SAFETY

FILE = "werkfunk.db"
"""The embedded store's file in the data folder."""
MEMBERSHIP = "while the organisation runs this server"
ALARM = "days after the end as the setting `alarm_keep_days` says (90)"
CONVERSATION = "as long as the conversation"
PERSON = "as long as the organisation runs this server (erasure of one person comes with the retention rules)"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is for, on which legal basis, for how long."""

    table: str
    name: str
    purpose: str
    basis: str
    retention: str
    encrypted: bool = False
    """Whether the column is encrypted with a key that is not in the database."""


def _table(table: str, basis: str, retention: str, **purposes: str) -> list[Column]:
    return [
        Column(table, name, purpose.removeprefix("*"), basis, retention, purpose.startswith("*"))
        for name, purpose in purposes.items()
    ]


COLUMNS: tuple[Column, ...] = (
    *_table("meta", CONTRACT, MEMBERSHIP, key="name of a server-wide value", value="*the value: hash of the set-up secret, the names given to `init`, the organisation's signed name"),
    *_table(
        "statements", CONTRACT, MEMBERSHIP,
        kind="organisation or user chain", chain="chain id (a hash)", number="place in the chain",
        data="signed statement: ids, roles and public keys, no names",
    ),
    *_table(
        "people", CONTRACT, PERSON,
        user="user id (a hash)", profile="*name and picture hash as the person signed them", last_active_day="day of last contact, not the time",
        picture="sealed profile picture, unreadable for the server; empty: none",
    ),
    *_table(
        "seals", CONTRACT, "until the key generation is replaced",
        user="user id", recipient="device or recovery recipient", generation="number of the key generation", box="sealed key, unreadable for the server",
    ),
    *_table(
        "handles", CONTRACT, "until the code or ticket is used up, expired or replaced",
        handle="derived from the recovery code or ticket, finds the sealed key", user="user id", recipient="recovery recipient or ticket",
        expires="end of a ticket, in ms; 0 for a recovery code",
    ),
    *_table(
        "conversations", CONTRACT, CONVERSATION,
        id="random id", last_seq="number of events", head="hash of the log", generation="number of the key generation",
        generation_seq="event that made it", time="server time of the newest event",
    ),
    *_table(
        "members", CONTRACT, CONVERSATION,
        conversation="conversation id", user="user id", joined="first event as a member", removed="event that ended the membership, 0 while it lasts",
        visible="first event that may be fetched",
    ),
    *_table(
        "log", CONTRACT, CONVERSATION,
        n="number of the event among all", conversation="conversation id", seq="place in the conversation's log", time="server time", device="sending device", message_id="random id against doubles",
        kind="message or signed statement, nothing finer", data="sealed event of padded size",
    ),
    *_table("log_places", CONTRACT, CONVERSATION, conversation="conversation id", seq="place in the conversation's log", n="number of the event among all"),
    *_table("log_once", CONTRACT, CONVERSATION, once="hash of sending device and message id, finds doubles", n="number of the event among all"),
    *_table("log_indexed", CONTRACT, MEMBERSHIP, n="the event up to which both indexes are complete"),
    *_table(
        "boxes", CONTRACT, CONVERSATION,
        conversation="conversation id", user="user id of the recipient", kind="generation, grant, repair or holder", generation="last generation that it opens",
        first="first generation that it opens", box_generation="the recipient's key generation", box="sealed key, unreadable for the server",
    ),
    *_table(
        "slots", CONTRACT, "until overwritten or the next key generation",
        conversation="conversation id", user="user id", tag="opaque name of the value", data="sealed value (read marker, live place)",
    ),
    *_table(
        "repairs", CONTRACT, "until answered",
        conversation="conversation id", user="user id of the asker", generation="the generation whose key is lacking",
    ),
    *_table(
        "blobs", CONTRACT, "as long as the conversation; a day if no event names it",
        id="random id", conversation="conversation id", user="user id of the uploader", size="size of the sealed, padded file", received="bytes received",
        time="server time of the upload's beginning, for the clean-up", linked="whether an event names it",
    ),
    *_table(
        "push_subscriptions", CONTRACT, "until switched off on the device, given up by its push service, or the device is revoked",
        device="device id", user="user id", endpoint="*address at the browser's push service", keys="*the browser's public key and secret for sealing push messages",
    ),
    *_table(
        "leases", INTEREST, "while somebody speaks; a few seconds after a crash",
        name="what is held by one at a time: a conversation's floor (its id)", holder="random id of the burst, nobody's name", until="end of the claim, in ms",
    ),
    *_table(
        "alarms", SAFETY, ALARM,
        id="random id", raiser="user id of who raised it, empty for a machine", hook="the machine's access, if one raised it", level="info, urgent or emergency",
        template="random id of the template, not its text", drill="whether it is a drill", policy="*repeats and steps as they were when it was raised",
        counting="answer codes that count as coming", started="server time of the raising", status="running, enough came, ended, cancelled or expired",
        step="steps taken", round="repeats done", stepped="time of the last step", rung="time of the last repeat", due="time of the next repeat or step",
        ended="time of the end, 0 while it is open", ender="user id of who ended it", version="counts changes, so that each step happens once",
    ),
    *_table("alarm_conversations", SAFETY, ALARM, alarm="alarm id", conversation="conversation whose members were called", seq="place of the sealed text in its log"),
    *_table(
        "alarm_people", SAFETY, ALARM,
        alarm="alarm id", user="user id of somebody called", step="the step that called the person", delivered="time when a device got it",
        displayed="time when it was shown", acknowledged="time of the first answer", code="the last answer's code, not its words",
    ),
    *_table(
        "alarm_marks", SAFETY, ALARM,
        alarm="alarm id", place="order", time="server time", kind="raised, repeated, escalated, skipped, enough came, ended", number="number of the repeat or step",
    ),
    *_table(
        "alarm_sends", SAFETY, ALARM,
        id="random id, tells a gateway a repeated attempt", alarm="alarm id", step="step that sends it", user="user id of the receiver", gateway="gateway's id",
        state="waiting, sent or failed", attempts="number of attempts", time="time of the outcome or of the next attempt", error="why it failed, as a stable code",
    ),
    *_table(
        "alarm_settings", CONTRACT, "until an owner or admin deletes it",
        kind="policy, gateway, machine's access or on-call plan", id="random id", data="*what owner or admin have set: names, people by id, shifts, a gateway's address and secret",
    ),
    *_table(
        "alarm_persons", CONSENT, "until the person changes or deletes it",
        user="user id", duty="on duty, break or off: the present value only, no history", quiet="*hours in which only urgent alarms ring",
        contact="*telephone and mail address that the person gives for alarms",
    ),
)  # fmt: skip

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
    CREATE TABLE statements (
        kind INTEGER NOT NULL, chain BLOB NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (chain, number)) STRICT;
    CREATE TABLE people (
        user BLOB NOT NULL PRIMARY KEY, profile BLOB NOT NULL, last_active_day INTEGER NOT NULL) STRICT;
    CREATE TABLE seals (
        user BLOB NOT NULL, recipient BLOB NOT NULL, generation INTEGER NOT NULL, box BLOB NOT NULL,
        PRIMARY KEY (user, recipient)) STRICT;
    CREATE TABLE handles (
        handle BLOB NOT NULL PRIMARY KEY, user BLOB NOT NULL, recipient BLOB NOT NULL, expires INTEGER NOT NULL) STRICT;
    CREATE TABLE conversations (
        id BLOB NOT NULL PRIMARY KEY, last_seq INTEGER NOT NULL, head BLOB NOT NULL, generation INTEGER NOT NULL,
        generation_seq INTEGER NOT NULL, time INTEGER NOT NULL) STRICT;
    CREATE TABLE members (
        conversation BLOB NOT NULL, user BLOB NOT NULL, joined INTEGER NOT NULL, removed INTEGER NOT NULL,
        visible INTEGER NOT NULL, PRIMARY KEY (conversation, user)) STRICT;
    CREATE INDEX members_by_user ON members (user);
    CREATE TABLE events (
        conversation BLOB NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, device BLOB NOT NULL,
        message_id BLOB NOT NULL, kind INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (conversation, seq)) STRICT;
    CREATE UNIQUE INDEX events_once ON events (device, message_id);
    CREATE INDEX events_statements ON events (conversation, seq) WHERE kind = 1;
    CREATE TABLE boxes (
        conversation BLOB NOT NULL, user BLOB NOT NULL, kind INTEGER NOT NULL, generation INTEGER NOT NULL,
        first INTEGER NOT NULL, box_generation INTEGER NOT NULL, box BLOB NOT NULL,
        PRIMARY KEY (conversation, user, generation, kind, first)) STRICT;
    CREATE TABLE slots (
        conversation BLOB NOT NULL, user BLOB NOT NULL, tag BLOB NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (conversation, user, tag)) STRICT;
    CREATE TABLE repairs (
        conversation BLOB NOT NULL, user BLOB NOT NULL, generation INTEGER NOT NULL,
        PRIMARY KEY (conversation, user, generation)) STRICT;
    CREATE TABLE blobs (
        id BLOB NOT NULL PRIMARY KEY, conversation BLOB NOT NULL, user BLOB NOT NULL, size INTEGER NOT NULL,
        received INTEGER NOT NULL, time INTEGER NOT NULL, linked INTEGER NOT NULL) STRICT;
    """,
    """
    CREATE TABLE push_subscriptions (
        device BLOB NOT NULL PRIMARY KEY, user BLOB NOT NULL, endpoint BLOB NOT NULL, keys BLOB NOT NULL) STRICT;
    """,
    "CREATE TABLE leases (name BLOB NOT NULL PRIMARY KEY, holder BLOB NOT NULL, until INTEGER NOT NULL) STRICT;",
    """
    CREATE TABLE alarms (
        id BLOB NOT NULL PRIMARY KEY, raiser BLOB NOT NULL, hook BLOB NOT NULL, level INTEGER NOT NULL, template BLOB NOT NULL,
        drill INTEGER NOT NULL, policy BLOB NOT NULL, counting BLOB NOT NULL, started INTEGER NOT NULL, status INTEGER NOT NULL,
        step INTEGER NOT NULL, round INTEGER NOT NULL, stepped INTEGER NOT NULL, rung INTEGER NOT NULL, due INTEGER NOT NULL,
        ended INTEGER NOT NULL, ender BLOB NOT NULL, version INTEGER NOT NULL) STRICT;
    CREATE INDEX alarms_due ON alarms (status, due);
    CREATE INDEX alarms_raiser ON alarms (raiser, started);
    CREATE TABLE alarm_conversations (
        alarm BLOB NOT NULL, conversation BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (alarm, conversation)) STRICT;
    CREATE INDEX alarm_conversations_by_conversation ON alarm_conversations (conversation);
    CREATE TABLE alarm_people (
        alarm BLOB NOT NULL, user BLOB NOT NULL, step INTEGER NOT NULL, delivered INTEGER NOT NULL, displayed INTEGER NOT NULL,
        acknowledged INTEGER NOT NULL, code INTEGER NOT NULL, PRIMARY KEY (alarm, user)) STRICT;
    CREATE INDEX alarm_people_by_user ON alarm_people (user);
    CREATE TABLE alarm_marks (
        alarm BLOB NOT NULL, place INTEGER NOT NULL, time INTEGER NOT NULL, kind TEXT NOT NULL, number INTEGER NOT NULL,
        PRIMARY KEY (alarm, place)) STRICT;
    CREATE TABLE alarm_sends (
        id BLOB NOT NULL PRIMARY KEY, alarm BLOB NOT NULL, step INTEGER NOT NULL, user BLOB NOT NULL, gateway BLOB NOT NULL,
        state INTEGER NOT NULL, attempts INTEGER NOT NULL, time INTEGER NOT NULL, error TEXT NOT NULL) STRICT;
    CREATE INDEX alarm_sends_waiting ON alarm_sends (state, time);
    CREATE INDEX alarm_sends_by_alarm ON alarm_sends (alarm);
    CREATE TABLE alarm_settings (
        kind TEXT NOT NULL, id BLOB NOT NULL, data BLOB NOT NULL, PRIMARY KEY (kind, id)) STRICT;
    CREATE TABLE alarm_persons (
        user BLOB NOT NULL PRIMARY KEY, duty TEXT NOT NULL, quiet BLOB NOT NULL, contact BLOB NOT NULL) STRICT;
    """,
    # The log appended only, its indexes apart from it (sqlite/log.py fills them at the next start).
    """
    CREATE TABLE log (
        n INTEGER NOT NULL PRIMARY KEY, conversation BLOB NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL,
        device BLOB NOT NULL, message_id BLOB NOT NULL, kind INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
    INSERT INTO log SELECT rowid, conversation, seq, time, device, message_id, kind, data FROM events ORDER BY rowid;
    DROP TABLE events;
    CREATE INDEX log_statements ON log (conversation, seq) WHERE kind = 1;
    CREATE TABLE log_places (
        conversation BLOB NOT NULL, seq INTEGER NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY (conversation, seq)) STRICT, WITHOUT ROWID;
    CREATE TABLE log_once (once INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (once, n)) STRICT, WITHOUT ROWID;
    CREATE TABLE log_indexed (n INTEGER NOT NULL) STRICT;
    INSERT INTO log_indexed (n) VALUES (0);
    """,
    "ALTER TABLE people ADD COLUMN picture BLOB NOT NULL DEFAULT x'';",
)
VERSION = len(MIGRATIONS)
