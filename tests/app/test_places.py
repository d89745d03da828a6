"""Places in the app: sent, shared for a while by one's own will, the team on the map and in the list, forbidden again."""

import asyncio
import io
import re
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import BrowserContext, Page, expect

from e2e.process import Cli, Serving

from .conftest import Make, MakeEngine
from .crew import crew, look
from .engine import Engine
from .engine import engine as engine_of
from .streets import street_map

# MapLibre draws with WebGL; without a graphics card Chromium does it in software, and says so.
GRAPHICS = ["--enable-unsafe-swiftshader", "--use-gl=angle", "--use-angle=swiftshader"]
KASSEL = {"latitude": 51.3127, "longitude": 9.4797, "accuracy": 12}


async def stand(context: BrowserContext) -> None:
    await context.grant_permissions(["geolocation"])
    await context.set_geolocation(KASSEL)


async def allow(page: Page) -> None:
    """The owner allows live places."""
    await page.get_by_role("link", name="Einstellungen").click()
    await page.get_by_role("link", name="Regeln im Betrieb").click()
    await page.get_by_role("switch", name=re.compile("Live-Standort")).check()
    await expect(page.get_by_text("Erlaubt. Wer will")).to_be_visible()


async def told(engine: Engine) -> None:
    """Until the engine knows that the rule has changed."""

    async def look() -> bool:
        view = await engine("places.get")
        return bool(view["allowed"] and view["news"])

    await engine.until(look)


async def seen(engine: Engine, site: str, names: list[str]) -> list[Any]:
    """Until exactly these people are seen on the site."""
    spots: list[Any] = []

    async def look() -> bool:
        spots[:] = await engine("places.team", site)
        return sorted(spot["name"] for spot in spots) == sorted(names)

    await engine.until(look)
    return spots


async def test_a_place_is_sent_and_the_map_is_the_own_servers(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine, flags=GRAPHICS)
    page = team.page
    team.anna.guard.expected += ["GPU stall", "GroupMarkerNotSet", "swiftshader"]
    await stand(team.anna.context)
    site = await team.site("Lindenweg 4")
    await team.open(site)
    await page.get_by_role("button", name="Anhängen").click()
    await page.get_by_role("dialog").get_by_role("button", name="Standort").click()
    await expect(page.get_by_text("Gerade teilt niemand")).to_be_visible()
    await expect(page.locator(".maplibregl-canvas")).to_be_visible()
    await expect(page.get_by_text("Natural Earth")).to_be_visible()
    await look(page, "place-nobody")
    await page.get_by_role("button", name="Ort senden").click()
    await expect(page.get_by_text("Schieb die Karte")).to_be_visible()
    await page.get_by_label("Was ist dort?").fill("Materiallager")
    await look(page, "place-pick")
    await page.get_by_role("button", name="Diesen Ort senden").click()
    line = page.get_by_role("log").get_by_role("article", name=re.compile("Materiallager"))
    await expect(line).to_be_visible()
    await expect(line.get_by_role("link")).to_have_attribute("href", re.compile(r"^geo:51\.31\d*,9\.4\d*"))

    async def arrived() -> list[Any]:
        return [one["place"] for one in await team.ben.lines(site) if one["kind"] == "place"]

    (sent,) = await team.ben.until(arrived)
    assert abs(sent["latitude"] - 51.3127) < 0.01
    assert sent["label"] == "Materiallager"


STREETS = {
    # web/src/lib/ui/map/style.ts
    "light": {"water": (197, 219, 224), "green": (221, 230, 210), "built": (230, 223, 211), "road": (255, 255, 255)},
    "dark": {"water": (12, 34, 38), "green": (30, 43, 34), "built": (38, 47, 45), "road": (58, 69, 67)},
}


async def drawn(page: Page, scheme: str, *names: str) -> None:
    """Until these (else water, green, houses and roads) are on the map in this scheme's colours."""
    colours = {name: STREETS[scheme][name] for name in names or STREETS[scheme]}
    while True:
        picture = Image.open(io.BytesIO(await page.locator(".maplibregl-canvas").screenshot())).convert("RGB")
        counts = Counter({colour: n for n, colour in picture.getcolors(picture.width * picture.height) or []})
        seen = {name: sum(counts[r + i, g + i, b + i] for i in (-1, 0, 1)) for name, (r, g, b) in colours.items()}
        if all(count > 200 for count in seen.values()):
            return
        await asyncio.sleep(0.3)


async def test_the_operators_streets_are_drawn(
    cli: Cli, server: Serving, phone: Make, engine: MakeEngine, tmp_path: Path
) -> None:
    file = street_map(tmp_path / "kassel.pmtiles", KASSEL["latitude"], KASSEL["longitude"])
    await asyncio.to_thread(cli.one, "map", "add", str(file), "--data", "data")
    team = await crew(server, phone, engine, flags=GRAPHICS)
    page = team.page
    team.anna.guard.expected += ["GPU stall", "GroupMarkerNotSet", "swiftshader"]
    await stand(team.anna.context)
    site = await team.site("Lindenweg 4")
    await page.goto(f"{team.anna.origin}/c/{site}/place")
    await expect(page.get_by_text("© OpenStreetMap")).to_be_visible()
    await page.get_by_role("button", name="Ort senden").click()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        await drawn(page, scheme)
    await look(page, "place-streets")


async def test_sharing_is_allowed_first_then_chosen_and_ends(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    page, ben = team.page, team.ben
    team.anna.guard.expected.append("WebGL")
    await stand(team.anna.context)
    site = await team.site("Lindenweg 4")
    await page.goto(f"{team.anna.origin}/c/{site}/place")
    await expect(page.get_by_text("Live-Standorte sind im Betrieb nicht erlaubt.")).to_be_visible()
    await page.goto(team.anna.origin)
    await allow(page)
    await look(page, "place-rule")
    # Everybody is told; nobody shares anything by that.
    await told(ben)
    assert await ben("places.team", site) == []

    await page.goto(f"{team.anna.origin}/c/{site}/place")
    await page.get_by_role("button", name="Meinen Standort teilen").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Es wird kein Verlauf gespeichert")
    await look(page, "place-share")
    await page.get_by_role("dialog").get_by_role("button", name="Teilen").click()
    await expect(page.get_by_role("main").get_by_text("Du teilst deinen Standort bis")).to_be_visible()
    (spot,) = await seen(ben, site, ["Anna Huber"])
    assert (spot["name"], round(spot["latitude"], 4), spot["accuracy"]) == ("Anna Huber", 51.3127, 12)
    # The device may have known its place for a moment already.
    assert 14 * 60_000 < spot["ends"] - spot["time"] < 16 * 60_000

    # Ben shares too; Anna sees how far away and in which direction he is.
    await ben("places.noticed")
    ends = spot["ends"]
    await ben("places.share", site, ends)
    await ben("places.fix", {"latitude": 51.3427, "longitude": 9.4797, "accuracy": 8, "time": spot["time"]})
    # The list says all that the map shows, for who does not see it: who, how far, how old, how exact, until when.
    row = page.get_by_role("list", name="Wo ist das Team").get_by_role("button", name=re.compile("^Ben Yıldız"))
    said = r"^Ben Yıldız 3,3 km nördlich · (gerade eben|vor \d+ min) · auf 8 m genau · bis \d\d:\d\d$"
    await expect(row).to_have_accessible_name(re.compile(said))
    await expect(page.get_by_role("list", name="Wo ist das Team").get_by_role("listitem")).to_have_count(2)
    await expect(page.get_by_role("link", name="Hinführen zu Ben Yıldız")).to_have_attribute(
        "href", re.compile("^geo:51.3427")
    )
    await look(page, "place-team")

    await page.get_by_role("main").get_by_role("button", name="Beenden").first.click()
    await expect(page.get_by_text("Du teilst deinen Standort bis")).to_have_count(0)
    await seen(ben, site, ["Ben Yıldız"])

    # A share goes from the screen when its time is up, without anybody doing anything.
    await ben("places.share", site, await ben.page.evaluate("Date.now() + 20_000"))
    await ben("places.fix", {"latitude": 51.3427, "longitude": 9.4797, "accuracy": 8, "time": spot["time"] + 60_000})
    await expect(page.get_by_role("button", name=re.compile("Ben Yıldız"))).to_be_visible()
    await expect(page.get_by_text("Gerade teilt niemand")).to_be_visible(timeout=60_000)

    # Forbidden again, nobody is seen.
    own = await engine_of(team.anna)
    await ben("places.share", site, ends)
    await ben("places.fix", {"latitude": 51.3427, "longitude": 9.4797, "accuracy": 8, "time": spot["time"] + 120_000})
    await seen(own, site, ["Ben Yıldız"])
    await own("places.allow", False)
    await seen(ben, site, [])
