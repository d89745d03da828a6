"""Live places on a real server: allowed by the organisation, shared by the person, gone at their end, kept by nobody."""

import pytest

from malicious.conftest import Firm
from malicious.test_malicious_server import lie
from werkfunk.domain.roles import Role
from werkfunk.protocol.content import Place
from werkfunk.protocol.statements import parse
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed, Usage
from werkfunk.wire import api

KASSEL = (51.3127, 9.4797)
HOUR = 3_600_000
POLICY_SET = 7
"""The kind of such a statement (docs/protocol.md, 4.1)."""


async def test_a_place_is_sent_as_a_message(firm: Firm) -> None:
    anna, bernd = await firm.people()
    await anna.places.send(firm.group, *KASSEL, accuracy=12.5, label="Kran")
    (message,) = [m for m in await bernd.core.catch_up(firm.group) if isinstance(m.content, Place)]
    assert message.content == Place(513_127_000, 94_797_000, 1_250, "Kran")


async def test_nobody_shares_until_the_organisation_allows_it(firm: Firm) -> None:
    anna, bernd = await firm.people()
    assert not anna.places.allowed
    with pytest.raises(NotAllowed) as refused:
        await anna.places.share(firm.group, *KASSEL, ends=now() + HOUR)
    assert refused.value.code == "location_forbidden"
    with pytest.raises(NotAllowed):
        await bernd.places.allow(True)
    await anna.places.allow(True)
    await anna.places.share(firm.group, *KASSEL, ends=now() + HOUR, accuracy=8)
    (spot,) = await bernd.places.team(firm.group)
    assert (spot.user, spot.latitude, spot.longitude, spot.accuracy) == (anna.core.keys.user, *KASSEL, 8)
    # Forbidden again: what is still stored is shown by nobody.
    await anna.places.allow(False)
    assert await bernd.places.team(firm.group) == []


async def test_m40_the_rule_is_a_signed_statement_that_every_member_has(firm: Firm) -> None:
    anna, bernd = await firm.people()
    organisation = anna.core.chains.founded.id
    before = len(anna.core.local.chain(organisation))
    await anna.places.allow(True)
    await anna.places.allow(False)
    await bernd.core.chains.refresh()
    on, off = (parse(data) for data in bernd.core.local.chain(organisation)[before:])
    for said, value in ((on, 1), (off, 0)):
        assert (said.kind, said.signer.user) == (POLICY_SET, anna.core.keys.user)
        assert said.body == {0: {"live_location": value}}
    assert not bernd.places.allowed
    # Who decided what, and when, is read from there.
    rulings = [(one.by, one.value, one.time) for one in bernd.places.rulings()]
    assert rulings == [(anna.core.keys.user, 0, off.time), (anna.core.keys.user, 1, on.time)]
    assert now() - 60_000 < on.time <= off.time <= now()


@pytest.mark.parametrize("value", [0, 2, "1", "force"])
async def test_m40_no_policy_makes_anybody_share(firm: Firm, value: int | str) -> None:
    """Only 1 allows, and to allow is all that there is: whatever else is said forbids."""
    anna, bernd = await firm.people()
    await anna.places.allow(True)
    await bernd.core.chains.refresh()
    await anna.office.set_policies({"live_location": value})
    assert await bernd.places.team(firm.group) == []
    assert not bernd.places.allowed
    with pytest.raises(NotAllowed):
        await bernd.places.share(firm.group, *KASSEL, ends=now() + HOUR)


async def test_the_newest_place_counts_and_a_stop_takes_it_away(firm: Firm) -> None:
    anna, bernd = await firm.people()
    await anna.places.allow(True)
    await anna.places.share(firm.group, *KASSEL, ends=now() + HOUR)
    await anna.places.share(firm.group, 51.4, 9.5, ends=now() + HOUR)
    assert [(s.latitude, s.longitude) for s in await bernd.places.team(firm.group)] == [(51.4, 9.5)]
    await anna.places.stop(firm.group)
    assert await bernd.places.team(firm.group) == []


async def test_m33_an_older_place_is_not_shown_again_also_after_a_restart(firm: Firm) -> None:
    anna, bernd = await firm.people()
    await anna.places.allow(True)
    await anna.places.share(firm.group, *KASSEL, ends=now() + HOUR)
    ids = {"conversation": firm.group}
    older = await anna.core.transport.call("slots", api.Slots, ids=ids)
    await anna.places.share(firm.group, 51.4, 9.5, ends=now() + HOUR)
    assert [spot.latitude for spot in await bernd.places.team(firm.group)] == [51.4]
    async with Client(firm.folder / "Bernd") as later:
        assert [spot.latitude for spot in await later.places.team(firm.group)] == [51.4], "the newest one, once more"
        lie(later, "slots", lambda _: older)
        assert await later.places.team(firm.group) == []


async def test_a_place_is_gone_at_its_end(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, bernd = await firm.people()
    await anna.places.allow(True)
    ends = now() + 15 * 60_000
    await anna.places.share(firm.group, *KASSEL, ends=ends)
    monkeypatch.setattr(bernd.core, "clock", lambda: ends - 1)
    assert len(await bernd.places.team(firm.group)) == 1
    monkeypatch.setattr(bernd.core, "clock", lambda: ends)
    assert await bernd.places.team(firm.group) == []


@pytest.mark.parametrize(
    ("ahead", "latitude"), [(0, 51.0), (-1, 51.0), (17 * HOUR, 51.0), (HOUR, 90.1), (HOUR, float("nan"))]
)
async def test_without_an_end_or_a_place_on_the_earth_nothing_is_shared(
    firm: Firm, ahead: int, latitude: float
) -> None:
    anna, bernd = await firm.people()
    await anna.places.allow(True)
    with pytest.raises(Usage):
        await anna.places.share(firm.group, latitude, 9.0, ends=now() + ahead)
    assert await bernd.places.team(firm.group) == []


async def test_outsiders_and_removed_members_see_nothing(firm: Firm) -> None:
    anna, bernd = await firm.people()
    await anna.places.allow(True)
    await anna.places.share(firm.group, *KASSEL, ends=now() + HOUR)
    outsider = await firm.invite("Dora")
    with pytest.raises((NotAllowed, Usage)):
        await outsider.places.team(firm.group)
    await anna.remove(firm.group, [bernd.core.keys.user])
    with pytest.raises(NotAllowed):
        await bernd.places.team(firm.group)
    # The generation is new, so the old place is deleted on the server; nobody finds it.
    assert await anna.places.team(firm.group) == []


async def test_a_removed_members_place_is_shown_to_nobody(firm: Firm) -> None:
    anna, bernd = await firm.people()
    await anna.places.allow(True)
    await bernd.core.chains.refresh()
    await bernd.places.share(firm.group, *KASSEL, ends=now() + HOUR)
    assert [spot.user for spot in await anna.places.team(firm.group)] == [bernd.core.keys.user]
    await anna.remove(firm.group, [bernd.core.keys.user])
    assert await anna.places.team(firm.group) == []


async def test_a_guest_may_share_in_his_conversation(firm: Firm) -> None:
    anna, _ = await firm.people()
    await anna.places.allow(True)
    from werkfunk.sdk import account
    from werkfunk.sdk.client import Client

    link = await anna.office.invite(Role.GUEST, 1, now() + HOUR)
    await account.join(link, firm.folder / "Gast", "Gast", "Test")
    guest = firm.clients["Gast"] = Client(firm.folder / "Gast")
    await guest.connect()
    await anna.core.chains.refresh()
    await anna.add(firm.group, [guest.core.keys.user])
    await guest.connect()
    await guest.places.share(firm.group, *KASSEL, ends=now() + HOUR)
    assert [spot.user for spot in await anna.places.team(firm.group)] == [guest.core.keys.user]
    with pytest.raises(NotAllowed):
        await guest.places.allow(False)
