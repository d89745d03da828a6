"""The first steps as the handbook tells them (docs/handbuch/erste-schritte.md). With SHOTS=docs/handbuch/bilder this takes its
pictures anew."""

import re

from playwright.async_api import Page, expect

from e2e.process import Serving

from .conftest import ROOT, Make, MakeEngine
from .joining import come_in, open_person, open_place
from .tools import shoot

PAGE = ROOT / "docs" / "handbuch" / "erste-schritte.md"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36"
SMALL = {"user_agent": ANDROID, "device_scale_factor": 1, "reduced_motion": "reduce", "color_scheme": "light"}

SMALL_DESKTOP = {"device_scale_factor": 1, "reduced_motion": "reduce"}


async def both(page: Page, name: str) -> None:
    """Light and dark."""
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        await shoot(page, f"{name}-{scheme}")


def test_every_picture_is_there_and_every_other_is_not() -> None:
    pages = [page.read_text() for page in PAGE.parent.glob("*.md")]
    shown = {name for page in pages for name in re.findall(r"\(bilder/([\w-]+\.png)\)", page)}
    assert shown == {path.name for path in (PAGE.parent / "bilder").iterdir()}


async def test_the_first_steps(server: Serving, phone: Make, desktop: Make, engine: MakeEngine) -> None:
    anna, petra, new = await phone(**SMALL), await phone(**SMALL), await phone(**SMALL)
    start = await new.open()
    await expect(start.get_by_role("button", name="Einladung scannen")).to_be_visible()
    await both(start, "anfang")

    page = await come_in(anna, server.setup, "Anna Huber")
    await page.get_by_role("link", name="Personen").click()
    await page.get_by_role("button", name="Person einladen").first.click()
    await page.get_by_role("button", name="Einladung erstellen").click()
    await expect(page.get_by_role("img", name="Einladen")).to_be_visible()
    await both(page, "einladen")
    await page.evaluate("() => { navigator.clipboard.writeText = async (text) => { globalThis.copied = text } }")
    await page.get_by_role("button", name="Link kopieren").click()

    second = await petra.open(await page.evaluate("copied"))
    await second.get_by_label("Dein Name").fill("Petra Kern")
    await both(second, "dazukommen")
    await second.get_by_role("button", name="Los geht’s").click()
    await expect(second.get_by_role("button", name="Später")).to_be_visible()
    await both(second, "code")
    await second.get_by_role("button", name="Später").click()
    await expect(second.get_by_text("Dein Wiederherstellungscode ist noch nicht gesichert.")).to_be_visible()

    fresh = await (await desktop(**SMALL_DESKTOP)).open()
    await fresh.get_by_role("button", name="Mit meinem anderen Gerät verbinden").click()
    await expect(fresh.get_by_role("img", name="Code dieses Geräts")).to_be_visible()
    await both(fresh, "verbinden-computer")

    await open_person(page, "Petra Kern")
    await page.get_by_role("link", name="Identität prüfen").click()
    await expect(page.get_by_label("Prüfnummer")).to_be_visible()
    await both(page, "pruefen")

    await open_place(page, "/settings/devices")
    await page.get_by_role("button", name="Gerät hinzufügen").click()
    await page.evaluate("() => { navigator.clipboard.writeText = async (text) => { globalThis.copied = text } }")
    await page.get_by_role("button", name="Link kopieren").click()
    office = await engine()
    await office(
        "session.join", await page.evaluate("copied"), {"name": "", "picture": None, "device": "Computer (Windows)"}
    )
    await expect(page.get_by_text("Computer (Windows)")).to_be_visible()
    close = page.get_by_role("status").get_by_role("button", name="Schließen")
    while await close.count():
        await close.first.click()
    await both(page, "geraete")

    user = next(person["user"] for person in await office("people.list") if not person["me"])
    for title, place in (("Lindenweg 4", "Lindenweg 4, Kassel"), ("Schule Nord", "Am Anger 12, Kassel")):
        await office("chats.create", "site", title, place, [user])
    await open_place(page, "/settings")
    await page.get_by_role("switch", name=re.compile("Einfache Ansicht")).check()
    await page.get_by_role("link", name=re.compile("^Chats")).click()
    await expect(page.get_by_role("link", name="Schule Nord")).to_be_visible()
    await both(page, "einfach")
