"""Getting in, as people do: the owner by the set-up link, the others by invitation."""

import re

import pytest
from playwright.async_api import expect

from e2e.process import Serving

from .browser import DESKTOP, PHONE
from .conftest import Make, MakeEngine
from .engine import Engine
from .joining import look


async def test_the_owner_sets_up_and_keeps_the_code(server: Serving, phone: Make) -> None:
    anna = await phone()
    page = await anna.open(server.setup)
    await expect(page.get_by_role("heading", name="Elektro Huber einrichten")).to_be_focused()
    assert "#" not in page.url
    await look(page, "setup")
    await page.get_by_label("Dein Name").fill("Anna Huber")
    await page.get_by_role("button", name="Los geht’s").click()
    await expect(page.get_by_text(re.compile(r"^([0-9A-Z]{4}-){6}[0-9A-Z]{4}$"))).to_be_visible()
    await look(page, "keep-code")
    await page.get_by_role("button", name="Ich habe ihn aufbewahrt").click()
    await expect(page.get_by_role("heading", name="Chats", level=1)).to_be_visible()


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_whoever_is_invited_types_nothing_but_a_name(
    server: Serving, phone: Make, engine: MakeEngine, device: dict[str, object]
) -> None:
    anna = await engine()
    await anna.join(server.setup, "Anna Huber")
    link = (await anna("people.invite", "member", 1, 1))["link"]
    ben = await phone(**device)
    page = await ben.open(link)
    await expect(page.get_by_role("heading", name="Willkommen bei Elektro Huber")).to_be_visible()
    await expect(page.get_by_text("Eingeladen als Mitarbeiter")).to_be_visible()
    await look(page, f"join-{'phone' if device is PHONE else 'desktop'}")
    await page.get_by_label("Dein Name").fill("Ben Yıldız")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Später").click()
    await expect(page.get_by_role("heading", name="Chats", level=1)).to_be_visible()
    await anna.until(lambda: seen(anna, "Ben Yıldız"))


async def seen(anna: Engine, name: str) -> bool:
    return any(person["name"] == name for person in await anna("people.list"))
