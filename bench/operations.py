"""(f) Operations of the protocol, each timed alone on one core."""

import os
import time
from collections.abc import Callable
from typing import Any

from werkfunk.protocol import attachments, author, author_user, boxes, conversation, messages
from werkfunk.protocol.author_user import NewDevice
from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.content import Text
from werkfunk.protocol.events import EventKind, Header, parse_event
from werkfunk.protocol.generation import Parts, make
from werkfunk.protocol.identity import Profile, RecipientKeys
from werkfunk.protocol.signing import SigningKey, verify
from werkfunk.protocol.statements import LogSeen


def timed(name: str, work: Callable[[], object], least: float = 0.5) -> dict[str, Any]:
    """Microseconds for one call: the best of five batches."""
    work()
    count, best = 1, float("inf")
    while True:
        started = time.perf_counter()
        for _ in range(count):
            work()
        if (seconds := time.perf_counter() - started) > least / 5:
            break
        count *= 2
    best = seconds / count
    for _ in range(4):
        started = time.perf_counter()
        for _ in range(count):
            work()
        best = min(best, (time.perf_counter() - started) / count)
    row = {"operation": name, "us": round(best * 1e6, 1)}
    print(row, flush=True)
    return row


def person() -> tuple[author.Author, bytes]:
    device = NewDevice(SigningKey(os.urandom(32)), BoxKey(os.urandom(32)), "Bench")
    made = author_user.genesis(
        b"", device, RecipientKeys(os.urandom(16)), Profile("P").seal(os.urandom(16)), os.urandom(32), 1, os.urandom
    )
    return author.Author(made.state, next(iter(made.state.devices)), device.key), made.data


def run() -> list[dict[str, Any]]:
    """All operations."""
    me, genesis = person()
    founded = author.found_organisation(me, Profile("O").seal(os.urandom(16)), 1, os.urandom)
    users = {me.user.id: me.user}
    room = os.urandom(16)
    made = author.Desk(me, founded.state, users, 2, os.urandom).create(
        room, conversation.Kind.GROUP, {me.user.id: conversation.MemberRole.LEAD}
    )
    assert made.parts is not None
    secret = made.parts.secret(room, 1)
    header = Header(room, 1, me.device, os.urandom(16), EventKind.MESSAGE)
    seen = LogSeen(1, bytes(32))

    def seal() -> bytes:
        return messages.seal_message(
            secret, header, me.key, made.state.newest.statement, me.user.head, seen, 3, Text("x" * 300), os.urandom(12)
        )

    event = seal()
    parsed = parse_event(event)
    box_key = BoxKey(os.urandom(32))
    box = boxes.seal(box_key.public, b"info", bytes(96))
    signature = me.key.sign(event)
    megabyte = os.urandom(1_048_576)
    key = os.urandom(32)
    rows = [
        timed("seal a message of 300 bytes", seal),
        timed("open and check it", lambda: messages.open_message(secret, parsed, made.state, users)),
        timed("read an event (the server's part)", lambda: parse_event(event)),
        timed("sign", lambda: me.key.sign(event)),
        timed("verify", lambda: verify(me.key.public, signature, event)),
        timed("seal a box", lambda: boxes.seal(box_key.public, b"info", bytes(96))),
        timed("open a box", lambda: box_key.open(b"info", box)),
        timed("verify a person's first statement", lambda: author_user.apply(None, genesis)),
        timed("encrypt 1 MiB of a file", lambda: list(attachments.encrypt(key, len(megabyte), [megabyte]))),
    ]
    for members in (10, 100, 500):
        states = [me.user] * members
        rows.append(
            timed(f"make a generation for {members}", lambda s=states: make(room, 1, Parts.fresh(os.urandom), s))  # type: ignore[misc]
        )
    return rows
