"""A long history: scrolled through without a jump, a hole or a message twice; opened where one was."""

import re

from playwright.async_api import Page, expect

from bench.app_pages import SCROLL
from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import crew
from .engine import engine as engine_of

COUNT = 1500


async def long_history(server: Serving, make: Make, engines: MakeEngine) -> Page:
    team = await crew(server, make, engines)
    site = await team.site("Lindenweg 4")
    own = await engine_of(team.anna)
    await own.page.evaluate("(given) => seed(...given)", [site, team.ben_id, 100, COUNT])
    return await team.open(site)


async def test_a_long_history_stays_put(server: Serving, phone: Make, engine: MakeEngine) -> None:
    page = await long_history(server, phone, engine)
    await expect(page.get_by_role("article", name=re.compile(rf": {COUNT}\. "))).to_be_in_viewport()
    up = await page.evaluate(SCROLL, -700)
    assert up["jumps"] == []
    assert sorted(up["seen"]) == list(range(1, COUNT + 1))
    assert up["most"] <= 160
    await expect(page.get_by_role("log").get_by_text("hat den Chat angelegt")).to_be_visible()
    down = await page.evaluate(SCROLL, 700)
    assert down["jumps"] == []
    assert sorted(down["seen"]) == list(range(1, COUNT + 1))


async def test_one_comes_back_to_where_one_was(server: Serving, phone: Make, engine: MakeEngine) -> None:
    page = await long_history(server, phone, engine)
    log = page.get_by_role("log")
    last = page.get_by_role("article", name=re.compile(rf": {COUNT}\. "))
    await expect(last).to_be_in_viewport()
    await log.evaluate("(view) => view.scrollBy(0, -2500)")
    await expect(page.get_by_role("button", name="Zum Neuesten")).to_be_visible()
    top = (
        "(view) => [...view.querySelectorAll('article')].find((a) => a.getBoundingClientRect().bottom > 70).dataset.id"
    )
    before = await log.evaluate(top)
    await page.get_by_role("button", name="Über diesen Chat").click()
    await page.get_by_role("button", name="Zurück").click()
    await expect(log).to_have_attribute("aria-busy", "false")
    assert await log.evaluate(top) == before
    await page.get_by_role("button", name="Zum Neuesten").click()
    await expect(last).to_be_in_viewport()
