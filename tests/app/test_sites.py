"""Where a site is, in the app: set by a lead, found by everybody; how far it is, each device reckons for itself."""

import re
from typing import Any

from playwright.async_api import Page, expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import Crew, crew, look
from .engine import engine as engine_of
from .test_places import GRAPHICS, KASSEL, stand

LOUD = ["GPU stall", "GroupMarkerNotSet", "swiftshader", "WebGL"]
SITE = {"latitude": 51.3427, "longitude": 9.4797}


async def told(team: Crew, site: str, place: dict[str, float] | None) -> Any:
    """Until Ben has this place of the site."""

    async def has() -> Any:
        chat = await team.ben("chats.get", site)
        return [chat] if chat["place"] == place else None

    return (await team.ben.until(has))[0]


async def measured(page: Page) -> None:
    await page.get_by_role("button", name="Wie weit ist es von mir?").click()


async def test_m43_a_site_is_set_on_the_map_when_it_is_made_and_later(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine, flags=GRAPHICS)
    page = team.page
    team.anna.guard.expected += LOUD
    await stand(team.anna.context)
    await page.get_by_role("link", name="Neuer Chat").or_(page.get_by_role("button", name="Neuer Chat")).first.click()
    await page.get_by_role("button", name=re.compile("Neue Baustelle")).click()
    await page.get_by_label("Name der Baustelle").fill("Lindenweg 4")
    await page.get_by_label("Adresse").fill("Lindenweg 4, 34117 Kassel")
    await page.get_by_role("button", name="Auf der Karte setzen").click()
    dialog = page.get_by_role("dialog", name="Wo ist die Baustelle?")
    await expect(dialog.locator(".maplibregl-canvas")).to_be_visible()
    await dialog.get_by_role("button", name="Hier, wo ich bin").click()
    await expect(dialog.get_by_label("Koordinaten")).to_have_value(re.compile(r"^51\.3127\d, 9\.4797\d$"))
    await look(page, "site-pin")
    # The map moved under the needle, by keys as well as by a finger.
    await dialog.locator(".maplibregl-canvas").press("ArrowUp")
    await expect(dialog.get_by_label("Koordinaten")).not_to_have_value(re.compile(r"^51\.3127\d"))
    await dialog.get_by_role("button", name="Hier, wo ich bin").click()
    await expect(dialog.get_by_label("Koordinaten")).to_have_value(re.compile(r"^51\.3127\d, 9\.4797\d$"))
    await dialog.get_by_role("button", name="Nadel setzen").click()
    await expect(page.get_by_text(re.compile("Auf der Karte: 51.3127"))).to_be_visible()
    await look(page, "site-new")
    await page.get_by_role("checkbox", name=re.compile("Ben Yıldız")).click()
    await page.get_by_role("button", name="Anlegen").click()
    await expect(page.get_by_role("heading", name="Lindenweg 4", level=1)).to_be_visible()
    site = page.url.rsplit("/", 1)[1]

    async def made() -> Any:
        return [one for one in await team.ben("chats.list") if one["id"] == site and one["place"]]

    (chat,) = await team.ben.until(made)
    assert abs(chat["place"]["latitude"] - KASSEL["latitude"]) < 1e-4
    assert chat["site"] == "Lindenweg 4, 34117 Kassel"

    # Moved by whoever has the coordinates from elsewhere; what was typed wrong is said, not sent.
    await page.get_by_role("button", name="Über diesen Chat").click()
    await page.get_by_role("button", name="Name und Adresse ändern").click()
    await page.get_by_role("button", name="Nadel verschieben").click()
    await dialog.get_by_label("Koordinaten").fill("Lindenweg 4")
    await dialog.get_by_label("Koordinaten").press("Enter")
    await expect(dialog.get_by_text("So zum Beispiel")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Nadel setzen")).to_be_disabled()
    await dialog.get_by_label("Koordinaten").fill("51,3427; 9,4797")
    await dialog.get_by_label("Koordinaten").press("Enter")
    await dialog.get_by_role("button", name="Nadel setzen").click()
    await page.get_by_role("button", name="Speichern").click()
    link = page.get_by_role("link", name=re.compile("Lindenweg 4, 34117 Kassel"))
    await expect(link).to_have_attribute("href", re.compile(r"^geo:51\.342\d*,9\.479\d*"))
    place = (await team.ben("chats.get", site))["place"]

    async def moved() -> Any:
        nonlocal place
        place = (await team.ben("chats.get", site))["place"]
        return abs(place["latitude"] - SITE["latitude"]) < 1e-4

    await team.ben.until(moved)
    (line,) = [one for one in await team.ben.lines(site) if (one["notice"] or {}).get("event") == "placed"]
    assert line["notice"]["there"] is True

    # A new name alone leaves the place; taken away it is gone for all.
    await page.get_by_role("button", name="Name und Adresse ändern").click()
    await page.get_by_label("Name der Baustelle").fill("Lindenweg 6")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_role("heading", name="Lindenweg 6")).to_be_visible()
    assert (await told(team, site, place))["site"] == "Lindenweg 4, 34117 Kassel"
    await page.get_by_role("button", name="Name und Adresse ändern").click()
    await page.get_by_role("button", name="Nadel entfernen").click()
    # What happens in the chat meanwhile does not undo what is set here.
    other = await engine_of(team.anna, await team.anna.context.new_page())
    await other("chats.rename", site, "Lindenweg 8", "Lindenweg 8, 34117 Kassel", place)
    await expect(page.locator("h2").filter(has_text="Lindenweg 8")).to_be_attached()
    await expect(page.get_by_role("button", name="Nadel entfernen")).to_be_hidden()
    await expect(page.get_by_label("Name der Baustelle")).to_have_value("Lindenweg 6")
    await page.get_by_role("button", name="Speichern").click()
    await told(team, site, None)


async def test_the_way_to_a_site_is_reckoned_on_the_device_when_the_person_asks(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    page = team.page
    team.anna.guard.expected += LOUD
    await stand(team.anna.context)
    site = await team.ben("chats.create", "site", "Lindenweg 4", "Lindenweg 4, Kassel", [team.anna_id], None, {**SITE})
    await expect(page.get_by_role("link", name="Lindenweg 4")).to_be_visible()
    asked = "navigator.geolocation.getCurrentPosition = ((true_) => function (...given) { globalThis.asked = (globalThis.asked ?? 0) + 1; return true_.apply(this, given); })(navigator.geolocation.getCurrentPosition)"
    await page.add_init_script(asked)
    await page.goto(f"{team.anna.origin}/c/{site}/info")
    link = page.get_by_role("link", name=re.compile("Lindenweg 4, Kassel"))
    await expect(link).to_have_attribute("href", re.compile(r"^geo:51\.3427,9\.4797\?q=51\.3427,9\.4797\("))
    await expect(page.get_by_role("button", name="Auf der Karte setzen")).to_have_count(0)
    assert await page.evaluate("globalThis.asked") is None
    await measured(page)
    await expect(page.get_by_text("3,3 km nördlich")).to_be_visible()
    await expect(page.get_by_text("auf 12 m genau")).to_be_visible()
    await look(page, "site-info")
    await team.anna.context.set_geolocation({**SITE, "accuracy": 8})
    await measured(page)
    await expect(page.get_by_text("gleich hier")).to_be_visible()

    # On the map's page too: the site stands there before anybody is asked where they are.
    await team.anna.context.set_geolocation({"latitude": 51.3427, "longitude": 9.5227, "accuracy": 8})
    await page.get_by_role("link", name="Auf der Karte zeigen").click()
    row = page.get_by_role("button", name=re.compile("^Lindenweg 4, Kassel|^Baustelle"))
    await expect(row).to_be_visible()
    await expect(row).not_to_contain_text("km")
    await expect(page.get_by_role("link", name="Hinführen zu Lindenweg 4, Kassel")).to_have_attribute(
        "href", re.compile("^geo:51.3427,9.4797")
    )
    await page.get_by_role("button", name="Entfernungen zeigen").click()
    await expect(row).to_contain_text("3 km westlich")
    await look(page, "site-way")

    # Nobody was told anything by that.
    assert await team.ben("places.team", site) == []
    assert [one for one in await team.ben.lines(site) if one["kind"] != "notice"] == []
    await expect(page.get_by_role("button", name="Meinen Standort teilen")).to_have_count(0)
