"""The archive in the client library: holders' boxes in every generation, checked on arrival, a wrong one reported [M37]."""

from typing import Any

import pytest

from werkfunk.domain.roles import Role
from werkfunk.protocol.archive import combine, open_holder_box, release
from werkfunk.protocol.generation import Parts
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed
from werkfunk.wire import api

from .conftest import Firm


async def boxes_of(client: Client, group: bytes, after: int = 0) -> list[api.Box]:
    answer = await client.core.transport.call("boxes", api.Boxes, ids={"conversation": group}, query={"after": after})
    return [box for box in answer.boxes if box.kind == "holder"]


async def archived(firm: Firm) -> tuple[Client, Client, Client]:
    """The archive on, held by Anna, Bernd and Clara, and a message sent since."""
    anna, bernd, clara = (firm.clients[name] for name in ("Anna", "Bernd", "Clara"))
    await anna.office.set_archive([client.core.keys.user for client in (anna, bernd, clara)])
    for client in (anna, bernd, clara):
        await client.connect()
    await bernd.send(firm.group, "von jetzt an im Archiv")
    for client in (anna, bernd, clara):
        await client.connect()
    return anna, bernd, clara


async def test_each_generation_has_a_box_for_each_holder_and_two_open_it(firm: Firm) -> None:
    anna, bernd, clara = await archived(firm)
    state = anna.core.state(firm.group)
    assert state.generation == 2, "the change of the archive made a new one"
    made = state.newest
    held = {}
    for index, client in enumerate((anna, bernd, clara), 1):
        holder = made.holder(client.core.keys.user)
        assert holder is not None
        assert holder.index == index
        (box,) = await boxes_of(client, firm.group, 1)
        key = client.core.keys.box_key(holder.box_generation)
        assert key is not None
        held[index] = open_holder_box(key, firm.group, made.record, holder, box.box)
        assert index not in held[index], "one alone lacks a part"
    me = anna.core.chains.users[anna.core.keys.user]
    given = release(firm.group, made.record, held[2], 1, me)
    key = anna.core.keys.box_key(me.box.number)
    assert key is not None
    secret = combine(key, firm.group, made.record, held[1], me.id, me.box.number, given)
    parts = anna.core.keys.parts(firm.group, 2)
    assert parts is not None
    assert secret == parts.secret(firm.group, 2)
    assert state.failures == ()


async def test_a_wrong_box_is_reported_once_for_everybody_to_see(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, bernd, clara = await archived(firm)
    from werkfunk.protocol import generation

    real = generation.seal

    def spoilt(public: bytes, info: bytes, plaintext: bytes) -> bytes:
        """Bernd's client gives the second holder other parts than it commits to."""
        wrong = len(plaintext) == 64 and info.endswith(b"\x02")
        return real(public, info, bytes(64) if wrong else plaintext)

    monkeypatch.setattr(generation, "seal", spoilt)
    await bernd.statements.rekey(firm.group)
    monkeypatch.undo()
    for client in (clara, bernd, anna, bernd, clara):
        await client.connect()
    for client in (anna, bernd, clara):
        await client.core.catch_up(firm.group)
        failures = client.core.state(firm.group).failures
        assert [(f.generation, f.index) for f in failures] == [(3, 2)]
    await anna.send(firm.group, "geredet wird weiter")


async def test_a_box_that_the_server_withholds_is_reported(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, _bernd, clara = await archived(firm)
    await anna.statements.rekey(firm.group)
    call = clara.core.transport.call

    async def without(name: str, kind: Any, *rest: Any, **named: Any) -> Any:
        answer = await call(name, kind, *rest, **named)
        if name == "boxes":
            answer.boxes = [box for box in answer.boxes if box.kind != "holder"]
        return answer

    monkeypatch.setattr(clara.core.transport, "call", without)
    await clara.connect()
    assert [(f.generation, f.index) for f in clara.core.state(firm.group).failures] == [(3, 3)]


async def test_a_guest_makes_holders_boxes_too_and_nobody_else_switches_the_archive(firm: Firm) -> None:
    anna, bernd, _clara = (firm.clients[name] for name in ("Anna", "Bernd", "Clara"))
    gustav = await firm.join("Gustav", await anna.office.invite(Role.GUEST, 1, now() + 3_600_000))
    room = await anna.create("Fremdfirma", [gustav.core.keys.user])
    await gustav.connect()
    dora = await firm.invite("Dora")
    holders = [client.core.keys.user for client in (anna, bernd, dora)]
    await anna.office.set_archive(holders)
    await gustav.connect()
    await gustav.send(room, "ich mache den Schlüssel")
    await anna.core.catch_up(room)
    made = anna.core.state(room).newest
    assert [holder.user for holder in made.record.holders] == holders
    with pytest.raises(NotAllowed):
        await bernd.office.set_archive([])
    await anna.office.set_archive([])
    await gustav.connect()
    await gustav.send(room, "und ohne")
    await anna.core.catch_up(room)
    assert anna.core.state(room).newest.record.holders == ()
    assert isinstance(anna.core.keys.parts(room, 3), Parts)
