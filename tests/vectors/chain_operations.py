"""What the vectors of chains ask of an implementation (README, "Chains"): replay all statements, the last under test."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from p1_operations import HERE, Bytes, Case, read

from werkfunk.protocol import conversation as conv
from werkfunk.protocol import messages, seeds, slots
from werkfunk.protocol import organisation as org
from werkfunk.protocol import user as usr
from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.cbor import decode, encode
from werkfunk.protocol.content import Alarm, Text
from werkfunk.protocol.conversation import ConversationState
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import parse_event
from werkfunk.protocol.generation import Parts
from werkfunk.protocol.organisation import OrganisationState
from werkfunk.protocol.statements import ChainState
from werkfunk.protocol.user import UserState
from werkfunk.sdk.errors import Unsafe
from werkfunk.sdk.local import Local
from werkfunk.sdk.log import Logs
from werkfunk.sdk.timeline import fold
from werkfunk.wire.frames import Logged

Users = dict[bytes, UserState]


def replay_user(statements: list[bytes]) -> UserState:
    state: UserState | None = None
    for data in statements:
        state = usr.apply(state, data)
    assert state is not None
    return state


def replay_users(inputs: Bytes) -> Users:
    states = [replay_user(chain) for chain in decode(inputs["users"])]
    return {state.id: state for state in states}


def replay_organisation(statements: list[bytes], users: Users) -> OrganisationState:
    state: OrganisationState | None = None
    for data in statements:
        state = org.apply(state, data, users)
    assert state is not None
    return state


def replay_log(inputs: Bytes) -> tuple[ConversationState, OrganisationState, Users]:
    users = replay_users(inputs)
    organisation = replay_organisation(decode(inputs["organisation"]), users)
    state: ConversationState | None = None
    for data in decode(inputs["statements"]):
        state = conv.apply(state, data, organisation, users)
    assert state is not None
    return state, organisation, users


def head(state: ChainState) -> Bytes:
    return {"id": state.id, "head": encode(list(state.head))}


def user_chain(inputs: Bytes) -> Bytes:
    state = replay_user(decode(inputs["statements"]))
    return {**head(state), "devices": encode(sorted(state.active())), "box_generation": encode(state.box.number)}


def organisation_chain(inputs: Bytes) -> Bytes:
    state = replay_organisation(decode(inputs["statements"]), replay_users(inputs))
    people = sorted([user, int(role)] for user, role in state.people().items())
    return {**head(state), "people": encode(people)}


def conversation_log(inputs: Bytes) -> Bytes:
    state, _, _ = replay_log(inputs)
    members = sorted([user, int(member.role)] for user, member in state.members.items() if user not in state.left)
    return {**head(state), "members": encode(members), "generation": encode(state.generation)}


def rekey_due(inputs: Bytes) -> Bytes:
    state, organisation, users = replay_log(inputs)
    reason = conv.rekey_due(state, organisation, users, decode(inputs["events"]), decode(inputs["now"]))
    return {"reason": (reason or "").encode()}


def entitled(inputs: Bytes) -> Bytes:
    state, _, _ = replay_log(inputs)
    return {"entitled": encode(state.entitled(inputs["user"], decode(inputs["generation"])))}


def sender(inputs: Bytes) -> Bytes:
    state, _, users = replay_log(inputs)
    opened = messages.open_message(inputs["secret"], parse_event(inputs["event"]), state, users)
    return {"user": opened.user}


def slot_sender(inputs: Bytes) -> Bytes:
    state, _, users = replay_log(inputs)
    user, slot = slots.open_slot(inputs["secret"], parse_event(inputs["event"]), state, users, decode(inputs["seen"]))
    return {"user": user, "counter": encode(slot.counter)}


def log(inputs: Bytes) -> Bytes:
    """Through the client library's own log: a profile on disk, as every client has one."""
    users = replay_users(inputs)
    organisation = replay_organisation(decode(inputs["organisation"]), users)
    parts, late = (
        {number: Parts.from_bytes(data) for number, data in decode(inputs[name])} for name in ("parts", "late")
    )
    events = decode(inputs["events"])
    conversation = parse_event(events[0][1]).header.conversation

    async def nothing_newer() -> None:
        pass

    chains = SimpleNamespace(users=users, founded=organisation, refresh=nothing_newer)
    keys = SimpleNamespace(user=inputs["user"], parts=lambda _, number: parts.get(number))
    with tempfile.TemporaryDirectory() as folder:
        local = Local(Path(folder) / "profile", create=True)
        logs = Logs(local, cast(Any, chains), cast(Any, keys))
        try:
            logged = [Logged(seq, time, event) for seq, (time, event) in enumerate(events, 1)]
            asyncio.run(logs.ingest(conversation, logged))
            parts |= late
            logs.fill_in(conversation)
            lines = [
                [m.seq, m.sender, m.content.text]
                for m in (shown.message for shown in fold(logs.messages(conversation, 0)))
                if isinstance(m.content, Text | Alarm)
            ]
            title = logs.details(conversation).title
        except Unsafe as error:
            raise ProtocolError(error.code) from error
        finally:
            seen = logs.seen(conversation)
            local.close()
    return {"head": seen.head, "lines": encode(lines), "title": title.encode()}


def seeds_(inputs: Bytes) -> Bytes:
    state = replay_user(decode(inputs["statements"]))
    found = seeds.all_seeds(state, seeds.open_seed(BoxKey(inputs["seed"]), state, inputs["recipient"], inputs["box"]))
    labels = sorted([name, seeds.open_label(found, device.record)] for name, device in state.devices.items())
    return {"seeds": encode([[number, found[number]] for number in sorted(found)]), "labels": encode(labels)}


OPERATIONS: dict[str, Callable[[Bytes], Bytes]] = {
    "user-chain": user_chain,
    "organisation-chain": organisation_chain,
    "conversation-log": conversation_log,
    "rekey-due": rekey_due,
    "entitled": entitled,
    "sender": sender,
    "slot-sender": slot_sender,
    "log": log,
    "seeds": seeds_,
}


def all_cases() -> Iterator[Case]:
    """Every vector of these areas."""
    for area in OPERATIONS:
        for path in sorted((HERE / area).glob("*.txt")):
            yield read(path)
