"""Lists and conversations, as a crew uses them."""

import re

from playwright.async_api import Page, expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import crew, photo, sent
from .tools import axe, shoot


async def look(page: Page, name: str) -> None:
    """Barriers and a picture, light and dark."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        # A picture is of the page as drawn; only then the colours that axe asks for are the scheme's.
        await page.screenshot()
        await shoot(page, f"{name}-{scheme}")
        await axe(page)


async def test_a_day_on_a_site(server: Serving, phone: Make, engine: MakeEngine) -> None:
    """Texts, answers, reactions, changes, photos and files between two people, with their marks."""
    team = await crew(server, phone, engine)
    page, ben = team.page, team.ben
    await look(page, "chats-one")
    site = await team.site("Lindenweg 4", "Lindenweg 4, 34117 Kassel")
    await ben.say(site, "Moin zusammen, der Kran kommt um 7.\nBitte die Einfahrt frei lassen!")
    await ben.say(site, "Plan liegt hier: https://plan.example/lindenweg?ebene=2. Fragen an Tel. 0561 4711020.")
    await expect(page.get_by_role("link", name=re.compile("Lindenweg 4"))).to_contain_text("2")
    await look(page, "chats-unread")
    await page.get_by_role("link", name=re.compile("Lindenweg 4")).click()
    log = page.get_by_role("log")
    await expect(log.get_by_text("Neue Nachrichten")).to_be_visible()
    link = log.get_by_role("link", name="https://plan.example/lindenweg?ebene=2")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    await page.get_by_label("Nachricht", exact=True).fill("Passt, bin da.\nSoll ich das Gerüst mitbringen?")
    await page.get_by_role("button", name="Senden").click()
    own = log.get_by_role("article", name=re.compile("^Du, .*Passt"))
    await expect(own).to_be_visible()
    await expect(own.get_by_role("img", name="Zugestellt")).to_be_visible()
    line = next(one for one in await ben.lines(site) if one["text"].startswith("Passt"))
    await ben("chats.read", site, line["seq"])
    await expect(own.get_by_role("img", name="Gelesen")).to_be_visible()
    await ben.say(site, "Ja bitte, und die lange Leiter.", line["id"])
    await ben("messages.react", site, line["id"], "👍")
    await expect(own.get_by_role("button", name=re.compile("Reagieren mit 👍: Ben"))).to_be_visible()
    pictures = [
        sent(await photo(ben.page, name), f"{name}.jpg", "image/jpeg", is_photo=True)
        for name in ("Wand", "Decke", "Keller")
    ]
    await ben.say(site, "So sieht es gerade aus.", None, pictures[:1])
    await ben.say(site, "", None, pictures)
    await ben.say(
        site,
        "",
        None,
        [sent(b"%PDF-1.7 " + b"x" * 40_000, "Aufmaß Erdgeschoss.pdf", "application/pdf", is_photo=False)],
    )
    await expect(log.get_by_role("button", name=re.compile("Aufmaß"))).to_be_visible()
    await look(page, "chat")
    await page.get_by_role("button", name="Anhängen").click()
    await look(page, "attach")
