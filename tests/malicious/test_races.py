"""Honest clients at once: whoever loses a race looks again, and no secret is used that the server did not acknowledge."""

import asyncio

from werkfunk.domain.roles import Role
from werkfunk.protocol.content import Text
from werkfunk.sdk import account
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed

from .conftest import Firm


def texts(client: Client, conversation: bytes) -> list[str]:
    return [m.content.text for m in client.core.logs.messages(conversation, 0) if isinstance(m.content, Text)]


async def test_m22_the_loser_of_a_race_discards_its_parts(firm: Firm) -> None:
    anna, bernd = await firm.people()
    await asyncio.gather(anna.statements.rekey(firm.group), bernd.statements.rekey(firm.group))
    for client in (anna, bernd):
        await client.core.catch_up(firm.group)
        state = client.core.state(firm.group)
        for number, parts in client.core.keys.held(firm.group).items():
            # Whoever kept parts that the server did not take would hold some that fit no commitment.
            parts.check(firm.group, number, state.generations[number].record.commitments)
    await anna.send(firm.group, "nach dem Wettlauf")
    await bernd.core.catch_up(firm.group)
    assert texts(bernd, firm.group) == ["nach dem Wettlauf"]


async def test_everybody_adds_at_once(firm: Firm) -> None:
    anna, bernd = await firm.people()
    names = ["Dora", "Emil", "Fritz"]
    newcomers = [await firm.invite(name) for name in names]
    await asyncio.gather(*(anna.add(firm.group, [client.core.keys.user]) for client in newcomers))
    await bernd.send(firm.group, "willkommen")
    for client in newcomers:
        await client.connect()
        assert texts(client, firm.group) == ["willkommen"]


async def test_many_join_with_one_invite_at_once(firm: Firm) -> None:

    anna, _ = await firm.people()
    link = await anna.office.invite(Role.MEMBER, 3, now() + 60_000)
    results = await asyncio.gather(
        *(account.join(link, firm.folder / f"N{i}", f"N{i}", "Test") for i in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, account.Joined) for result in results) == 3
    assert sum(isinstance(result, NotAllowed) for result in results) == 2
