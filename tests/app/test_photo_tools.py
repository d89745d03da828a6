"""Every tool of the photo editor by hand, as it arrives with the other: marks, words and lengths, framing, light, stamps."""

import io
import re
from typing import Any

from PIL import Image
from playwright.async_api import Locator, Page, expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import crew, sent, upload
from .engine import data_of
from .pictures import exif, greenest, opened, says_nothing, secret_photo
from .test_photo_editor import Pen, attach, editor, fetched, photos

WIDTH, HEIGHT = 1600, 1200
COLOURS = {
    "Rot": (225, 29, 42), "Gelb": (255, 212, 0), "Grün": (22, 163, 74), "Blau": (29, 111, 232), "Weiß": (255, 255, 255),
    "Schwarz": (17, 17, 17),
}  # fmt: skip
# web/src/lib/ui/photo/tools.ts: a stroke in units, of which the longer side has 16,384.
THIN, THICK = 60 * WIDTH / 16_384, 190 * WIDTH / 16_384


def plain(**colours: tuple[int, int, int]) -> bytes:
    """Grey, or an upper and a lower half."""
    image = Image.new("RGB", (WIDTH, HEIGHT), colours.get("above", (128, 128, 128)))
    if below := colours.get("below"):
        image.paste(below, (0, HEIGHT // 2, WIDTH, HEIGHT))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, exif=exif().tobytes())
    return out.getvalue()


async def take(dialog: Locator, tool: str, colour: str = "", thickness: str = "") -> None:
    """A tool, its colour and thickness."""
    await dialog.get_by_role("toolbar").get_by_role("button", name=tool, exact=True).click()
    for group, name in (("Farbe", colour), ("Dicke", thickness)):
        if name:
            await dialog.get_by_role("group", name=group).get_by_title(name, exact=True).click()


async def words(page: Page, tool: str, text: str) -> None:
    """Answer what a text or a length asks for."""
    sheet = page.get_by_role("dialog", name=tool, exact=True)
    await sheet.get_by_role("textbox").fill(text)
    await sheet.get_by_role("button", name="Fertig").click()
    await expect(sheet).to_be_hidden()


def near(pixel: Any, colour: str) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(pixel, COLOURS[colour], strict=True))


def count(image: Image.Image, colour: str, x0: float, y0: float, x1: float, y1: float) -> int:
    """Pixels of a colour in a part of the picture."""
    box = tuple(round(v) for v in (x0 * image.width, y0 * image.height, x1 * image.width, y1 * image.height))
    return sum(near(pixel, colour) for pixel in image.crop(box).get_flattened_data())


def column(image: Image.Image, colour: str, x: float, y0: float, y1: float) -> int:
    """How thick a stroke is where it crosses a column."""
    return count(image, colour, x, y0, x + 1 / image.width, y1)


async def arrived(ben: Any, site: str) -> Image.Image:
    line = (await photos(ben, site))[-1]
    shown = (await fetched(ben, site, line))[0]
    says_nothing(shown)
    return opened(shown).convert("RGB")


async def test_each_tool_draws_in_its_colour_and_thickness_into_what_is_sent(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg")
    page = await team.open(site)
    await attach(page, plain())
    dialog, pen = await editor(page), Pen(page)
    await take(dialog, "Linie", "Gelb", "Dick")
    await pen.drag(0.1, 0.1, 0.4, 0.1)
    await take(dialog, "Linie", "Blau", "Dünn")
    await pen.drag(0.6, 0.1, 0.9, 0.1)
    await take(dialog, "Kreis", "Grün", "Mittel")
    await pen.drag(0.1, 0.25, 0.4, 0.45)
    await take(dialog, "Rechteck", "Rot")
    await pen.drag(0.6, 0.25, 0.9, 0.45)
    await take(dialog, "Stift", "Weiß", "Dick")
    await pen.drag(0.1, 0.6, 0.4, 0.6)
    await take(dialog, "Text", "Schwarz")
    await pen.tap(0.6, 0.55)
    await words(page, "Text", "Kabel")
    await take(dialog, "Maß", "Rot", "Mittel")
    await pen.drag(0.1, 0.88, 0.4, 0.88)
    await words(page, "Maß", "2,45 m")
    await take(dialog, "Pfeil", "Gelb", "Mittel")
    await pen.drag(0.6, 0.85, 0.9, 0.85)
    # Undone to the beginning and done again: nothing is lost on the way.
    undo = dialog.get_by_role("button", name="Rückgängig")
    while await undo.is_enabled():
        await undo.click()
    await dialog.get_by_role("button", name="Markierungen").click()
    await expect(page.get_by_text("Noch nichts markiert.")).to_be_visible()
    await page.get_by_role("dialog", name="Markierungen").get_by_role("button", name="Schließen").click()
    redo = dialog.get_by_role("button", name="Wiederholen")
    while await redo.is_enabled():
        await redo.click()
    await dialog.get_by_role("button", name="Fertig").click()
    await page.get_by_role("button", name="Senden").last.click()

    image = await arrived(team.ben, site)
    assert abs(column(image, "Gelb", 0.25, 0.05, 0.15) - THICK) < 5
    assert abs(column(image, "Blau", 0.75, 0.05, 0.15) - THIN) < 4
    for x, y in ((0.1, 0.35), (0.4, 0.35), (0.25, 0.25), (0.25, 0.45)):
        assert count(image, "Grün", x - 0.02, y - 0.02, x + 0.02, y + 0.02) > 100, "the circle's four ends"
    assert count(image, "Grün", 0.17, 0.3, 0.33, 0.4) == 0, "and nothing in it"
    for x, y in ((0.6, 0.25), (0.9, 0.25), (0.9, 0.45), (0.6, 0.45)):
        assert count(image, "Rot", x - 0.02, y - 0.02, x + 0.02, y + 0.02) > 100, "the rectangle's four corners"
    assert count(image, "Rot", 0.63, 0.29, 0.87, 0.41) == 0
    assert abs(column(image, "Weiß", 0.25, 0.55, 0.65) - THICK) < 5
    assert count(image, "Schwarz", 0.6, 0.55, 0.8, 0.66) > 500, "letters"
    assert count(image, "Rot", 0.12, 0.87, 0.38, 0.89) > 1_000, "the length's line"
    assert count(image, "Rot", 0.18, 0.78, 0.32, 0.86) > 300, "and what it says, above it"
    assert count(image, "Gelb", 0.62, 0.84, 0.86, 0.86) > 1_000, "the arrow"
    shaft, head = (column(image, "Gelb", x, 0.78, 0.92) for x in (0.7, 0.88))
    assert head > 1.5 * shaft > 0


async def test_turned_straightened_cropped_and_brighter(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg")
    page = await team.open(site)
    await attach(page, plain(above=(180, 60, 60), below=(60, 60, 180)))
    dialog = await editor(page)
    await take(dialog, "Zuschneiden")
    await dialog.get_by_role("button", name="Nach rechts drehen").click()
    await dialog.get_by_label("Gerade rücken").fill("100")
    await expect(dialog.get_by_label("Gerade rücken")).to_have_attribute("aria-valuetext", "10 Grad")
    await dialog.get_by_role("group", name="Format").get_by_text("1 : 1").click()
    await dialog.locator(".framing").get_by_role("button", name="Zuschneiden").click()
    await take(dialog, "Helligkeit")
    await dialog.get_by_role("slider", name="Helligkeit").fill("40")
    await dialog.get_by_role("slider", name="Kontrast").fill("30")
    await dialog.get_by_role("button", name="Fertig").click()
    await page.get_by_role("button", name="Senden").last.click()

    image = await arrived(team.ben, site)
    assert abs(image.width - image.height) <= 1
    # What was above is on the right now, what was below on the left.
    left, right = (image.getpixel((round(x * image.width), image.height // 2)) for x in (0.1, 0.9))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[2] > left[0] + 60
    assert right[0] > right[2] + 60
    assert max(right) > 200, "brighter"

    def border(y: float) -> int:
        row = [image.getpixel((x, round(y * image.height))) for x in range(image.width)]
        return next(x for x, pixel in enumerate(row) if isinstance(pixel, tuple) and pixel[0] > pixel[2])

    # Ten degrees: over four fifths of the height the border moves by tan(10°) of that.
    moved = abs(border(0.9) - border(0.1)) / (0.8 * image.height)
    assert abs(moved - 0.176) < 0.02


async def test_the_camera_place_goes_along_only_as_a_stamp(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg")
    page = await team.open(site)
    await attach(page, plain())
    dialog = await editor(page)
    await take(dialog, "Stempel")
    # The camera's time and place, which the file does not say any more.
    for name in ("Uhrzeit", "Ort"):
        await dialog.get_by_text(name, exact=True).click()
    await dialog.get_by_role("button", name="Fertig").click()
    await page.get_by_text("Original", exact=True).click()
    await page.get_by_role("button", name="Senden").last.click()
    (line,) = await photos(team.ben, site)
    shown, *others = await fetched(team.ben, site, line)
    for data in (shown, *others):
        says_nothing(data)
    image = opened(shown).convert("RGB")
    corner = image.getpixel((4, image.height - 4))
    assert isinstance(corner, tuple)
    assert max(corner) < 80, "a dark band"
    layers = data_of(await team.ben("files.open", site, line["id"], line["files"][0]["layers"]))
    for said in (b"24.11.2026, 13:05", b"52.51000, 13.37000"):
        assert said in layers


async def test_a_photo_of_somebody_else_is_blacked_out_and_sent_on(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg")
    await team.ben.say(site, "Schau mal", files=[sent(secret_photo(), "IMG_1.jpg", "image/jpeg", is_photo=True)])
    page = await team.open(site)
    # The editor is asked for while the viewer still fetches the photo: it waits for it.
    team.anna.link.delay = 0.5
    await page.get_by_role("log").get_by_role("button", name=re.compile("Foto")).last.click()
    dialog = await editor(page)
    team.anna.link.delay = 0
    await take(dialog, "Schwärzen")
    await Pen(page).drag(0.2, 0.2, 0.55, 0.55)
    await dialog.get_by_role("button", name="Fertig").click()
    await page.get_by_role("button", name="Senden").last.click()
    before, after = await photos(team.ben, site, 2)
    assert greenest(opened((await fetched(team.ben, site, before))[0])) > 150
    for data in await fetched(team.ben, site, after):
        assert greenest(opened(data)) < 60
    assert (after["senderName"], after["editedFrom"]["id"]) == ("Anna Huber", before["id"])
    link = page.get_by_role("log").get_by_role("button", name="bearbeitet aus dem Foto von Ben Yıldız")
    await expect(link).to_be_visible()


async def test_several_photos_go_in_one_message_with_a_caption_and_one_of_them_marked(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg")
    page = await team.open(site)
    await page.get_by_role("button", name="Anhängen").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Foto", exact=False).last.click()
    files = [upload(plain(), f"IMG_{n}.jpg", "image/jpeg") for n in range(2)]
    await (await chooser.value).set_files([*files, upload(secret_photo(), "IMG_2.jpg", "image/jpeg")])
    await page.get_by_role("button", name="IMG_2.jpg", exact=True).click()
    dialog = await editor(page)
    await take(dialog, "Schwärzen")
    await Pen(page).drag(0.2, 0.2, 0.55, 0.55)
    await dialog.get_by_role("button", name="Fertig").click()
    await expect(dialog).to_be_hidden()
    await page.get_by_role("dialog").get_by_role("textbox").fill("Drei Ecken")
    await page.get_by_role("button", name="Senden").last.click()
    (line,) = await photos(team.ben, site)
    assert (line["text"], len(line["files"])) == ("Drei Ecken", 3)
    for file in line["files"]:
        data = data_of(await team.ben("files.open", site, line["id"], file["blob"]))
        says_nothing(data)
        assert greenest(opened(data)) < 60
