"""The lies of `tests/malicious`, told to the app's engine: each is detected by it alone, and nothing is sent on a lie.

Anna (owner) and Clara use the client library, Bernd the app; the lies reach Bernd only.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec import structs
from playwright.async_api import expect

from e2e.process import Serving
from malicious import lies
from werkfunk.protocol import author
from werkfunk.protocol.events import parse_event
from werkfunk.protocol.identity import Profile
from werkfunk.protocol.links import InviteLink, parse_url, to_url
from werkfunk.sdk.account import now
from werkfunk.wire import api, frames

from .conftest import MakeEngine
from .engine import Engine, Refused
from .liar import Rewriter, deny, honest, invent, lie, lie_about_log
from .people import Library


class Firm:
    def __init__(self, anna: Library, clara: Library, bernd: Engine, group: str) -> None:
        self.anna, self.clara, self.bernd, self.group = anna, clara, bernd, group
        self.core = anna.client.core
        """Anna's view of everything is honest."""

    async def texts(self) -> list[str]:
        return [line["text"] for line in await self.bernd.lines(self.group) if line["kind"] == "text"]

    async def shown(self) -> Any:
        return await self.bernd("chats.get", self.group)

    async def state(self, key: str, value: str) -> None:
        """Until Bernd's conversation shows this."""

        async def look() -> bool:
            return bool((await self.shown())[key] == value)

        await self.bernd.until(look)

    async def arrived(self, text: str) -> None:
        async def look() -> bool:
            return text in await self.texts()

        await self.bernd.until(look)

    async def while_away(self, *texts: str) -> None:
        """Bernd has no network, Anna writes."""
        await self.bernd.away()
        for text in texts:
            await self.anna.say(self.group, text)

    async def cannot_send(self, code: str) -> None:
        with pytest.raises(Refused) as refused:
            await self.bernd.say(self.group, "geht nicht")
        assert refused.value.code == code

    async def suspects(self, user: str) -> None:
        """Until Bernd is warned about a person's keys; he sends nothing then."""

        async def look() -> bool:
            people = {one["user"]: one["verified"] for one in await self.bernd("people.list")}
            return people.get(user) == "changed"

        await self.bernd.until(look)
        await self.cannot_send("verification_required")

    async def distrusts(self, code: str) -> None:
        """Until Bernd's app says that the server's answers do not fit, and why."""

        async def look() -> bool:
            return bool((await self.bernd("session.get"))["network"]["unsafe"] == code)

        await self.bernd.until(look)


@pytest_asyncio.fixture(loop_scope="session")
async def firm(server: Serving, engine: MakeEngine) -> AsyncIterator[Firm]:
    anna = await Library(server.cli.folder / "anna", "Anna").join(server.setup)
    clara = await Library(server.cli.folder / "clara", "Clara").join(await anna.invite())
    bernd = await engine()
    await bernd.join(await anna.invite(), "Bernd")
    group = await anna.create("Baustelle", "", [await bernd.me(), clara.user])
    await clara.settle()
    firm = Firm(anna, clara, bernd, group)
    await anna.say(group, "los")

    async def look() -> bool:
        return any(one["title"] == "Baustelle" and one["member"] for one in await bernd("chats.list"))

    await bernd.until(look)
    await firm.arrived("los")
    yield firm
    await anna.close()
    await clara.close()


async def test_m29_reordered_events_are_noticed_at_the_next_message(firm: Firm) -> None:
    await firm.while_away("eins", "zwei")
    await lie_about_log(firm.bernd.device, firm.group, lies.swapped)
    await firm.bernd.back()
    await firm.arrived("eins")
    await firm.anna.say(firm.group, "drei")
    await firm.state("warning", "log_differs")


async def test_m28_a_replayed_event_is_not_shown_twice(firm: Firm) -> None:
    await firm.while_away("einmal")
    await lie_about_log(firm.bernd.device, firm.group, lies.repeated)
    await firm.bernd.back()
    await firm.bernd.online()
    assert (await firm.texts()).count("einmal") == 1


async def test_m28_who_sends_again_takes_what_was_logged_first(firm: Firm) -> None:
    """Bernd is told that his message was refused, and it was logged: sealed anew, it has other bytes than the log."""
    refused: list[bytes] = []

    def told(message: bytes) -> bytes:
        frame = frames.decode_server(message)
        if isinstance(frame, frames.Ack) and not refused:
            refused.append(frame.message_id)
            return frames.encode(frames.Refused(frame.message_id, "rate_limited"))
        return message

    firm.bernd.device.link.rewriter = lambda: Rewriter(told)
    await firm.bernd.page.reload()
    await firm.bernd.online()
    await firm.bernd.say(firm.group, "einmal")

    async def sent() -> bool:
        return bool((await firm.bernd("session.get"))["network"]["queued"] == 0)

    await firm.bernd.until(sent)
    assert len(refused) == 1
    await firm.anna.say(firm.group, "danach")
    await firm.arrived("danach")
    assert await firm.texts() == ["los", "einmal", "danach"]
    assert (await firm.shown())["warning"] == firm.core.logs.warning(bytes.fromhex(firm.group)) == ""


async def test_m29_a_withheld_event_leaves_a_gap_that_blocks(firm: Firm) -> None:
    await firm.while_away("eins", "zwei")
    await lie_about_log(firm.bernd.device, firm.group, lies.holed)
    await firm.bernd.back()
    await firm.state("blocked", "gap")
    await firm.cannot_send("unsafe")


async def test_m29_a_withheld_event_that_is_renumbered_away_is_noticed(firm: Firm) -> None:
    await firm.while_away("eins", "zwei")
    await lie_about_log(firm.bernd.device, firm.group, lies.renumbered)
    await firm.bernd.back()
    await firm.state("warning", "log_differs")


async def test_m29_a_fork_shows_as_soon_as_the_branches_meet(firm: Firm) -> None:
    await firm.while_away("an alle")
    await lie_about_log(firm.bernd.device, firm.group, lies.later)
    await firm.bernd.back()
    await firm.arrived("an alle")
    await firm.clara.say(firm.group, "von der anderen Seite")
    await firm.state("warning", "log_differs")


async def test_m30_a_message_put_into_another_conversation_is_refused(firm: Firm) -> None:
    other = await firm.anna.create("Zweite", "", [await firm.bernd.me()])
    await firm.anna.say(other, "nur hier")
    page = await firm.core.transport.call("events", api.EventPage, ids={"conversation": bytes.fromhex(other)})
    await firm.while_away("eins")

    def moved(events: lies.Log) -> lies.Log:
        events[-1].event = page.events[-1].event
        return events

    await lie_about_log(firm.bernd.device, firm.group, moved)
    await firm.bernd.back()
    await firm.state("blocked", "header_mismatch")
    await firm.cannot_send("unsafe")


async def test_m11_a_shortened_chain_warns_and_blocks(firm: Firm) -> None:
    await firm.anna.device_link()
    await firm.bernd.away()
    user = bytes.fromhex(firm.anna.user)
    await lie(firm.bernd.device, "people", lambda people: lies.at_length(people, user, 1))
    await firm.bernd.back()
    await firm.bernd.online()
    # Not shorter than what Bernd knew: then it is withheld, and not noticed yet.
    await honest(firm.bernd.device)
    await firm.bernd.away()
    await firm.bernd.back()
    await firm.bernd.online()
    await lie(firm.bernd.device, "people", lambda people: lies.at_length(people, user, 1))
    await firm.bernd.away()
    await firm.bernd.back()
    await firm.suspects(firm.anna.user)


async def test_m11_an_older_organisation_is_refused(firm: Firm) -> None:
    await firm.bernd.away()
    await lie(firm.bernd.device, "organisation_chain", lambda chain: api.Chain(statements=[], length=chain.length - 1))
    await firm.bernd.back()
    await firm.distrusts("chain_shortened")
    await honest(firm.bernd.device)
    await firm.bernd("session.wake")
    await firm.bernd.online()
    await firm.distrusts("")


async def test_swapped_keys_are_another_person(firm: Firm, engine: MakeEngine) -> None:
    """A newcomer is told another chain for Anna's id: an id is the hash of its keys."""
    founded = firm.core.chains.founded.id
    other = lies.stranger(founded, lies.ghost(), "Anna")
    newcomer = await engine()

    def swap(told: api.Invitation) -> api.Invitation:
        told.users[firm.anna.user] = [other.data]
        return told

    await lie(newcomer.device, "invitation", swap)
    with pytest.raises(Refused) as refused:
        await newcomer.join(await firm.anna.invite(), "Dora")
    assert refused.value.code == "unsafe"
    assert (await newcomer("session.get"))["phase"] == "empty"


async def test_m14_an_invite_that_is_not_in_the_chain_is_refused(firm: Firm, engine: MakeEngine) -> None:
    link = await firm.anna.invite()
    newcomer = await engine()
    await lie(newcomer.device, "invitation", lies.without_invite)
    with pytest.raises(Refused, match="invite_unknown") as refused:
        await newcomer.join(link, "Dora")
    assert refused.value.code == "unsafe"
    assert (await newcomer("session.get"))["phase"] == "empty"
    await honest(newcomer.device)
    await newcomer.join(link, "Dora")


async def test_m23_a_generation_sealed_to_ones_old_keys_warns(firm: Firm) -> None:
    """Bernd's new keys are an hour old; Anna's client, which was shown his old chain, seals a generation to the old ones."""
    told = lies.pinned(firm.anna.client, bytes.fromhex(firm.group), now() + 3_600_000)
    await firm.bernd("session.renewRecovery")
    await firm.while_away("eins")
    await lie_about_log(firm.bernd.device, firm.group, told)
    await firm.bernd.back()
    await firm.state("warning", "pin_stale")
    assert (await firm.shown())["blocked"] == ""


async def test_m23_whose_own_pin_is_stale_rekeys_before_sending(firm: Firm) -> None:
    """Bernd takes another recovery code: who held the old one reads nothing more."""
    group = bytes.fromhex(firm.group)
    assert firm.core.state(group).generation == 1
    await firm.bernd("session.renewRecovery")
    await firm.bernd.say(firm.group, "unter der neuen")

    async def sent() -> bool:
        return bool((await firm.bernd("session.get"))["network"]["queued"] == 0)

    await firm.bernd.until(sent)
    await firm.anna.settle()
    pin = firm.core.state(group).newest.recipient(bytes.fromhex(await firm.bernd.me()))
    assert pin is not None
    assert pin.box_generation == 2
    assert (await firm.shown())["warning"] == ""


async def test_m24_a_place_goes_under_a_new_generation_where_one_is_due(firm: Firm) -> None:
    """Bernd takes another recovery code and shares where he is: who held the old one does not learn it."""
    group = bytes.fromhex(firm.group)
    await firm.anna.client.places.allow(True)

    async def allowed() -> bool:
        return bool((await firm.bernd("places.get"))["allowed"])

    await firm.bernd.until(allowed)
    await firm.bernd("session.renewRecovery")
    await firm.bernd("places.share", firm.group, now() + 3_600_000)
    await firm.bernd("places.fix", {"latitude": 51.3127, "longitude": 9.4797, "accuracy": 5, "time": now()})
    await firm.anna.settle()
    assert firm.core.state(group).generation == 2
    assert [spot.user.hex() for spot in await firm.anna.client.places.team(group)] == [await firm.bernd.me()]


async def test_m43_without_a_lead_every_member_says_what_it_is_called(firm: Firm) -> None:
    group = bytes.fromhex(firm.group)
    assert not (await firm.shown())["lead"]
    await firm.anna.client.remove(group, [bytes.fromhex(firm.anna.user)])

    async def leads() -> bool:
        return bool((await firm.shown())["lead"])

    await firm.bernd.until(leads)
    await firm.bernd("chats.rename", firm.group, "Dachstuhl", "")

    async def sent() -> bool:
        return bool((await firm.bernd("session.get"))["network"]["queued"] == 0)

    await firm.bernd.until(sent)
    await firm.clara.settle()
    assert (await firm.shown())["title"] == firm.clara.client.core.logs.details(group).title == "Dachstuhl"


async def test_m33_an_older_place_is_not_shown_again_after_a_restart(firm: Firm) -> None:
    """Clara shares where she is, too: what comes with it tells when the older place has come."""
    group, hour = bytes.fromhex(firm.group), now() + 3_600_000
    anna, clara = firm.anna.client, firm.clara.client
    await anna.places.allow(True)
    await anna.places.share(group, 51.3, 9.4, ends=hour)
    older = await anna.core.transport.call("slots", api.Slots, ids={"conversation": group})

    async def team(*expected: tuple[str, float]) -> None:
        async def look() -> bool:
            spots = await firm.bernd("places.team", firm.group)
            return sorted((spot["name"], spot["latitude"]) for spot in spots) == sorted(expected)

        await firm.bernd.until(look)

    await anna.places.share(group, 51.4, 9.5, ends=hour)
    await team(("Anna", 51.4))
    await clara.connect()
    await clara.places.share(group, 51.6, 9.6, ends=hour)

    def told(slots: api.Slots) -> api.Slots:
        return api.Slots(events=[*older.events, *(event for event in slots.events if clara_wrote(event))])

    def clara_wrote(event: bytes) -> bool:
        return parse_event(event).header.device == clara.core.keys.device

    await lie(firm.bernd.device, "slots", told)
    await firm.bernd.page.reload()
    await team(("Clara", 51.6))


async def test_m43_where_the_only_lead_is_removed_from_the_organisation_the_others_lead(firm: Firm) -> None:
    """Nothing is said in the conversation meanwhile: the organisation's chain alone tells it."""
    workshop = await firm.clara.create("Werkstatt", "", [await firm.bernd.me()])
    wanted = [False]

    async def leads() -> bool:
        rows = {one["id"]: one["lead"] for one in await firm.bernd("chats.list")}
        return rows.get(workshop) is wanted[0]

    await firm.bernd.until(leads)
    wanted[0] = True
    await firm.anna.client.office.remove_person(bytes.fromhex(firm.clara.user))
    await firm.bernd.until(leads)
    await firm.bernd("chats.rename", workshop, "Lager", "")

    async def renamed() -> bool:
        return bool((await firm.bernd("chats.get", workshop))["title"] == "Lager")

    await firm.bernd.until(renamed)


async def test_m39_a_burst_is_heard_once_also_after_a_restart(firm: Firm) -> None:
    """The server plays what Anna has said before in place of what she says now."""
    group, client = bytes.fromhex(firm.group), firm.anna.client
    first: list[bytes] = []
    recorded: list[bytes] = []

    def told(message: bytes) -> bytes:
        frame = frames.decode_server(message)
        if isinstance(frame, frames.FloorTaken):
            first.append(frame.burst)
            return frames.encode(structs.replace(frame, burst=first[0]))
        if isinstance(frame, frames.Voice):
            if frame.burst != first[0]:
                return recorded.pop(0)
            recorded.append(message)
        return message

    async def speak() -> None:
        async def follow() -> None:
            async for _ in client.listen():
                pass

        await client.connect()
        following = asyncio.create_task(follow())
        talking = await client.voice.talk(group)
        for number in range(3):
            assert await client.voice.say(talking, bytes((0x78, number)) * 20)
        await client.voice.finish(talking)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    async def packets() -> int:
        return int(await firm.bernd.page.evaluate("changes.filter((one) => one.type === 'packet').length"))

    async def notes(count: int) -> None:
        async def look() -> bool:
            return [line["kind"] for line in await firm.bernd.lines(firm.group)].count("voice") == count

        await firm.bernd.until(look)

    firm.bernd.device.link.rewriter = lambda: Rewriter(told)
    for spoken, heard in ((1, 3), (2, 0)):
        await firm.bernd.page.reload()
        await firm.bernd.online()
        await firm.bernd("voice.tune", [firm.group])
        await speak()
        await notes(spoken)
        assert await packets() == heard
    assert recorded == []


async def test_m15_a_ghost_device_is_refused(firm: Firm) -> None:
    state = firm.core.chains.users[bytes.fromhex(firm.anna.user)]
    forged = lies.forge_device(state, lies.ghost())
    await firm.bernd.away()
    await lie(firm.bernd.device, "people", lambda people: lies.lengthened(people, state.id))

    def longer(chain: api.Chain) -> api.Chain:
        return api.Chain(statements=[forged], length=chain.length + 1)

    await lie(firm.bernd.device, "user_chain", longer)
    await firm.bernd.back()
    await firm.suspects(firm.anna.user)


async def test_m13_a_ghost_person_by_a_replayed_invite_is_refused(firm: Firm) -> None:
    founded = firm.core.chains.founded
    used = next(hash_ for hash_, invite in founded.invites.items() if invite.used)
    device = lies.ghost()
    made = lies.stranger(founded.id, device, "Geist")
    me = author.Author(made.state, next(iter(made.state.devices)), device.key)
    forged = lies.forge_enrolment(founded, me, used)
    await firm.bernd.away()
    await lie(
        firm.bernd.device, "organisation_chain", lambda chain: api.Chain(statements=[forged], length=chain.length + 1)
    )

    def shown(people: api.People) -> api.People:
        ghost = api.Person(user=made.state.id, profile=Profile("Geist").seal(bytes(16)), chain_length=1, role=4)
        return api.People(people=[*people.people, ghost])

    await lie(firm.bernd.device, "people", shown)
    chain = api.Chain(statements=[made.data], length=1)
    await invent(firm.bernd.device, f"/v1/people/{made.state.id.hex()}/chain", chain)
    await firm.bernd.back()
    await firm.distrusts("invite_overused")
    assert "Geist" not in [one["name"] for one in await firm.bernd("people.list")]


async def test_m12_the_server_alone_cannot_make_an_owner(firm: Firm) -> None:
    """Neither by its word, which is not what anybody is shown, nor by a member's client that signs itself a role."""
    told: list[api.People] = []

    def crowned(people: api.People) -> api.People:
        told.append(people)
        return lies.crowned(people)

    await firm.bernd.away()
    await lie(firm.bernd.device, "people", crowned)
    await firm.bernd.back()
    await firm.bernd.online()
    assert told
    roles = {one["name"]: one["role"] for one in await firm.bernd("people.list")}
    assert roles == {"Anna": "owner", "Bernd": "member", "Clara": "member"}
    assert (await firm.bernd("session.get"))["me"]["role"] == "member"
    with pytest.raises(Refused) as refused:
        await firm.bernd("people.setRole", await firm.bernd.me(), "owner")
    assert refused.value.code == "forbidden"


async def test_m11_a_chain_that_is_withheld_is_said_and_nothing_is_sent(firm: Firm) -> None:
    """The server names a newcomer and knows nothing of what would prove the person."""
    page = await firm.bernd.device.context.new_page()
    await page.goto(firm.bernd.device.origin)
    await firm.bernd.away()
    dora = await Library(firm.anna.folder.parent / "dora", "Dora").join(await firm.anna.invite())
    await dora.close()
    await deny(firm.bernd.device, f"/v1/people/{dora.user}/chain")
    await firm.bernd.back()
    await firm.distrusts("chain_withheld")
    await expect(page.get_by_text("Die Schlüssel passen nicht zusammen")).to_be_visible()
    waiting = await firm.bernd.say(firm.group, "erst wenn es stimmt")
    (line,) = [one for one in await firm.bernd.lines(firm.group) if one["id"] == waiting]
    assert (line["state"], line["failure"]) == ("queued", "")
    await honest(firm.bernd.device)
    await firm.bernd("session.wake")
    await firm.bernd.online()
    await expect(page.get_by_text("Die Schlüssel passen nicht zusammen")).to_be_hidden()


async def test_m24_a_hidden_revocation_shows_with_the_next_statement_that_names_it(firm: Firm) -> None:
    second = await Library(firm.anna.folder.parent / "anna2", "").join(await firm.anna.device_link())
    device = second.client.core.keys.device
    await second.close()
    await firm.bernd.away()
    await firm.bernd.back()
    await firm.bernd.online()
    await firm.anna.settle()
    known = len(firm.core.chains.users[bytes.fromhex(firm.anna.user)].hashes)
    user = bytes.fromhex(firm.anna.user)
    await lie(firm.bernd.device, "people", lambda people: lies.at_length(people, user, known))
    await lie(firm.bernd.device, "user_chain", lambda chain: api.Chain(statements=[], length=known))
    await firm.anna.client.office.revoke_device(device)
    await firm.anna.say(firm.group, "neue Schlüssel")
    await firm.distrusts("anchor_unknown")
    waiting = await firm.bernd.say(firm.group, "erst wenn es stimmt")
    (line,) = [one for one in await firm.bernd.lines(firm.group) if one["id"] == waiting]
    assert (line["state"], line["failure"]) == ("queued", "")
    await honest(firm.bernd.device)
    await firm.bernd("session.wake")
    await firm.arrived("neue Schlüssel")
    await firm.bernd.online()


async def test_m25_m27_a_swapped_box_does_not_open_and_a_repair_fills_it_in(firm: Firm) -> None:
    await firm.bernd.away()
    await firm.anna.remove(firm.group, firm.clara.user)
    await firm.anna.say(firm.group, "neue Generation")
    await lie(firm.bernd.device, "boxes", lambda boxes: lies.spoilt(boxes))
    await firm.bernd.back()

    async def waits() -> bool:
        return any(line["kind"] == "waiting" for line in await firm.bernd.lines(firm.group))

    await firm.bernd.until(waits)
    await honest(firm.bernd.device)
    await lie(firm.bernd.device, "boxes", lies.only_repairs)
    # Once Bernd has asked, Anna's client answers by itself when it is there.
    while not (await firm.core.transport.call("repairs", api.Repairs)).repairs:
        pass
    await firm.anna.settle()
    await firm.arrived("neue Generation")


async def test_m27_a_false_question_for_a_key_gains_nothing(firm: Firm, engine: MakeEngine) -> None:
    """The server asks in the name of somebody who was never a recipient: nobody answers."""
    dora = await engine()
    await dora.join(await firm.anna.invite(), "Dora")
    asked = api.Repair(conversation=bytes.fromhex(firm.group), generation=1, user=bytes.fromhex(await dora.me()))
    await firm.bernd.away()
    answered: list[str] = []
    firm.bernd.page.on("request", lambda request: answered.append(f"{request.method} {request.url}"))
    await lie(firm.bernd.device, "repairs", lambda _: api.Repairs(repairs=[asked]))
    await firm.bernd.back()
    await firm.bernd.online()
    assert any("/v1/repairs" in one for one in answered)
    assert [one for one in answered if one.startswith("PUT")] == []


async def test_m19_a_name_that_was_not_signed_is_not_shown(firm: Firm) -> None:
    other = Profile("Chef").seal(bytes(16))
    user = bytes.fromhex(firm.anna.user)
    await firm.bernd.away()
    await lie(firm.bernd.device, "people", lambda people: lies.renamed(people, user, other))
    await firm.bernd.back()
    await firm.bernd.online()
    assert {one["name"] for one in await firm.bernd("people.list")} == {"Anna", "Bernd", "Clara"}


async def test_m14_m36_a_link_of_another_organisation_is_refused(firm: Firm, engine: MakeEngine) -> None:
    base, link = parse_url(await firm.anna.invite())
    assert isinstance(link, InviteLink)
    other = to_url(base, InviteLink(bytes(32), link.invite, link.seed))
    newcomer = await engine()
    with pytest.raises(Refused) as refused:
        await newcomer.join(other, "Dora")
    assert refused.value.code == "unsafe"
    assert (await newcomer("session.get"))["phase"] == "empty"
