"""Photos as people edit them: from the camera's file to the other's phone, and the list of defects on paper."""

import io
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter
from playwright.async_api import CDPSession, Locator, Page, expect

from e2e.process import Serving

from .browser import DESKTOP, PHONE
from .conftest import Make, MakeEngine
from .crew import Crew, crew, sent, upload
from .engine import Engine, data_of
from .memory import MEBIBYTE, Growth
from .pictures import big_photo, blob, exif, greenest, opened, says_nothing
from .tools import axe, shoot


def wall() -> bytes:
    """A wall with a crack, a door, a window, and a green plate that nobody else shall read. With place and camera."""
    image = Image.new("RGB", (1600, 1200), (176, 190, 200))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 800, 1600, 1200), fill=(120, 104, 88))
    draw.rectangle((200, 200, 1400, 900), fill=(196, 150, 120))
    for y in range(200, 900, 50):
        draw.line((200, y, 1400, y), fill=(170, 128, 100), width=3)
        for x in range(200 + (y // 50 % 2) * 60, 1400, 120):
            draw.line((x, y, x, y + 50), fill=(170, 128, 100), width=3)
    draw.rectangle((500, 380, 760, 900), fill=(60, 48, 40))
    draw.rectangle((900, 420, 1200, 640), fill=(130, 150, 200), outline=(240, 240, 240), width=14)
    draw.line((760, 380, 860, 250, 880, 200), fill=(40, 30, 25), width=5)
    draw.rectangle((1150, 950, 1450, 1050), fill=(0, 200, 0))
    draw.text((1165, 965), "B-KR 4711", fill=(0, 40, 0), font_size=54)
    out = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(1)).save(out, "JPEG", exif=exif(1).tobytes(), quality=88)
    return out.getvalue()


class Pen:
    """Draws on the stage; places are parts of the photo's own width and height."""

    def __init__(self, page: Page, ratio: float = 4 / 3) -> None:
        self.page = page
        self.ratio = ratio

    async def _at(self, x: float, y: float) -> tuple[float, float]:
        box = await self.page.get_by_role("application").bounding_box()
        assert box is not None
        width = min(box["width"] - 24, (box["height"] - 24) * self.ratio)
        height = width / self.ratio
        left = box["x"] + (box["width"] - width) / 2
        top = box["y"] + (box["height"] - height) / 2
        return left + x * width, top + y * height

    async def tap(self, x: float, y: float) -> None:
        await self.page.mouse.click(*await self._at(x, y))

    async def drag(self, x0: float, y0: float, x1: float, y1: float) -> None:
        await self.page.mouse.move(*await self._at(x0, y0))
        await self.page.mouse.down()
        await self.page.mouse.move(*await self._at((x0 + x1) / 2, (y0 + y1) / 2))
        await self.page.mouse.move(*await self._at(x1, y1))
        await self.page.mouse.up()


async def look(page: Page, name: str) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.screenshot()
        await shoot(page, f"{name}-{scheme}")
        await axe(page)


async def paper(file: Path, name: str) -> None:
    """A picture of the first sheet, where SHOTS names a folder."""
    if folder := os.environ.get("SHOTS"):
        target = str(Path(folder) / name)
        subprocess.run(["pdftoppm", "-png", "-singlefile", "-r", "60", str(file), target], check=True)


async def attach(page: Page, data: bytes, name: str = "IMG_0815.jpg") -> None:
    await page.get_by_role("button", name="Anhängen").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Foto", exact=False).last.click()
    await (await chooser.value).set_files(upload(data, name, "image/jpeg"))


async def editor(page: Page) -> Locator:
    await page.get_by_role("button", name="Bearbeiten").click()
    found = page.get_by_role("dialog", name="Foto bearbeiten")
    # 48 megapixels take their time on a small machine.
    await expect(found.get_by_role("application")).to_be_visible(timeout=40_000)
    return found


async def photos(ben: Engine, site: str, count: int = 1) -> list[dict[str, Any]]:
    async def look_for() -> list[dict[str, Any]]:
        found = [line for line in await ben.lines(site) if line["kind"] == "photo"]
        return found if len(found) >= count else []

    return await ben.until(look_for)


async def fetched(ben: Engine, site: str, line: dict[str, Any]) -> list[bytes]:
    """All pictures that came: as shown, thumbnail, original."""
    shown = line["files"][0]
    names = [shown["blob"], *([shown["original"]] if shown["original"] else [])]
    whole = [data_of(await ben("files.open", site, line["id"], name)) for name in names]
    return [*whole, blob(shown["thumbnail"])]


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_marked_blacked_out_sent_listed_printed(
    server: Serving, phone: Make, engine: MakeEngine, tmp_path: Path, device: dict[str, Any]
) -> None:
    name = "phone" if device is PHONE else "desktop"
    team = await crew(server, phone, engine, **device)
    site = await team.site("Neubau Lindenweg", "Lindenweg 4, 34117 Kassel")
    page = await team.open(site)
    await attach(page, wall())
    dialog = await editor(page)
    pen = Pen(page)
    await pen.tap(0.53, 0.25)
    await dialog.get_by_role("button", name="Mangel 1").click()
    sheet = page.get_by_role("dialog", name="Mangel 1")
    await sheet.get_by_label("Was ist zu tun?").fill("Riss über dem Sturz verpressen")
    await sheet.get_by_label("Wo?").fill("Erdgeschoss, Straßenseite")
    await sheet.get_by_label("Wer?").fill("Maler Łukasz Öztürk")
    await sheet.get_by_label("Bis wann?").fill("2026-12-04")
    await look(page, f"foto-defect-{name}")
    await sheet.get_by_role("button", name="Fertig").click()
    await dialog.get_by_role("button", name="Pfeil").click()
    await pen.drag(0.8, 0.12, 0.58, 0.23)
    await dialog.get_by_role("button", name="Nummer").click()
    await pen.tap(0.66, 0.6)
    await dialog.get_by_role("button", name="Schwärzen").click()
    await pen.drag(0.71, 0.78, 0.92, 0.89)
    await expect(dialog.get_by_text("Was geschwärzt ist, verlässt dieses Gerät nicht.")).to_be_visible()
    await look(page, f"foto-editor-{name}")
    await dialog.get_by_role("button", name="Zuschneiden").click()
    await look(page, f"foto-crop-{name}")
    await dialog.get_by_role("button", name="Stempel").click()
    await dialog.get_by_text("Uhrzeit").click()
    await dialog.get_by_text("Baustelle", exact=True).click()
    await dialog.get_by_role("button", name="Markierungen").click()
    marks = page.get_by_role("dialog", name="Markierungen")
    await expect(marks.get_by_role("button", name=re.compile("^(Nummer|Pfeil|Schwärzen|Stempel)"))).to_have_count(5)
    await marks.get_by_role("button", name="Schließen").click()
    await dialog.get_by_role("button", name="Fertig").click()
    await expect(dialog).to_be_hidden()
    await page.get_by_text("Original", exact=True).click()
    await look(page, f"foto-send-{name}")
    await page.get_by_role("button", name="Senden").last.click()

    (line,) = await photos(team.ben, site)
    for data in await fetched(team.ben, site, line):
        says_nothing(data)
        assert greenest(opened(data)) < 60
    assert line["files"][0]["layers"]

    await page.get_by_role("button", name="Mängelliste").click()
    first = page.get_by_role("article", name="Mangel 1")
    await expect(first).to_contain_text("Riss über dem Sturz verpressen")
    await expect(first).to_contain_text("04.12.2026")
    await expect(page.get_by_role("article", name="Mangel 2")).to_contain_text("offen")
    await look(page, f"foto-list-{name}")
    await page.get_by_role("article", name="Mangel 2").get_by_role("button", name=re.compile("Erledigt")).click()
    await expect(page.get_by_role("article", name="Mangel 2")).to_contain_text("erledigt")
    async with page.expect_download() as downloaded:
        await page.get_by_role("button", name="Als PDF").click()
    file = tmp_path / "list.pdf"
    await (await downloaded.value).save_as(file)
    text = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True).stdout
    for words in (
        "Mängelliste", "Neubau Lindenweg", "Riss über dem Sturz verpressen", "Erdgeschoss, Straßenseite",
        "Maler Łukasz Öztürk", "04.12.2026", "erledigt", "1 offen, 1 erledigt", "Anna Huber", "Seite 1 von 1",
    ):  # fmt: skip
        assert words in text, words
    await paper(file, f"foto-pdf-{name}")
    listed = subprocess.run(["pdfimages", "-list", str(file)], capture_output=True, text=True, check=True).stdout
    assert "jpeg" in listed
    subprocess.run(["pdfimages", "-j", str(file), str(tmp_path / "in")], check=True)
    for picture in tmp_path.glob("in-*.jpg"):
        assert greenest(Image.open(picture).convert("RGB")) < 60


async def test_what_was_drawn_can_be_changed_later_but_black_stays_black(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg")
    page = await team.open(site)
    await attach(page, wall())
    dialog = await editor(page)
    pen = Pen(page)
    await dialog.get_by_role("button", name="Schwärzen").click()
    await pen.drag(0.71, 0.78, 0.92, 0.89)
    await dialog.get_by_role("button", name="Rechteck").click()
    await pen.drag(0.3, 0.3, 0.5, 0.8)
    await dialog.get_by_role("button", name="Rückgängig").click()
    await dialog.get_by_role("button", name="Wiederholen").click()
    await dialog.get_by_role("button", name="Fertig").click()
    await page.get_by_text("Original", exact=True).click()
    await page.get_by_role("button", name="Senden").last.click()
    await photos(team.ben, site)

    await page.get_by_role("log").get_by_role("button", name=re.compile("Foto")).last.click()
    dialog = await editor(page)
    await dialog.get_by_role("button", name="Markierungen").click()
    marks = page.get_by_role("dialog", name="Markierungen")
    # The black-out is in the pixels now; the rectangle is still a rectangle, and can go.
    await expect(marks.get_by_role("button", name=re.compile("Schwärzen"))).to_have_count(0)
    await marks.get_by_role("button", name=re.compile("Rechteck")).click()
    await dialog.get_by_role("button", name="Markierung löschen").click()
    await dialog.get_by_role("button", name="Fertig").click()
    await page.get_by_role("button", name="Senden").last.click()
    lines = await photos(team.ben, site, 2)
    before, after = [(await fetched(team.ben, site, line))[0] for line in lines[:2]]
    edge = (round(0.3 * 1600), round(0.55 * 1200))
    red, plain = opened(before).convert("RGB").getpixel(edge), opened(after).convert("RGB").getpixel(edge)
    assert isinstance(red, tuple)
    assert isinstance(plain, tuple)
    assert red[0] - red[2] > 120
    assert plain[0] - plain[2] < 120
    assert greenest(opened(after)) < 60
    # The new one says from which it was made, and leads there.
    assert lines[1]["editedFrom"]["id"] == lines[0]["id"]
    await look(page, "foto-edited-from")
    link = page.get_by_role("log").get_by_role("button", name="bearbeitet aus dem Foto von Anna Huber")
    await expect(link).to_have_count(1)
    await link.click()
    await expect(page.locator(f"[data-id='{lines[0]['id']}']")).to_have_class(re.compile("marked"))


async def test_the_keyboard_is_enough(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team: Crew = await crew(server, phone, engine, **DESKTOP)
    page = await team.open(await team.site("Lindenweg"))
    await attach(page, wall())
    dialog = await editor(page)
    await dialog.get_by_role("button", name="Schwärzen").press("Enter")
    stage = dialog.get_by_role("application")
    await stage.press("Enter")
    await dialog.get_by_role("button", name="Nummer").press("Enter")
    await stage.press("Enter")
    await stage.press("ArrowRight")
    await stage.press("Shift+ArrowDown")
    await stage.press("Delete")
    await stage.press("Control+z")
    await stage.press("Control+z")
    await dialog.get_by_role("button", name="Markierungen").press("Enter")
    marks = page.get_by_role("dialog", name="Markierungen")
    await expect(marks.get_by_role("button", name=re.compile("^(Nummer|Schwärzen)"))).to_have_count(2)
    await page.keyboard.press("Escape")
    await dialog.get_by_role("button", name="Abbrechen").press("Enter")
    await page.get_by_role("button", name="Verwerfen").press("Enter")
    await expect(dialog).to_be_hidden()


async def test_a_broken_photo_says_so(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    page = await team.open(await team.site("Lindenweg"))
    await attach(page, wall()[:300])
    await page.get_by_role("button", name="Bearbeiten").click()
    await expect(page.get_by_text("Das Bild ist beschädigt oder hat ein unbekanntes Format.")).to_be_visible()


async def test_three_keys_leave_room_for_the_title(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    defect = {"number": 1, "note": "Riss", "place": "", "who": "", "due": None, "state": "open"}
    await team.ben.say(site, "", files=[{**sent(wall(), "a.jpg", "image/jpeg", is_photo=True), "defects": [defect]}])
    page = await team.open(site)
    await expect(page.get_by_role("button", name="Mängelliste")).to_be_visible()
    await expect(page.get_by_role("button", name="Funk", exact=True)).to_be_visible()
    title = page.get_by_role("heading", level=1)
    assert await title.evaluate("(title) => title.scrollWidth <= title.clientWidth")
    await look(page, "chat-three-keys")
    await title.click()
    await expect(page).to_have_url(re.compile("/info$"))


class Fingers:
    """Fingers on the screen, as the browser is told of them."""

    def __init__(self, session: CDPSession) -> None:
        self.session = session

    async def __call__(self, kind: str, *spots: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(spots)]
        await self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


async def test_two_fingers_zoom_and_draw_nothing(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    page = await team.open(await team.site("Lindenweg"))
    await attach(page, wall())
    dialog = await editor(page)
    box = await dialog.get_by_role("application").bounding_box()
    assert box is not None
    touch = Fingers(await page.context.new_cdp_session(page))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    whole = dialog.get_by_role("button", name="Ganzes Bild zeigen")
    await expect(whole).to_be_hidden()
    await touch("touchStart", (x - 20, y))
    await touch("touchStart", (x - 20, y), (x + 20, y))
    for apart in (40, 80, 120):
        await touch("touchMove", (x - apart, y), (x + apart, y))
    await touch("touchEnd")
    await expect(whole).to_be_visible()
    await expect(dialog.get_by_role("button", name="Rückgängig")).to_be_disabled()
    await whole.click()
    await touch("touchStart", (x, y))
    await touch("touchEnd")
    await expect(dialog.get_by_role("button", name="Rückgängig")).to_be_enabled()


async def test_a_glove_takes_hold_of_a_corner_from_48_pixels_away(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg")
    page = await team.open(site)
    await attach(page, wall())
    dialog = await editor(page)
    pen = Pen(page)
    await dialog.get_by_role("button", name="Schwärzen").click()
    await pen.drag(0.3, 0.3, 0.6, 0.6)
    x, y = await pen._at(0.6, 0.6)
    touch = Fingers(await page.context.new_cdp_session(page))
    away = 48 / 2**0.5 - 1
    wide, high = await pen._at(0.9, 0.9)
    await touch("touchStart", (x + away, y + away))
    await touch("touchMove", (x + away + 20, y + away + 20))
    await touch("touchMove", (wide, high))
    await touch("touchEnd")
    # Further away than a hand reaches, another one begins.
    await dialog.get_by_role("button", name="Markierungen").click()
    marks = page.get_by_role("dialog", name="Markierungen")
    await expect(marks.get_by_role("button", name=re.compile("^Schwärzen"))).to_have_count(1)
    await marks.get_by_role("button", name="Schließen").click()
    await dialog.get_by_role("button", name="Fertig").click()
    await page.get_by_role("button", name="Senden").last.click()
    (line,) = await photos(team.ben, site)
    shown = opened((await fetched(team.ben, site, line))[0]).convert("RGB")
    for part, black in ((0.45, True), (0.85, True), (0.95, False)):
        pixel = shown.getpixel((round(part * shown.width), round(part * shown.height)))
        assert isinstance(pixel, tuple)
        assert (max(pixel) < 30) == black, (part, pixel)


async def test_48_megapixels_are_edited_below_400_mb(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg")
    page = await team.open(site)
    growth = Growth()
    await attach(page, big_photo())
    dialog = await editor(page)
    await dialog.get_by_role("button", name="Schwärzen").click()
    await Pen(page).drag(0.2, 0.2, 0.6, 0.6)
    await dialog.get_by_role("button", name="Fertig").click()
    await page.get_by_role("button", name="Senden").last.click()
    (line,) = await photos(team.ben, site)
    grown = growth.most()
    assert 50 * MEBIBYTE < grown < 400 * MEBIBYTE, f"{grown / MEBIBYTE:.0f} MiB"
    assert greenest(opened((await fetched(team.ben, site, line))[0])) < 60
