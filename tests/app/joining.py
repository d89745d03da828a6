"""Steps that many journeys share: getting in."""

from playwright.async_api import Page, expect

from .browser import Device


async def come_in(device: Device, link: str, name: str) -> Page:
    """Open a set-up or invitation link, give a name, keep the recovery code for later."""
    page = await device.open(link)
    await page.get_by_label("Dein Name").fill(name)
    await page.get_by_role("button", name="Los geht’s").click()
    await page.get_by_role("button", name="Später").click()
    await expect(page.get_by_role("navigation")).to_be_visible()
    return page
