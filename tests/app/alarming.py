"""Steps that journeys with an alarm share."""

import re
from typing import Any

from playwright.async_api import Page, expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import Crew, crew
from .engine import engine as engine_of
from .joining import come_in


async def hold(page: Page, name: str) -> None:
    """Press a button for longer than it asks for."""
    button = page.get_by_role("button", name=name, exact=True)
    await button.scroll_into_view_if_needed()
    await button.hover()
    await page.mouse.down()
    await expect(button).to_have_class(re.compile("holding"))
    # Once held long enough it lets go by itself, and the page may already have gone on.
    await expect(page.locator(".hold.holding")).to_have_count(0, timeout=15_000)
    await page.mouse.up()


async def two_phones(server: Serving, phone: Make, engine: MakeEngine) -> tuple[Crew, Page, Any]:
    """Anna and Clara with the app in front of them, Ben by his engine, all on one site."""
    team = await crew(server, phone, engine)
    own = await engine_of(team.anna)
    link = (await own("people.invite", "member", 1, 1))["link"]
    device = await phone()
    await come_in(device, link, "Clara Öztürk")
    clara_id = await (await engine_of(device)).me()
    await own("chats.create", "site", "Baustelle Lindenweg", "", [team.ben_id, clara_id])
    team.page = await team.anna.open("/")
    clara = await device.open("/")
    await expect(clara.get_by_role("link", name="Baustelle Lindenweg")).to_be_visible()
    return team, clara, device
