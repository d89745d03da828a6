"""Two people and their two phones: what one shows, the other's camera sees, and both see the mark."""

import io
import re
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, expect

from e2e.process import Serving

from .camera import HEIGHT, WIDTH, film, seeing
from .conftest import Make
from .joining import COPY, come_in, look, open_person, open_place

MARK = re.compile("geprüft")


async def marked(page: Page, name: str) -> None:
    """The mark stands in the list of people and on the person's page."""
    await open_place(page, "/people")
    await expect(page.get_by_role("link", name=re.compile(f"{name}.*geprüft"))).to_be_visible()
    await look(page, f"people-{name}-verified")
    await open_person(page, name)
    await expect(page.get_by_text("Mitarbeiter · geprüft").or_(page.get_by_text("Inhaber · geprüft"))).to_be_visible()


async def test_one_shows_the_other_scans_then_both_compare(server: Serving, phone: Make, tmp_path: Path) -> None:
    flags = seeing(tmp_path, "nothing yet")
    ben, anna = await phone(), await phone(flags=flags, permissions=["camera"])
    bens = await come_in(ben, server.setup, "Ben")
    await open_place(bens, "/people/invite")
    await bens.get_by_role("button", name="Einladung erstellen").click()
    await bens.evaluate(COPY)
    await bens.get_by_role("button", name="Link kopieren").click()
    annas = await come_in(anna, await bens.evaluate("copied"), "Anna")
    await open_person(bens, "Anna")
    await bens.get_by_role("link", name=re.compile("Identität prüfen")).click()
    code = bens.get_by_role("img", name="Dein Code zum Prüfen")
    await expect(code).to_be_visible()

    # Anna's camera looks at Ben's screen, as it is drawn there.
    screen = Image.open(io.BytesIO(await code.screenshot())).convert("L")
    wall = Image.new("L", (WIDTH, HEIGHT), 200)
    screen = screen.resize((HEIGHT - 60, HEIGHT - 60))
    wall.paste(screen, ((WIDTH - screen.width) // 2, 30))
    film(tmp_path, wall.tobytes())
    await open_person(annas, "Ben")
    await annas.get_by_role("link", name=re.compile("Identität prüfen")).click()
    await annas.get_by_role("button", name="Code scannen").click()
    await expect(annas.get_by_text("Ben ist jetzt geprüft.")).to_be_visible(timeout=30_000)
    await expect(annas.get_by_role("status").filter(has_text="Ben ist geprüft")).to_be_visible()

    # Ben knows nothing of that: for him it is the number, the same on both screens.
    await expect(bens.get_by_text("Anna ist geprüft")).to_have_count(0)
    number = bens.get_by_label("Prüfnummer")
    await expect(annas.get_by_label("Prüfnummer")).to_have_text(await number.inner_text(), use_inner_text=True)
    await bens.get_by_role("button", name="Die Nummern sind gleich").click()
    await expect(bens.get_by_text("Anna ist geprüft")).to_be_visible()
    for page, name in ((annas, "Ben"), (bens, "Anna")):
        await marked(page, name)
