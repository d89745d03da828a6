"""Photos and files: chosen, looked at, sent, fetched, saved; on a network that goes away."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import crew, look, photo, sent, upload
from .engine import data_of
from .pictures import opened

GPS = b"Exif\x00\x00MM\x00*GPS-52.5200-13.4050"


def with_place(jpeg: bytes) -> bytes:
    """A JPEG with an APP1 segment that holds a place."""
    return jpeg[:2] + b"\xff\xe1" + (len(GPS) + 2).to_bytes(2, "big") + GPS + jpeg[2:]


async def pick(page: Page, way: str, files: object) -> None:
    await page.get_by_role("button", name="Anhängen").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("dialog", name="Anhängen").get_by_role("button", name=way).click()
    await (await chooser.value).set_files(files)  # type: ignore[arg-type]


async def test_photos_are_looked_at_before_they_go_and_lose_their_place(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    page = await team.open(site)
    await page.get_by_role("button", name="Anhängen").click()
    await look(page, "attach")
    await page.keyboard.press("Escape")
    pictures = [with_place(await photo(team.ben.page, name)) for name in ("Wand", "Decke", "Keller")]
    files = [upload(data, f"IMG_{n}.jpg", "image/jpeg") for n, data in enumerate(pictures)]
    await pick(page, "Fotos", files)
    sheet = page.get_by_role("dialog", name="Senden")
    await expect(sheet.get_by_role("img", name="IMG_0.jpg")).to_be_visible()
    await look(page, "preview")
    await sheet.get_by_role("button", name="IMG_1.jpg", exact=True).click()
    await sheet.get_by_role("button", name="Entfernen: IMG_1.jpg").click()
    await sheet.get_by_label("Text dazu").fill("Zwei von drei")
    await sheet.get_by_role("button", name="Senden").click()
    await expect(page.get_by_role("button", name="Foto 2 von 2")).to_be_visible()

    async def came() -> list[bytes]:
        found = [one for one in await team.ben.lines(site) if one["kind"] == "photo"]
        return [
            data_of(await team.ben("files.open", site, one["id"], file["blob"]))
            for one in found
            for file in one["files"]
        ]

    arrived = await team.ben.until(came)
    assert len(arrived) == 2
    for data in arrived:
        assert data[:3] == b"\xff\xd8\xff"
        assert b"GPS" not in data


@pytest.mark.parametrize("original", [False, True], ids=["fast", "original"])
async def test_the_camera_is_one_tap_away(server: Serving, phone: Make, engine: MakeEngine, original: bool) -> None:
    """Its photo goes small and fast; with "Original" in full size too."""
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    page = await team.open(site)
    async with page.expect_file_chooser() as opening:
        await page.get_by_role("button", name="Kamera").click()
    chooser = await opening.value
    assert await chooser.element.get_attribute("capture") == "environment"
    taken = with_place(await photo(team.ben.page, "Wand", width=4000, height=3000))
    await chooser.set_files(upload(taken, "IMG_1.jpg", "image/jpeg"))  # type: ignore[arg-type]
    sheet = page.get_by_role("dialog", name="Senden")
    switch = sheet.get_by_role("switch", name="Original")
    await expect(switch).not_to_be_checked()
    await switch.set_checked(original)
    await sheet.get_by_role("button", name="Senden").click()
    await expect(page.get_by_role("button", name="Foto 1 von 1")).to_be_visible()

    async def came() -> dict[str, Any] | None:
        return next((one for one in await team.ben.lines(site) if one["kind"] == "photo"), None)

    line = await team.ben.until(came)
    assert line is not None
    (shown,) = line["files"]
    assert (shown["width"], shown["height"]) == (2048, 1536)
    assert bool(shown["original"]) is original
    if original:
        whole = data_of(await team.ben("files.open", site, line["id"], shown["original"]))
        assert opened(whole).size == (4000, 3000)
        assert b"GPS" not in whole


async def test_the_viewer_zooms_steps_and_saves(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    pictures = [
        await photo(team.ben.page, name, colour) for name, colour in (("Wand", "#7fa8a0"), ("Decke", "#a0a87f"))
    ]
    await team.ben.say(site, "Sieht gut aus", None, [sent(pictures[0], "Wand.jpg", "image/jpeg", is_photo=True)])
    await team.ben.say(site, "", None, [sent(pictures[1], "Decke.jpg", "image/jpeg", is_photo=True)])
    page = await team.open(site)
    await expect(page.get_by_role("button", name="Foto 1 von 1")).to_have_count(2)
    await page.get_by_role("button", name="Foto 1 von 1").last.click()
    viewer = page.get_by_role("dialog", name="Foto")
    shown = viewer.get_by_role("img")
    await expect(shown).to_have_attribute("src", re.compile("^blob:"))
    await expect(viewer.get_by_text("Foto 2 von 2")).to_be_visible()
    await expect(shown).not_to_have_class(re.compile("soft"))
    await look(page, "viewer")
    await shown.dblclick()
    await expect(shown).to_have_attribute("style", re.compile(r"scale\(2\.5\)"))
    await look(page, "viewer-near")
    await shown.dblclick()
    await page.keyboard.press("ArrowLeft")
    await expect(viewer.get_by_text("Sieht gut aus")).to_be_visible()
    async with page.expect_download() as saving:
        await viewer.get_by_role("button", name="Herunterladen").click()
    assert (await saving.value).suggested_filename == "Wand.jpg"
    await page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()


async def test_an_upload_is_cut_paused_and_goes_on(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    page = await team.open(site)
    plan = b"%PDF-1.7 " + bytes(range(256)) * 16_000
    spent = team.anna.link.cut_after("up", 1_500_000)
    await pick(page, "Datei", [upload(plan, "Plan.pdf", "application/pdf")])
    await page.get_by_role("dialog", name="Senden").get_by_role("button", name="Senden").click()
    await asyncio.wrap_future(spent)
    await expect(page.get_by_text("Wartet auf Verbindung").first).to_be_visible()
    await look(page, "upload-waiting")
    await page.get_by_role("button", name="Anhalten").click()
    await expect(page.get_by_text("Angehalten")).to_be_visible()
    await team.anna.online()
    await expect(page.get_by_text("Angehalten")).to_be_visible()
    await page.get_by_role("button", name="Fortsetzen").click()
    await expect(page.get_by_role("log").get_by_role("img", name="Zugestellt")).to_be_visible(timeout=30_000)

    async def came() -> bytes:
        found = [one for one in await team.ben.lines(site) if one["kind"] == "file"]
        if not found:
            return b""
        return data_of(await team.ben("files.open", site, found[0]["id"], found[0]["files"][0]["blob"]))

    assert await team.ben.until(came) == plan


async def test_a_file_is_fetched_with_progress_and_saved_as_what_it_was(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    plan = b"%PDF-1.7 " + bytes(range(256)) * 12_000
    await team.ben.say(site, "Der Plan", None, [sent(plan, "Plan EG.pdf", "application/pdf", is_photo=False)])
    page = await team.open(site)
    card = page.get_by_role("log").get_by_role("button", name=re.compile("Plan EG.pdf"))
    await expect(card).to_be_visible()
    team.anna.link.rate = 800_000
    async with page.expect_download(timeout=60_000) as saving:
        await card.click()
        await expect(page.get_by_role("progressbar", name="Wird geladen")).to_be_visible()
        await page.get_by_role("button", name="Anhalten").click()
        await expect(page.get_by_text("Angehalten")).to_be_visible()
        await look(page, "download-paused")
        await page.get_by_role("button", name="Fortsetzen").click()
    team.anna.link.rate = 0
    saved = await saving.value
    assert saved.suggested_filename == "Plan EG.pdf"
    assert (await saved.path()).read_bytes() == plan


async def test_too_many_or_empty_files_are_said_at_once(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    page = await team.open(await team.site("Lindenweg 4"))
    await pick(page, "Datei", [upload(b"x", f"{n}.txt", "text/plain") for n in range(11)])
    await expect(page.get_by_text("Höchstens 10 Dateien auf einmal.")).to_be_visible()
    await pick(page, "Datei", [upload(b"", "leer.txt", "text/plain")])
    await expect(page.get_by_text("Die Datei ist leer.")).to_be_visible()
    await pick(page, "Fotos", [upload(b"no picture", "kaputt.jpg", "image/jpeg")])
    await page.get_by_role("dialog", name="Senden").get_by_role("button", name="Senden").click()
    await expect(page.get_by_text("Das Bild ist beschädigt")).to_be_visible()
