"""What a conversation is called and where its site is: said whole each time by a lead, the newest counts. [M43]"""

import pytest

from malicious.conftest import Firm
from werkfunk.protocol.content import Details, Point
from werkfunk.protocol.conversation import MemberRole
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed, Usage
from werkfunk.sdk.places import point

KASSEL = Point(513_127_000, 94_797_000)
ERFURT = Point(509_848_000, 110_299_000)
SITE = Details("Lindenweg", "Lindenweg 4, Kassel", KASSEL)


async def site(firm: Firm) -> tuple[Client, Client, bytes]:
    """Anna leads the site, Bernd is there."""
    anna, bernd = await firm.people()
    made = await anna.create(SITE.title, [bernd.core.keys.user], site=SITE.site, place=SITE.place)
    await bernd.connect()
    return anna, bernd, made


async def test_m43_a_site_is_made_with_its_place_and_everybody_has_it(firm: Firm) -> None:
    anna, bernd, made = await site(firm)
    assert anna.core.logs.details(made) == bernd.core.logs.details(made) == SITE


async def test_m43_who_is_added_has_title_address_and_place(firm: Firm) -> None:
    anna, _, made = await site(firm)
    dora = await firm.invite("Dora")
    await anna.add(made, [dora.core.keys.user])
    await dora.connect()
    assert dora.core.logs.details(made) == SITE


async def test_m43_details_without_a_place_take_it_away(firm: Firm) -> None:
    anna, bernd, made = await site(firm)
    await anna.describe(made, Details("Lindenweg 6", SITE.site))
    await bernd.connect()
    assert bernd.core.logs.details(made) == Details("Lindenweg 6", SITE.site)


async def test_m43_only_a_lead_says_where_the_site_is(firm: Firm) -> None:
    anna, bernd, made = await site(firm)
    with pytest.raises(NotAllowed):
        await bernd.describe(made, Details("Meins", None, ERFURT))
    # A changed client says it all the same: nobody believes it.
    await bernd.outbox.send(made, Details("Meins", None, ERFURT))
    await anna.connect()
    assert anna.core.logs.details(made) == bernd.core.logs.details(made) == SITE


async def test_m43_without_a_lead_every_member_says_what_it_is_called(firm: Firm) -> None:
    anna, bernd, made = await site(firm)
    await anna.add(made, [firm.clients["Clara"].core.keys.user])
    await anna.remove(made, [anna.core.keys.user])
    clara = firm.clients["Clara"]
    await bernd.describe(made, Details("Lindenweg 6", SITE.site))
    await clara.connect()
    assert clara.core.logs.details(made) == bernd.core.logs.details(made) == Details("Lindenweg 6", SITE.site)
    # Once somebody leads, the others do not any more.
    bernds = bernd.core.keys.user
    await clara.statements.change(made, lambda desk, state, seen: desk.set_role(state, seen, bernds, MemberRole.LEAD))
    with pytest.raises(NotAllowed):
        await clara.describe(made, SITE)


async def test_m43_older_details_whose_key_comes_late_do_not_count(firm: Firm) -> None:
    anna, _, made = await site(firm)
    dora = await firm.invite("Dora")
    await anna.add(made, [dora.core.keys.user])
    newest = Details("Lindenweg", SITE.site, ERFURT)
    await anna.describe(made, newest)
    # The history's keys, and with them the first details, are opened after what is of the newest generation.
    await dora.connect()
    await dora.core.fill(made)
    assert len([m for m in dora.core.logs.messages(made, 0) if isinstance(m.content, Details)]) == 3
    assert dora.core.logs.details(made) == newest


async def test_a_place_is_on_the_earth_and_of_a_site(firm: Firm) -> None:
    anna, _ = await firm.people()
    with pytest.raises(Usage):
        await anna.create("Gruppe", [], place=KASSEL)
    with pytest.raises(Usage):
        point(90.1, 9)
    with pytest.raises(Usage):
        await anna.describe(firm.group, Details(""))
    assert point(51.3127, 9.4797) == KASSEL
