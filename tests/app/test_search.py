"""Looking for a message: in all chats and in one, with what people remember of it."""

import re

from playwright.async_api import Page, expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import crew, look, sent
from .engine import engine as engine_of


async def looked_for(page: Page, words: str) -> None:
    await page.get_by_role("searchbox").fill(words)
    await expect(page.get_by_role("status").filter(has_text="nur auf diesem Gerät")).to_be_visible()


async def test_messages_are_found_in_all_chats(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    page, ben = team.page, team.ben
    north = await team.site("Nordring 12", "Nordring 12, 34125 Kassel")
    south = await team.site("Südstraße 3")
    wanted = await ben.say(south, "Die Schlüssel für den Zählerschrank liegen beim Hausmeister, Klingel „Öztürk“.")
    for number in range(60):
        await ben.say(south, f"{number}. Meter Kabel gezogen, morgen geht es weiter.")
    row = page.get_by_role("link", name=re.compile("Nordring 12"))
    gone = await ben.say(north, "Falscher Schlüssel, sorry.")
    await ben("messages.erase", north, gone)
    await expect(row).to_contain_text("Nachricht gelöscht")
    await ben.say(north, "Schlüssel hab ich.")
    await expect(row).to_contain_text("Schlüssel hab ich.")
    plan = sent(b"%PDF-1.7", "Schlüsselplan EG.pdf", "application/pdf", is_photo=False)
    await ben("messages.send", north, {"text": "", "replyTo": None, "files": [plan]})
    await expect(row).to_contain_text("Datei")

    await team.anna.offline()
    await page.get_by_role("searchbox", name="Suchen").fill("s")
    await expect(page.get_by_role("heading", name="Nachrichten")).to_be_hidden()
    await looked_for(page, "schlussel")
    hits = page.get_by_role("region", name="Nachrichten").get_by_role("link")
    await expect(hits).to_have_count(3)
    await expect(page.get_by_role("status").filter(has_text="3 gefunden.")).to_be_visible()
    await expect(hits.nth(0)).to_contain_text("Schlüsselplan EG.pdf")
    await expect(hits.nth(1)).to_contain_text("Schlüssel hab ich.")
    await expect(hits.nth(2).locator("mark")).to_have_text("Schlüssel")
    await look(page, "search-all")

    # Far up in its chat, at it, and back to what was found.
    await hits.nth(2).click()
    await expect(page.locator(f"article[data-id='{wanted}']")).to_be_in_viewport()
    await expect(page.locator(f"article[data-id='{wanted}']")).to_be_focused()
    await expect(page).to_have_url(re.compile(f"/c/{south}$"))
    await look(page, "search-message")
    await page.get_by_role("button", name="Zurück").click()
    await expect(hits).to_have_count(3)
    await looked_for(page, "schlüssel gibt es nicht")
    await expect(page.get_by_role("status").filter(has_text="Keine Nachricht gefunden.")).to_be_visible()
    await team.anna.online()


async def test_one_chat_is_searched_with_the_keyboard(server: Serving, desktop: Make, engine: MakeEngine) -> None:
    team = await crew(server, desktop, engine)
    page, ben = team.page, team.ben
    site = await team.site("Lindenweg 4")
    other = await team.site("Anderswo")
    await ben.say(other, "5. Gerüst")
    own = await engine_of(team.anna)
    await own.page.evaluate("(given) => seed(...given)", [site, team.ben_id, 100, 1_500])
    await team.open(site)
    await page.get_by_role("button", name="Über diesen Chat").click()
    await page.get_by_role("button", name="Nachrichten suchen").click()
    field = page.get_by_role("searchbox", name="In diesem Chat suchen")
    await expect(field).to_be_focused()
    await expect(page.get_by_text("Wonach suchst du?")).to_be_visible()
    await look(page, "search-chat-empty")
    await page.keyboard.type("gerust")
    hits = page.get_by_role("main").get_by_role("link", name=re.compile("Gerüst"))
    await expect(hits).to_have_count(30)
    await look(page, "search-chat")
    await page.get_by_role("button", name="Weiter suchen").press("Enter")
    await expect(hits).to_have_count(60)
    await field.fill("7. Wand")
    await expect(page.get_by_role("button", name="Weiter suchen")).to_be_hidden()
    first = page.get_by_role("main").get_by_role("link").first
    wanted = (await first.get_attribute("href") or "").rsplit("/", 1)[1]
    await first.press("Enter")
    await expect(page.locator(f"article[data-id='{wanted}']")).to_be_in_viewport()
    await page.go_back()
    await expect(field).to_have_value("7. Wand")
    await field.fill("Dampflok")
    await expect(page.get_by_text("Keine Nachricht gefunden.")).to_be_visible()
    await look(page, "search-chat-none")
