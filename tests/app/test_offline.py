"""Writing without a network, and what is said about it."""

import re

from playwright.async_api import expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import crew, look


async def test_what_is_written_offline_waits_visibly_and_goes_once(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    page = await team.open(site)
    await team.anna.offline()
    for text in ("Eins", "Zwei"):
        await page.get_by_label("Nachricht", exact=True).fill(text)
        await page.get_by_role("button", name="Senden").click()
    log = page.get_by_role("log")
    await expect(log.get_by_role("img", name="Wartet auf Verbindung")).to_have_count(2)
    await expect(page.get_by_text("Keine Verbindung. Du kannst weiterschreiben").filter(visible=True)).to_be_visible()
    await look(page, "chat-offline")
    await team.ben.say(site, "Inzwischen von Ben")
    await team.anna.online()
    await expect(log.get_by_role("img", name="Zugestellt")).to_have_count(2)
    await expect(log.get_by_role("article", name=re.compile("Inzwischen"))).to_be_visible()

    async def all_there() -> bool:
        texts = [one["text"] for one in await team.ben.lines(site) if one["kind"] == "text"]
        assert len(texts) == len(set(texts))
        return texts == ["Inzwischen von Ben", "Eins", "Zwei"]

    await team.ben.until(all_there)
