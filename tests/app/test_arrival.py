"""Arriving at a site: a hint to the person herself, only if she wants hints, and nothing goes unless she sends it."""

import re
from typing import Any

from playwright.async_api import Page, expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import crew, look
from .test_places import KASSEL, stand

FAR = {"latitude": 51.5, "longitude": 9.9, "accuracy": 10}
SCHOOL = {"latitude": 51.3427, "longitude": 9.4797, "accuracy": 20}
# How often a page has asked to be told where the device is, and how often it was told.
WATCHED = """() => {
  const real = navigator.geolocation.watchPosition.bind(navigator.geolocation);
  globalThis.watching = 0;
  globalThis.fixes = 0;
  navigator.geolocation.watchPosition = (told, ...more) => {
    globalThis.watching++;
    return real((position) => {
      told(position);
      globalThis.fixes++;
    }, ...more);
  };
}"""


async def told(page: Page, count: int) -> None:
    """Until the page has been told where it is so often."""
    await page.wait_for_function("(count) => globalThis.fixes >= count", arg=count)


async def test_arriving_is_a_hint_that_the_person_sends_or_ignores(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    page, ben, context = team.page, team.ben, team.anna.context
    await stand(context)
    await context.add_init_script(f"({WATCHED})()")
    sites = {}
    for title, place in (("Lindenweg 4", KASSEL), ("Schule Nord", SCHOOL)):
        at = {name: place[name] for name in ("latitude", "longitude")}
        sites[title] = await ben("chats.create", "site", title, "", [team.anna_id], None, at)
        await expect(page.get_by_role("link", name=title)).to_be_visible()
    hint = page.get_by_text(re.compile("Angekommen bei „.*“"))

    # Off: she stands on the site, and nobody has even looked where she is.
    await page.goto(f"{team.anna.origin}/settings")
    switch = page.get_by_role("switch", name=re.compile("Hinweis bei Ankunft"))
    await expect(switch).not_to_be_checked()
    assert await page.evaluate("globalThis.watching") == 0
    await switch.check()
    await expect(page.get_by_text("Angekommen bei „Lindenweg 4“?")).to_be_visible()
    await look(page, "arrival-hint")

    # Ignored, it is gone for the day, also after a new start.
    await page.get_by_role("button", name="Nicht jetzt").click()
    await expect(hint).to_have_count(0)
    await page.goto(team.anna.origin)
    await told(page, 1)
    await expect(page.get_by_role("link", name="Schule Nord")).to_be_visible()
    await expect(hint).to_have_count(0)

    # A place too vague to be on a site is none; the next site is asked about, and the answer is seen before it goes.
    await context.set_geolocation({**SCHOOL, "accuracy": 500})
    await told(page, 2)
    await expect(hint).to_have_count(0)
    await context.set_geolocation(SCHOOL)
    await expect(page.get_by_text("Angekommen bei „Schule Nord“?")).to_be_visible()
    await page.get_by_role("button", name="Schreiben").click()
    dialog = page.get_by_role("dialog", name="Nachricht an „Schule Nord“")
    await expect(dialog.get_by_label("Deine Nachricht")).to_have_value("Angekommen")
    await look(page, "arrival-message")
    assert [one for one in await ben.lines(sites["Schule Nord"]) if one["kind"] != "notice"] == []
    await dialog.get_by_label("Deine Nachricht").fill("Angekommen, Tor 2")
    await dialog.get_by_role("button", name="Senden").click()

    async def said() -> list[Any]:
        return [one for one in await ben.lines(sites["Schule Nord"]) if one["text"]]

    (line,) = await ben.until(said)
    assert (line["text"], line["kind"], line["place"]) == ("Angekommen, Tor 2", "text", None)
    await expect(hint).to_have_count(0)
    # What she ignored has said nothing to anybody.
    assert [one for one in await ben.lines(sites["Lindenweg 4"]) if one["kind"] != "notice"] == []
    assert await ben("places.team", sites["Lindenweg 4"]) == []

    # Away and back on the same day she is not asked again.
    await context.set_geolocation(FAR)
    await context.set_geolocation(SCHOOL)
    await told(page, 4)
    await expect(hint).to_have_count(0)

    # Switched off, nobody looks any more.
    await page.goto(f"{team.anna.origin}/settings")
    await told(page, 1)
    await switch.uncheck()
    await page.goto(team.anna.origin)
    await expect(page.get_by_role("link", name="Schule Nord")).to_be_visible()
    assert await page.evaluate("globalThis.watching") == 0


async def test_without_leave_to_know_the_place_the_hints_stay_off(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    page = team.page
    await page.goto(f"{team.anna.origin}/settings")
    switch = page.get_by_role("switch", name=re.compile("Hinweis bei Ankunft"))
    await switch.click()
    await expect(page.get_by_text("Der Standort ist nicht freigegeben.")).to_be_visible()
    await expect(switch).not_to_be_checked()
