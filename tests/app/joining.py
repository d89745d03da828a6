"""Steps that many journeys share: getting in, going somewhere, looking."""

import re

from playwright.async_api import Page, expect

from .browser import Device
from .tools import axe, shoot

COPY = "() => { navigator.clipboard.writeText = async (text) => { globalThis.copied = text } }"
"""What is copied is in `copied`."""


async def come_in(device: Device, link: str, name: str) -> Page:
    """Open a set-up or invitation link, give a name, keep the recovery code for later."""
    page = await device.open(link)
    await page.get_by_label("Dein Name").fill(name)
    await page.get_by_role("button", name="Los geht’s").click()
    await page.get_by_role("button", name="Später").click()
    await expect(page.get_by_role("navigation")).to_be_visible()
    return page


async def open_place(page: Page, path: str) -> None:
    """Go somewhere by its address, as a reload or a notification does."""
    await page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + path)


async def look(page: Page, name: str) -> None:
    """No barrier, and a picture, in light and dark."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        await axe(page)
        await shoot(page, f"{name}-{scheme}")


async def open_person(page: Page, name: str) -> None:
    await open_place(page, "/people")
    await page.get_by_role("link", name=re.compile(name)).click()
    await expect(page.get_by_role("button", name="Nachricht schreiben")).to_be_visible()
