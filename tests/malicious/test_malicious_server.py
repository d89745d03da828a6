"""A server that lies (shared plan, section 7): reorders, replays, withholds, forks, swaps keys, adds a ghost device or
person, hides a revocation, replays an invite. Each is detected by the client alone.

The server is real; the lie is told between its answer and the client, where a malicious server would tell it.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from werkfunk.domain.roles import Role
from werkfunk.protocol import author, author_user
from werkfunk.protocol.content import Text
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import Event, EventKind, parse_event
from werkfunk.protocol.identity import Profile, RecipientKeys
from werkfunk.protocol.links import InviteLink, parse_url, to_url
from werkfunk.protocol.statements import SignerRef
from werkfunk.sdk import account
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed, Unsafe
from werkfunk.sdk.transport import Transport
from werkfunk.wire import api, frames

from . import lies
from .conftest import Firm


def lie(client: Client, route: str, change: Callable[[Any], Any]) -> None:
    """From now on the server's answers of one route are changed before the client sees them."""
    honest = client.core.transport.call

    async def call(name: str, kind: Any, *arguments: Any, **named: Any) -> Any:
        answer = await honest(name, kind, *arguments, **named)
        return change(answer) if name == route else answer

    client.core.transport.call = call  # type: ignore[method-assign]


async def page(client: Client, conversation: bytes, after: int) -> list[frames.Logged]:
    answer = await client.core.transport.call(
        "events", api.EventPage, ids={"conversation": conversation}, query={"after": after}
    )
    return [frames.Logged(e.seq, e.time, e.event, e.hash) for e in answer.events]


def texts(client: Client, conversation: bytes) -> list[str]:
    return [m.content.text for m in client.core.logs.messages(conversation, 0) if isinstance(m.content, Text)]


async def test_m29_reordered_events_are_noticed_at_the_next_message(firm: Firm) -> None:
    anna, bernd = await firm.people()
    for text in ("eins", "zwei"):
        await anna.send(firm.group, text)
    events = await page(bernd, firm.group, bernd.core.logs.cursor(firm.group))
    await bernd.core.logs.ingest(firm.group, lies.swapped(events))
    await anna.send(firm.group, "drei")
    await bernd.core.catch_up(firm.group)
    assert bernd.core.logs.warning(firm.group) == "log_differs"


async def test_m28_a_replayed_event_is_not_shown_twice(firm: Firm) -> None:
    anna, bernd = await firm.people()
    await anna.send(firm.group, "einmal")
    await bernd.core.catch_up(firm.group)
    cursor = bernd.core.logs.cursor(firm.group)
    (data,) = bernd.core.local.row("SELECT data FROM event WHERE conversation = ? AND seq = ?", firm.group, cursor)
    await bernd.core.logs.ingest(firm.group, [frames.Logged(cursor + 1, 1, data)])
    assert texts(bernd, firm.group) == ["einmal"]


async def test_m28_nothing_that_does_not_open_stands_in_for_a_message(firm: Firm) -> None:
    """The server knows a message's clear header first, and logs rubbish and a statement under it."""
    anna, bernd = await firm.people()
    await anna.send(firm.group, "trotzdem da")
    (true,) = await page(bernd, firm.group, bernd.core.logs.cursor(firm.group))
    header = parse_event(true.event).header
    rubbish = Event(header, os.urandom(400)).to_bytes()
    made = anna.statements.desk().rekey(anna.core.state(firm.group), anna.core.logs.seen(firm.group))
    statement = Event(replace(header, kind=EventKind.STATEMENT), parse_event(made.event).body).to_bytes()
    told = [rubbish, true.event, statement]
    await bernd.core.logs.ingest(
        firm.group, [frames.Logged(true.seq + at, true.time, event) for at, event in enumerate(told)]
    )
    assert texts(bernd, firm.group) == ["trotzdem da"]


async def test_m45_a_removed_member_is_not_heard_with_the_servers_help(firm: Firm) -> None:
    """Bernd was removed; he goes on sealing under the generation that he holds, and the server logs it."""
    anna, bernd = await firm.people()
    sealed = await bernd.outbox.sealed(firm.group, bernd.outbox.fresh_id(), Text("noch da"))
    await anna.remove(firm.group, [bernd.core.keys.user])
    cursor = anna.core.logs.cursor(firm.group)
    await anna.core.logs.ingest(firm.group, [frames.Logged(cursor + 1, now(), sealed)])
    assert texts(anna, firm.group) == []


async def test_m29_a_withheld_event_leaves_a_gap_that_blocks(firm: Firm) -> None:
    anna, bernd = await firm.people()
    for text in ("eins", "zwei"):
        await anna.send(firm.group, text)
    events = await page(bernd, firm.group, bernd.core.logs.cursor(firm.group))
    with pytest.raises(Unsafe, match="gap"):
        await bernd.core.logs.ingest(firm.group, lies.holed(events))
    with pytest.raises(Unsafe):
        await bernd.send(firm.group, "Antwort")


async def test_m29_a_withheld_event_that_is_renumbered_away_is_noticed(firm: Firm) -> None:
    anna, bernd = await firm.people()
    for text in ("eins", "zwei"):
        await anna.send(firm.group, text)
    events = await page(bernd, firm.group, bernd.core.logs.cursor(firm.group))
    await bernd.core.logs.ingest(firm.group, lies.renumbered(events))
    # Anna's message names a log that is longer than what Bernd was shown.
    assert bernd.core.logs.warning(firm.group) == "log_differs"


async def test_m29_a_fork_shows_as_soon_as_the_branches_meet(firm: Firm) -> None:
    anna, bernd = await firm.people()
    clara = firm.clients["Clara"]
    await clara.core.catch_up(firm.group)
    await anna.send(firm.group, "an alle")
    events = await page(bernd, firm.group, bernd.core.logs.cursor(firm.group))
    await bernd.core.logs.ingest(firm.group, lies.later(events))
    await clara.core.catch_up(firm.group)
    await clara.send(firm.group, "von der anderen Seite")
    await bernd.core.catch_up(firm.group)
    assert bernd.core.logs.warning(firm.group) == "log_differs"


async def test_m11_a_shortened_chain_is_refused(firm: Firm) -> None:
    anna, bernd = await firm.people()
    await anna.office.add_device()
    await bernd.core.chains.refresh()
    lie(bernd, "people", lambda people: lies.shortened(people, anna.core.keys.user))
    with pytest.raises(Unsafe) as caught:
        await bernd.core.chains.refresh()
    assert caught.value.code == "chain_shortened"


async def test_m11_an_older_organisation_is_refused(firm: Firm) -> None:
    _, bernd = await firm.people()
    lie(bernd, "organisation_chain", lambda chain: api.Chain(statements=[], length=chain.length - 1))
    with pytest.raises(Unsafe) as caught:
        await bernd.core.chains.refresh_organisation()
    assert caught.value.code == "chain_shortened"


async def test_swapped_keys_are_another_person(firm: Firm) -> None:
    """Who is asked for by id can only be answered by that id's chain: an id is the hash of its keys."""
    anna, bernd = await firm.people()
    stranger = lies.stranger(bernd.core.chains.founded.id, lies.ghost(), "Anna")
    bernd.core.chains.users.pop(anna.core.keys.user)
    lie(bernd, "user_chain", lambda chain: api.Chain(statements=[stranger.data], length=1))
    with pytest.raises(Unsafe) as caught:
        await bernd.core.chains.refresh_user(anna.core.keys.user)
    assert caught.value.code == "chain_swapped"


async def test_m15_a_ghost_device_is_refused(firm: Firm) -> None:
    """The server adds a device of its own to Anna's chain, signed by that device itself."""
    anna, bernd = await firm.people()
    state = anna.core.chains.users[anna.core.keys.user]
    device = lies.ghost()
    fake = SignerRef(state.id, next(iter(state.devices)))
    with pytest.raises(ProtocolError):
        author_user.add_device(state, fake, device.key, device, os.urandom(32), 2, os.urandom)
    forged = lies.forge_device(state, device)
    lie(bernd, "people", lambda people: lies.lengthened(people, state.id))
    lie(bernd, "user_chain", lambda chain: api.Chain(statements=[forged], length=chain.length + 1))
    with pytest.raises(Unsafe) as caught:
        await bernd.core.chains.refresh()
    assert caught.value.code == "signature_invalid"
    assert device.key.public not in [d.record.signing for d in bernd.core.chains.users[state.id].devices.values()]


async def test_m13_a_ghost_person_by_a_replayed_invite_is_refused(firm: Firm) -> None:
    """The server lets a person of its own in with an invite that is used up, and with a proof that it copied."""
    anna, bernd = await firm.people()
    chains = anna.core.chains
    founded = chains.founded
    used = next(hash_ for hash_, invite in founded.invites.items() if invite.used)
    device = lies.ghost()
    stranger = lies.stranger(founded.id, device, "Geist")
    me = author.Author(stranger.state, next(iter(stranger.state.devices)), device.key)
    with pytest.raises(ProtocolError) as refused:
        author.enrol(founded, me, used, os.urandom(32), 2)
    assert refused.value.code in ("invite_overused", "enrolment_proof_invalid")
    forged = lies.forge_enrolment(founded, me, used)
    bernd.core.chains.users[stranger.state.id] = stranger.state
    lie(bernd, "organisation_chain", lambda chain: api.Chain(statements=[forged], length=chain.length + 1))
    with pytest.raises(Unsafe) as caught:
        await bernd.core.chains.refresh_organisation()
    assert caught.value.code == "invite_overused"
    assert bernd.core.chains.founded.role(stranger.state.id) is None


async def test_m24_a_hidden_revocation_shows_with_the_next_statement_that_names_it(firm: Firm) -> None:
    """Bernd is not told that Anna revoked a device; Anna's new generation names the head that he was not shown."""
    anna, bernd = await firm.people()
    link = await anna.office.add_device()

    second = await account.join(link, firm.folder / "Anna2", "", "Zweitgerät")
    await anna.core.chains.refresh()
    await anna.office.revoke_device(second.device)
    lie(bernd, "people", lambda people: lies.at_length(people, anna.core.keys.user, 1))
    lie(bernd, "user_chain", lambda chain: api.Chain(statements=[], length=1))
    await anna.send(firm.group, "neue Schlüssel")
    with pytest.raises(Unsafe):
        await bernd.core.catch_up(firm.group)
    with pytest.raises(Unsafe):
        await bernd.send(firm.group, "geht nicht")


async def test_m25_a_swapped_box_does_not_open(firm: Firm) -> None:
    _, bernd = await firm.people()
    state = bernd.core.state(firm.group)
    bernd.core.local.run("DELETE FROM parts")
    lie(bernd, "boxes", lies.spoilt)
    assert not await bernd.core.keys.fetch(state)
    assert bernd.core.keys.parts(firm.group, 1) is None


async def test_m19_a_name_that_was_not_signed_is_not_shown(firm: Firm) -> None:
    anna, bernd = await firm.people()
    other = Profile("Chef").seal(os.urandom(16))
    lie(bernd, "people", lambda people: lies.renamed(people, anna.core.keys.user, other))
    await bernd.core.chains.refresh()
    assert bernd.core.chains.name(anna.core.keys.user) != "Chef"


async def test_m14_m36_a_link_of_another_organisation_is_refused(firm: Firm) -> None:

    anna, _ = await firm.people()
    _, link = parse_url(await anna.office.invite(Role.MEMBER, 1, now() + 60_000))
    assert isinstance(link, InviteLink)
    other = to_url(firm.base, InviteLink(os.urandom(32), link.invite, link.seed))
    with pytest.raises(Unsafe):
        await account.join(other, firm.folder / "Dora", "Dora", "Test")
    assert not (firm.folder / "Dora" / "profile.key").exists()


async def test_m14_an_invite_that_is_not_in_the_chain_is_refused(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server shows the organisation as it was before, or the link holds another key than the invite names."""
    anna, _ = await firm.people()
    url = await anna.office.invite(Role.MEMBER, 1, now() + 60_000)
    _, link = parse_url(url)
    assert isinstance(link, InviteLink)
    forged = to_url(firm.base, InviteLink(link.organisation, link.invite, os.urandom(32)))
    with pytest.raises(Unsafe) as caught:
        await account.join(forged, firm.folder / "Dora", "Dora", "Test")
    assert caught.value.code == "invite_unknown"
    honest = Transport.call

    async def call(self: Transport, name: str, *arguments: Any, **named: Any) -> Any:
        answer = await honest(self, name, *arguments, **named)
        return lies.without_invite(answer) if name == "invitation" else answer

    with monkeypatch.context() as lying:
        lying.setattr(Transport, "call", call)
        with pytest.raises(Unsafe) as caught:
            await account.join(url, firm.folder / "Dora", "Dora", "Test")
    assert caught.value.code == "invite_unknown"
    assert not (firm.folder / "Dora" / "profile.key").exists()
    await account.join(url, firm.folder / "Dora", "Dora", "Test")


async def with_new_keys(client: Client, folder: Path) -> None:
    """A second device comes and is revoked: the person has a new box generation."""
    second = await account.join(await client.office.add_device(), folder, "", "Zweitgerät")
    await client.core.chains.refresh()
    await client.office.revoke_device(second.device)


@pytest.mark.parametrize(("minutes", "warning"), [(4, ""), (6, "pin_stale")])
async def test_m23_a_generation_sealed_to_ones_old_keys_warns(firm: Firm, minutes: int, warning: str) -> None:
    """Anna is shown Bernd's old chain; in the first minutes she may honestly not have seen the new one."""
    anna, bernd = await firm.people()
    await with_new_keys(bernd, firm.folder / "Bernd2")
    await bernd.core.catch_up(firm.group)
    last = await page(bernd, firm.group, bernd.core.logs.cursor(firm.group) - 1)
    made = bernd.core.chains.users[bernd.core.keys.user].box_time
    told = lies.pinned(anna, firm.group, made + minutes * 60_000)(last)
    await bernd.core.logs.ingest(firm.group, told)
    assert bernd.core.state(firm.group).generation == 2
    assert bernd.core.logs.warning(firm.group) == warning
    assert bernd.core.logs.blocked(firm.group) == ""


async def with_another_recovery_code(client: Client) -> None:
    """The person has a new box generation, for which no rule makes others rekey."""
    me, seeds = client.core.keys.author(), (await client.core.keys.seed(), os.urandom(32))
    code = RecipientKeys(os.urandom(16))
    await client.office._extend_user(
        author_user.replace_recovery(me.user, me.ref, me.key, code, seeds, now(), os.urandom)
    )
    client.core.local.run("INSERT INTO seed (generation, seed) VALUES (2, ?)", seeds[1])


async def test_m23_an_honest_server_takes_no_generation_sealed_to_old_keys(firm: Firm) -> None:
    """Anna's client has not heard of Bernd's new keys yet: it is told so, looks again, and seals to the new ones."""
    anna, bernd = await firm.people()
    made = anna.statements.desk().rekey(anna.core.state(firm.group), anna.core.logs.seen(firm.group))
    await with_another_recovery_code(bernd)
    with pytest.raises(NotAllowed) as caught:
        await anna.statements.write("append_statement", made)
    assert caught.value.code == "stale"
    await anna.statements.rekey(firm.group)
    recipient = anna.core.state(firm.group).newest.recipient(bernd.core.keys.user)
    assert recipient is not None
    assert recipient.box_generation == 2


async def test_m23_whose_own_pin_is_stale_rekeys_before_sending(firm: Firm) -> None:
    """Bernd takes another recovery code: who held the old one reads nothing more."""
    anna, bernd = await firm.people()
    await with_another_recovery_code(bernd)
    await anna.send(firm.group, "noch unter der alten")
    await bernd.core.catch_up(firm.group)
    assert bernd.core.state(firm.group).generation == 1
    await bernd.send(firm.group, "unter der neuen")
    state = bernd.core.state(firm.group)
    assert state.generation == 2
    recipient = state.newest.recipient(bernd.core.keys.user)
    assert recipient is not None
    assert recipient.box_generation == 2
    await anna.core.catch_up(firm.group)
    assert texts(anna, firm.group) == ["noch unter der alten", "unter der neuen"]
    assert bernd.core.logs.warning(firm.group) == ""


async def test_m30_a_message_put_into_another_conversation_is_refused(firm: Firm) -> None:
    anna, bernd = await firm.people()
    other = await anna.create("Zweite", [bernd.core.keys.user])
    await anna.send(other, "nur hier")
    await bernd.connect()
    (data,) = bernd.core.local.row("SELECT data FROM event WHERE conversation = ? ORDER BY seq DESC LIMIT 1", other)
    cursor = bernd.core.logs.cursor(firm.group)
    with pytest.raises(Unsafe, match="header_mismatch"):
        await bernd.core.logs.ingest(firm.group, [frames.Logged(cursor + 1, 1, data)])


async def test_m27_a_false_question_for_a_key_gains_nothing(firm: Firm) -> None:
    """The server asks in the name of somebody who was never a recipient: nobody answers."""
    anna, _ = await firm.people()
    dora = await firm.invite("Dora")
    await anna.core.chains.refresh()
    asked = api.Repair(conversation=firm.group, generation=1, user=dora.core.keys.user)
    answered: list[str] = []
    honest = anna.core.transport.call

    async def call(name: str, kind: Any, *arguments: Any, **named: Any) -> Any:
        answered.append(name)
        return api.Repairs(repairs=[asked]) if name == "repairs" else await honest(name, kind, *arguments, **named)

    anna.core.transport.call = call  # type: ignore[method-assign]
    await anna.core.answer_repairs()
    assert "answer_repair" not in answered


async def test_m27_a_lost_box_is_repaired_by_itself(firm: Firm) -> None:
    anna, bernd = await firm.people()
    await anna.send(firm.group, "vorher")
    lie(bernd, "boxes", lies.only_repairs)
    bernd.core.local.run("DELETE FROM parts")
    await bernd.core.catch_up(firm.group)
    assert texts(bernd, firm.group) == []
    await anna.core.answer_repairs()
    await bernd.core.fill(firm.group)
    assert texts(bernd, firm.group) == ["vorher"]


async def test_m12_the_server_alone_cannot_make_an_owner(firm: Firm) -> None:
    """A member's client that is made to sign itself a role is refused by everybody's rules."""
    _, bernd = await firm.people()

    with pytest.raises(NotAllowed):
        await bernd.office.change_role(bernd.core.keys.user, Role.OWNER)
