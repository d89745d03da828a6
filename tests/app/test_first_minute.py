"""From a link to the first message with nothing typed but a name; by keyboard, on small windows, on paper."""

import asyncio
import re
import time
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .joining import come_in, look, open_person, open_place

MINUTE_S = 60
CODE = re.compile(r"([0-9A-Z]{4}-){6}[0-9A-Z]{4}")
WIDER = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.checkVisibility() && !one.closest(".hidden, svg, [hidden]"))
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => `${one.tagName}.${one.className}`)"""


async def test_from_the_link_to_the_first_message(server: Serving, phone: Make, engine: MakeEngine) -> None:
    anna, ben = await engine(), await phone()
    await anna.join(server.setup, "Anna Huber")
    started = time.monotonic()
    page = await come_in(ben, (await anna("people.invite", "member", 1, 1))["link"], "Ben")
    await page.get_by_role("link", name="Personen").click()
    await page.get_by_role("link", name=re.compile("Anna Huber")).click()
    await page.get_by_role("button", name="Nachricht schreiben").click()
    await expect(page.get_by_label("Nachricht", exact=True)).to_be_visible()
    await page.get_by_label("Nachricht", exact=True).fill("Moin, bin da")
    await page.get_by_role("button", name="Senden").click()

    async def arrived() -> bool:
        for chat in await anna("chats.list"):
            if any(line["text"] == "Moin, bin da" for line in await anna.lines(chat["id"])):
                return True
        return False

    await anna.until(arrived)
    assert time.monotonic() - started < MINUTE_S, "of which all but what the machine does is the person's"


async def test_by_keyboard_alone(server: Serving, desktop: Make) -> None:
    page = await (await desktop()).open(server.setup)
    await expect(page.get_by_role("heading", name="Elektro Huber einrichten")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Dein Name")).to_be_focused()
    await page.keyboard.type("Anna")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Dein Wiederherstellungscode")).to_be_focused()
    for name in ("Drucken", "Kopieren", "Ich habe ihn aufbewahrt", "Später"):
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name=name)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("navigation")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Zum Inhalt springen")).to_be_focused()


async def fits(page: Page) -> None:
    assert await page.evaluate(WIDER) == []


async def test_everything_fits_at_four_times_the_size(server: Serving, desktop: Make, engine: MakeEngine) -> None:
    """1280 pixels at 400 % are 320 (WCAG 2.2, 1.4.10)."""
    anna, ben = await desktop(viewport={"width": 320, "height": 512}), await engine()
    page = await anna.open()
    await expect(page.get_by_role("button", name="Einladung scannen")).to_be_visible()
    await fits(page)
    await page.goto(server.setup)
    await expect(page.get_by_label("Dein Name")).to_be_visible()
    await fits(page)
    await page.get_by_label("Dein Name").fill("Anna-Katharina von Hohenzollern-Sigmaringen")
    await page.get_by_role("button", name="Los geht’s").click()
    await expect(page.get_by_role("button", name="Später")).to_be_visible()
    await fits(page)
    await page.get_by_role("button", name="Später").click()
    await open_place(page, "/people/invite")
    await expect(page.get_by_role("radio", name=re.compile("Mitarbeiter"))).to_be_visible()
    await fits(page)
    await page.get_by_role("button", name="Einladung erstellen").click()
    await page.evaluate("() => { navigator.clipboard.writeText = async (text) => { globalThis.copied = text } }")
    await page.get_by_role("button", name="Link kopieren").click()
    await fits(page)
    await ben.join(await page.evaluate("copied"), "Bartholomäus Freudenberger-Winterhalder")
    await open_person(page, "Bartholomäus")
    await fits(page)
    await page.get_by_role("link", name=re.compile("Identität prüfen")).click()
    await expect(page.get_by_label("Prüfnummer")).to_be_visible()
    await fits(page)
    for place in (
        "/people",
        "/settings",
        "/settings/devices",
        "/settings/code",
        "/settings/install",
        "/settings/about",
    ):
        await open_place(page, place)
        await expect(page.get_by_role("heading", level=1).last).to_be_visible()
        await fits(page)


async def test_the_code_on_paper_is_the_sheet_alone(server: Serving, phone: Make, tmp_path: Path) -> None:
    anna = await phone()
    page = await come_in(anna, server.setup, "Anna Huber")
    await open_place(page, "/settings/code")
    code = await page.get_by_text(CODE).inner_text()
    await page.pdf(path=tmp_path / "code.pdf", format="A4")
    done = await asyncio.create_subprocess_exec(
        "pdftotext", "-layout", str(tmp_path / "code.pdf"), "-", stdout=asyncio.subprocess.PIPE
    )
    text = (await done.communicate())[0].decode()
    assert code in text
    assert "Elektro Huber · Wiederherstellungscode von Anna Huber" in text
    assert "Drucken" not in text
    assert "Einstellungen" not in text
    assert text.count("\f") == 1, "one page"


@pytest.mark.parametrize("place", ["people", "settings"])
async def test_both_panes_on_a_desktop(server: Serving, desktop: Make, engine: MakeEngine, place: str) -> None:
    anna, ben = await desktop(), await engine()
    page = await come_in(anna, server.setup, "Anna Huber")
    await open_place(page, "/people/invite")
    await page.get_by_role("button", name="Einladung erstellen").click()
    await page.evaluate("() => { navigator.clipboard.writeText = async (text) => { globalThis.copied = text } }")
    await page.get_by_role("button", name="Link kopieren").click()
    await ben.join(await page.evaluate("copied"), "Ben Yıldız")
    if place == "people":
        await open_person(page, "Ben")
    else:
        await open_place(page, "/settings/profile")
        await expect(page.get_by_label("Name")).to_be_visible()
    await look(page, f"desktop-{place}")
