"""Places as the handbook tells them (docs/handbuch/standort.md). With SHOTS=docs/handbuch/bilder this takes its pictures anew."""

import asyncio
import re
from pathlib import Path

from playwright.async_api import Page, expect

from e2e.process import Cli, Serving

from .conftest import Make, MakeEngine
from .engine import Engine
from .engine import engine as engine_of
from .joining import come_in, open_place
from .streets import street_map
from .test_handbook import SMALL
from .test_places import GRAPHICS, KASSEL, drawn
from .test_sites import LOUD
from .tools import shoot

HERE = {"latitude": KASSEL["latitude"], "longitude": KASSEL["longitude"]}
ADDRESS = "Lindenweg 4, Kassel"
NEARBY = {"Ben Yıldız": (0.0024, 0.0026, 8), "Cem Kaya": (-0.0020, -0.0024, 15)}
OFFICE = {"device_scale_factor": 1, "reduced_motion": "reduce", "color_scheme": "light"}


async def both(page: Page, name: str) -> None:
    """Light and dark, once the streets are drawn in the scheme's colours."""
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        # What lies under a sheet has the sheet's shade.
        if await page.locator(
            "dialog[open] .maplibregl-canvas, body:not(:has(dialog[open])) .maplibregl-canvas"
        ).count():
            await drawn(page, scheme, "road")
        await shoot(page, f"{name}-{scheme}")


async def joined(owner: Engine, engine: MakeEngine, name: str) -> Engine:
    one = await engine()
    await one.join((await owner("people.invite", "member", 1, 1))["link"], name)
    return one


async def shares(one: Engine, site: str, north: float, east: float, accuracy: float) -> None:
    async def there() -> bool:
        allowed = (await one("places.get"))["allowed"]
        return bool(allowed) and any(chat["id"] == site for chat in await one("chats.list"))

    await one.until(there)
    time = await one.page.evaluate("Date.now()")
    await one("places.share", site, time + 3_600_000)
    fix = {"latitude": KASSEL["latitude"] + north, "longitude": KASSEL["longitude"] + east}
    await one("places.fix", {**fix, "accuracy": accuracy, "time": time})


async def test_places_as_the_handbook_tells_them(
    cli: Cli, server: Serving, phone: Make, desktop: Make, engine: MakeEngine, tmp_path: Path
) -> None:
    streets = street_map(tmp_path / "kassel.pmtiles", KASSEL["latitude"], KASSEL["longitude"])
    await asyncio.to_thread(cli.one, "map", "add", str(streets), "--data", "data")
    anna = await phone(flags=GRAPHICS, **SMALL)
    office = await desktop(flags=GRAPHICS, **OFFICE)
    for device in (anna, office):
        device.guard.expected += LOUD
        await device.context.grant_permissions(["geolocation"])
        await device.context.set_geolocation({**HERE, "accuracy": 12})
    page = await come_in(anna, server.setup, "Anna Huber")
    owner = await engine_of(anna)
    crew = {name: await joined(owner, engine, name) for name in NEARBY}
    link = (await owner("devices.link"))["link"]
    away = await engine_of(office)
    await away("session.join", link, {"name": "", "picture": None, "device": "Büro"})

    # What holds in the business.
    await anna.open("/settings/rules")
    await page.get_by_role("switch", name=re.compile("Live-Standort")).check()
    await expect(page.get_by_text("Erlaubt. Wer will")).to_be_visible()
    await expect(page.get_by_role("listitem").filter(has_text="Du: erlaubt")).to_be_visible()
    await both(page, "standort-regel-phone")

    # A site with its needle.
    await open_place(page, "/new/site")
    await page.get_by_label("Name der Baustelle").fill("Lindenweg 4")
    await page.get_by_label("Adresse").fill(ADDRESS)
    for name in NEARBY:
        await page.get_by_role("checkbox", name=re.compile(name)).click()
    await page.get_by_role("button", name="Auf der Karte setzen").click()
    dialog = page.get_by_role("dialog", name="Wo ist die Baustelle?")
    await expect(dialog.locator(".maplibregl-canvas")).to_be_visible()
    await dialog.get_by_role("button", name="Hier, wo ich bin").click()
    await both(page, "baustelle-nadel-phone")
    await dialog.get_by_role("button", name="Nadel setzen").click()
    await page.get_by_role("button", name="Anlegen").click()
    await expect(page.get_by_role("heading", name="Lindenweg 4", level=1)).to_be_visible()
    site = page.url.rsplit("/", 1)[1]

    # Where she is, 600 m away.
    for device in (anna, office):
        await device.context.set_geolocation({"latitude": 51.3092, "longitude": 9.4732, "accuracy": 12})
    await open_place(page, f"/c/{site}/info")
    await page.get_by_role("button", name="Wie weit ist es von mir?").click()
    await expect(page.get_by_text(re.compile("m nordöstlich"))).to_be_visible()
    await both(page, "baustelle-weg-phone")
    await open_place(page, f"/c/{site}/place")
    await page.get_by_role("button", name="Meinen Standort teilen").click()
    sheet = page.get_by_role("dialog")
    await sheet.get_by_text("Bis Feierabend", exact=True).click()
    await sheet.get_by_text("Einzelne", exact=True).click()
    await sheet.get_by_role("checkbox", name=re.compile("Ben Yıldız")).click()
    await both(page, "standort-teilen-phone")
    await sheet.get_by_role("button", name="Schließen").click()

    # The team on the phone and in the office.
    for name, (north, east, accuracy) in NEARBY.items():
        await shares(crew[name], site, north, east, accuracy)
    await office.open(f"/c/{site}/place")
    await office.page.get_by_role("button", name="Verstanden").click()
    for width, one in (("phone", page), ("desktop", office.page)):
        await open_place(one, f"/c/{site}/place")
        for name in NEARBY:
            await expect(one.get_by_role("button", name=re.compile(f"^{name}"))).to_be_visible()
        await one.get_by_role("button", name="Entfernungen zeigen").click()
        await expect(one.get_by_role("button", name=re.compile("^Ben.*nordöstlich"))).to_be_visible()
        await both(one, f"standort-team-{width}")

    await open_place(page, f"/c/{site}/place")
    await page.get_by_role("button", name="Ort senden").click()
    await page.get_by_label("Was ist dort?").fill("Materiallager")
    await drawn(page, "light", "road")
    await both(page, "standort-auswaehlen-phone")

    # Arriving.
    for device in (anna, office):
        await device.context.set_geolocation({**HERE, "accuracy": 12})
    await open_place(page, "/settings")
    await page.get_by_role("switch", name=re.compile("Hinweis bei Ankunft")).check()
    await expect(page.get_by_text("Angekommen bei „Lindenweg 4“?")).to_be_visible()
    await page.get_by_role("button", name="Schreiben").click()
    await expect(page.get_by_role("dialog").get_by_label("Deine Nachricht")).to_have_value("Angekommen")
    await both(page, "standort-ankunft-phone")
