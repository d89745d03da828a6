"""Live places to named people, until the end of work; the organisation allows or forbids, everybody is told, nobody forced."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, expect

from e2e.process import Serving

from .browser import Device
from .conftest import Make, MakeEngine
from .crew import Crew, crew, look
from .engine import Engine
from .engine import engine as engine_of
from .joining import come_in
from .test_places import KASSEL, seen, stand

NEXT_MINUTE = """() => {
  const end = new Date(Date.now() + 95_000);
  end.setSeconds(0, 0);
  return [String(end.getHours()).padStart(2, "0") + ":" + String(end.getMinutes()).padStart(2, "0"), end.getTime()];
}"""


@dataclass
class Team(Crew):
    cem: Engine
    site_id: str


async def team_of_three(server: Serving, phone: Make, engine: MakeEngine) -> Team:
    """Anna has the app in front of her; Ben, who administers too, has allowed live places; Cem is the third on the site."""
    two = await crew(server, phone, engine)
    cem = await engine()
    await cem.join((await two.ben("people.invite", "member", 1, 1))["link"], "Cem Kaya")
    cem_id = await cem.me()
    two.anna.guard.expected.append("WebGL")
    await stand(two.anna.context)
    await two.ben("places.allow", True)
    site = await two.ben("chats.create", "site", "Lindenweg 4", "", [two.anna_id, cem_id])
    await expect(two.page.get_by_role("link", name="Lindenweg 4")).to_be_visible()

    async def arrived() -> bool:
        return any(one["id"] == site for one in await cem("chats.list"))

    await cem.until(arrived)
    return Team(two.anna, two.page, two.ben, two.ben_id, two.anna_id, cem, site)


async def ask_to_share(page: Page, span: str, *names: str) -> None:
    """Fill in whom and how long; the last touch is the test's."""
    await page.get_by_role("button", name="Meinen Standort teilen").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_text(span, exact=True).click()
    await dialog.get_by_text("Einzelne", exact=True).click()
    await expect(dialog.get_by_role("button", name="Teilen", exact=True)).to_be_disabled()
    for name in names:
        await dialog.get_by_role("checkbox", name=re.compile(name)).click()


async def test_a_place_goes_to_named_people_until_the_end_of_work_and_ends_by_itself(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await team_of_three(server, phone, engine)
    page, ben, cem, site = team.page, team.ben, team.cem, team.site_id
    await page.goto(f"{team.anna.origin}/c/{site}/place")
    await ask_to_share(page, "Bis Feierabend", "Ben Yıldız")
    dialog = page.get_by_role("dialog")
    await look(page, "place-named")
    # Only now: on a slow machine the looking takes a while.
    clock, ends = await page.evaluate(NEXT_MINUTE)
    await dialog.get_by_label("Feierabend um").fill(clock)
    await dialog.get_by_role("button", name="Teilen", exact=True).click()
    banner = page.get_by_role("main").get_by_text(f"Du teilst deinen Standort bis {clock}")
    # A direct conversation is made for it, keys and all.
    await expect(banner).to_be_visible(timeout=30_000)

    # Ben sees her among the team of the site, as shared with him alone. Cem is not even told that there is something.
    (spot,) = await seen(ben, site, ["Anna Huber"])
    assert (spot["alone"], spot["ends"], round(spot["latitude"], 4)) == (True, ends, KASSEL["latitude"])
    assert await cem("places.team", site) == []
    assert [one["id"] for one in await cem("chats.list")] == [site]
    # On Anna's own page of the site nothing is shared with everybody there.
    await expect(page.get_by_text("Gerade teilt niemand")).to_be_visible()
    await expect(page.get_by_role("button", name="Meinen Standort teilen")).to_be_visible()

    # Over without anybody doing anything.
    await expect(banner).to_have_count(0, timeout=120_000)
    await seen(ben, site, [])


async def test_one_touch_ends_what_several_people_see(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await team_of_three(server, phone, engine)
    page, ben, cem, site = team.page, team.ben, team.cem, team.site_id
    await page.goto(f"{team.anna.origin}/c/{site}/place")
    await ask_to_share(page, "1 Stunde", "Ben Yıldız", "Cem Kaya")
    await page.get_by_role("dialog").get_by_role("button", name="Teilen", exact=True).click()
    banner = page.get_by_role("main").get_by_text("Du teilst deinen Standort in 2 Chats bis")
    await expect(banner).to_be_visible(timeout=30_000)
    for one in (ben, cem):
        (spot,) = await seen(one, site, ["Anna Huber"])
        assert spot["alone"] is True
    # The banner is on every page; after a reload too, since what is shared must be seen.
    await page.goto(f"{team.anna.origin}/people")
    await expect(page.get_by_text("Du teilst deinen Standort in 2 Chats bis")).to_be_visible()
    await look(page, "place-sharing")
    await page.get_by_role("button", name="Beenden").click()
    await expect(page.get_by_text("Du teilst deinen Standort")).to_have_count(0)
    await expect(page.get_by_text("Dein Standort ist nicht mehr zu sehen.")).to_be_visible()
    for one in (ben, cem):
        await seen(one, site, [])


async def opens_rules(device: Device) -> Page:
    page = await device.open("/settings/rules")
    await expect(page.get_by_role("switch", name=re.compile("Live-Standort"))).to_be_visible()
    return page


async def test_m40_the_organisation_allows_or_forbids_and_everybody_is_told(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    """What an administrator decides is a signed statement: each member reads it, and cannot be made to share by it."""
    team = await crew(server, phone, engine)
    ben = team.ben
    cem = await phone()
    link = (await ben("people.invite", "member", 1, 1))["link"]
    member = await come_in(cem, link, "Cem Kaya")
    cem.guard.expected.append("WebGL")
    await stand(cem.context)
    site = await ben("chats.create", "site", "Lindenweg 4", "", [await _id(ben, "Cem Kaya"), team.anna_id])

    # Off from the beginning, and a member sees it, but does not decide.
    rules = await opens_rules(cem)
    switch = rules.get_by_role("switch", name=re.compile("Live-Standort"))
    await expect(switch).not_to_be_checked()
    await expect(switch).to_be_disabled()
    await expect(rules.get_by_text("Ändern können das Inhaber und Verwaltung.")).to_be_visible()

    await ben("places.allow", True)
    for page in (member, team.page):
        await page.goto(team.anna.origin)
        await expect(page.get_by_text("Neu im Betrieb: Wer will, kann den eigenen Standort teilen.")).to_be_visible()
        # Who has decided it and when is said with it.
        await expect(page.get_by_text(re.compile(r"Entschieden von Ben Yıldız, \d.* \d\d:\d\d\."))).to_be_visible()
    await look(member, "place-news")
    await member.get_by_role("button", name="Verstanden").click()
    await expect(member.get_by_text("Neu im Betrieb")).to_have_count(0)

    # Allowed is not shared: only who says so, is seen.
    assert await ben("places.team", site) == []
    await member.goto(f"{cem.origin}/c/{site}/place")
    await member.get_by_role("button", name="Meinen Standort teilen").click()
    await member.get_by_role("dialog").get_by_role("button", name="Teilen", exact=True).click()
    await seen(ben, site, ["Cem Kaya"])

    # Forbidden by somebody else, it ends on the sharer's device, and allowing it anew starts nothing.
    await ben("places.allow", False)
    await expect(member.get_by_text("Du teilst deinen Standort")).to_have_count(0)
    await expect(member.get_by_text("Live-Standorte sind im Betrieb nicht erlaubt.")).to_be_visible()
    await seen(ben, site, [])
    await ben("places.allow", True)
    await expect(member.get_by_role("button", name="Meinen Standort teilen")).to_be_visible()
    await expect(member.get_by_text("Du teilst deinen Standort")).to_have_count(0)
    assert await ben("places.team", site) == []

    # Each change stays to be read, the newest first; one's own as "Du".
    await (await engine_of(team.anna))("places.allow", False)
    for device, own in ((cem, "Anna Huber"), (team.anna, "Du")):
        rules = await opens_rules(device)
        said = rules.get_by_role("list").filter(has_text="nicht erlaubt").get_by_role("listitem")
        await expect(said).to_have_text(
            [
                re.compile(rf"^{own}: nicht erlaubt .*\d\d:\d\d$"),
                re.compile(r"^Ben Yıldız: erlaubt "),
                re.compile(r"^Ben Yıldız: nicht erlaubt "),
                re.compile(r"^Ben Yıldız: erlaubt "),
            ]
        )
    await look(rules, "place-rulings")


async def _id(engine: Engine, name: str) -> str:
    """A person's id, once the engine knows them."""

    async def look() -> Any:
        return [one["user"] for one in await engine("people.list") if one["name"] == name]

    return str((await engine.until(look))[0])
