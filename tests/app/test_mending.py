"""What did not go well, as people see it: a key that is still on its way, a message that was refused."""

import re

from playwright.async_api import Page, expect

from e2e.process import Serving
from malicious import lies

from .conftest import Make, MakeEngine
from .crew import Crew, crew, look, upload
from .engine import Engine
from .liar import lie
from .test_files import pick

FETCHED = "Schlüssel wird geholt"


async def third(team: Crew, engine: MakeEngine) -> Engine:
    """Clara, known to Ben."""
    clara = await engine()
    await clara.join((await team.ben("people.invite", "member", 1, 1))["link"], "Clara")

    async def known() -> bool:
        return any(one["name"] == "Clara" for one in await team.ben("people.list"))

    await team.ben.until(known)
    return clara


async def sent(one: Engine) -> None:
    async def look() -> bool:
        return bool((await one("session.get"))["network"]["queued"] == 0)

    await one.until(look)


async def test_a_message_whose_key_is_lacking_fills_in(server: Serving, phone: Make, engine: MakeEngine) -> None:
    """The server has lost the box with the key; who has the key is away. When he comes back, the words stand there."""
    team = await crew(server, phone, engine)
    clara = await third(team, engine)
    site = str(await team.ben("chats.create", "site", "Lindenweg 4", "", [team.anna_id, await clara.me()]))
    row = team.page.get_by_role("link", name=re.compile("Lindenweg 4"))
    await expect(row).to_be_visible()
    await team.anna.offline()
    await team.ben("chats.remove", site, await clara.me())
    await team.ben.say(site, "Der Beton kommt um zehn")
    await sent(team.ben)
    await team.ben.away()
    await lie(team.anna, "boxes", lies.only_repairs)
    await team.anna.online()
    await expect(row).to_contain_text(FETCHED)
    await row.click()
    log = team.page.get_by_role("log")
    await expect(log.get_by_role("article", name=re.compile(FETCHED))).to_be_visible()
    await look(team.page, "chat-key-lacking")
    await team.ben.back()
    await expect(log.get_by_role("article", name=re.compile("Ben Yıldız.*Der Beton kommt um zehn"))).to_be_visible()
    await expect(team.page.get_by_text(FETCHED)).to_have_count(0)
    await team.page.get_by_role("button", name="Zurück").click()
    await expect(row).to_contain_text("Der Beton kommt um zehn")
    await expect(team.page.get_by_text(FETCHED)).to_have_count(0)


async def offer_file(page: Page, name: str) -> None:
    await pick(page, "Datei", [upload(b"%PDF-1.7 " + bytes(2_000_000), name, "application/pdf")])
    await page.get_by_role("dialog", name="Senden").get_by_role("button", name="Senden").click()


async def test_a_refused_message_is_tried_again_or_given_up(server: Serving, phone: Make, engine: MakeEngine) -> None:
    """The operator allows one megabyte, and thinks better of it."""
    server.stop()
    server.environment["WERKFUNK_BLOB_MAX_MB"] = "1"
    server.start()
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    page = await team.open(site)
    log = page.get_by_role("log")
    await offer_file(page, "Aufmaß.pdf")
    refused = log.get_by_role("article", name=re.compile("Aufmaß"))
    await expect(refused.get_by_text("Die Datei ist zu groß.")).to_be_visible()
    await expect(refused.get_by_role("img", name="Nicht gesendet")).to_be_visible()
    await look(page, "chat-failed")
    # Said in the list too, and still there after the app was closed.
    await page.get_by_role("button", name="Zurück").click()
    await expect(page.get_by_role("link", name=re.compile("Lindenweg 4.*Nicht gesendet"))).to_be_visible()
    await team.open(site)
    await expect(refused).to_be_visible()
    await refused.get_by_role("button", name="Noch einmal versuchen").click()
    await expect(refused.get_by_text("Die Datei ist zu groß.")).to_be_visible()

    await offer_file(page, "Doppelt.pdf")
    other = log.get_by_role("article", name=re.compile("Doppelt"))
    await other.get_by_role("button", name="Nicht senden").click()
    await expect(other).to_have_count(0)

    server.stop()
    del server.environment["WERKFUNK_BLOB_MAX_MB"]
    server.start()
    await expect(page.get_by_text("Keine Verbindung.").filter(visible=True)).to_have_count(0)
    await refused.get_by_role("button", name="Noch einmal versuchen").click()
    await expect(refused.get_by_role("img", name="Zugestellt")).to_be_visible(timeout=30_000)
    await expect(refused.get_by_role("button", name="Nicht senden")).to_have_count(0)

    async def names() -> list[str]:
        return [file["name"] for line in await team.ben.lines(site) for file in line["files"]]

    await team.ben.until(names)
    await page.reload()
    await expect(refused).to_be_visible()
    await expect(other).to_have_count(0)
    assert await names() == ["Aufmaß.pdf"]
