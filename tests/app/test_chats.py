"""Lists and conversations, as a crew uses them."""

import asyncio
import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from e2e.process import Cli, Serving

from .conftest import Make, MakeEngine
from .crew import crew, hand_over, look, photo, sent
from .joining import come_in


def message(page: Page, text: str) -> Locator:
    return page.get_by_role("log").get_by_role("article", name=re.compile(text))


async def write(page: Page, text: str) -> None:
    """Type and send with the key on the screen."""
    await page.get_by_label("Nachricht", exact=True).fill(text)
    await page.get_by_role("button", name="Senden").click()


async def menu(page: Page, text: str, choice: str) -> None:
    """Ask a message for its menu, as a long press or the right button does, and choose."""
    await message(page, text).locator(".bubble").dispatch_event("contextmenu", {"button": 2})
    await page.get_by_role("dialog").get_by_role("button", name=choice, exact=True).click()


async def test_a_day_on_a_site(server: Serving, phone: Make, engine: MakeEngine) -> None:
    """Texts, answers, reactions, photos and files between two people, with their marks."""
    team = await crew(server, phone, engine)
    page, ben = team.page, team.ben
    await look(page, "chats-none")
    site = await team.site("Lindenweg 4", "Lindenweg 4, 34117 Kassel")
    await ben.say(site, "Moin zusammen, der Kran kommt um 7.\nBitte die Einfahrt frei lassen!")
    await ben.say(site, "Plan liegt hier: https://plan.example/lindenweg?ebene=2. Fragen an Tel. 0561 4711020.")
    row = page.get_by_role("link", name=re.compile("Lindenweg 4"))
    await expect(row).to_contain_text("2 ungelesene Nachrichten")
    await look(page, "chats-unread")
    await row.click()
    log = page.get_by_role("log")
    await expect(log.get_by_text("Neue Nachrichten")).to_be_visible()
    link = log.get_by_role("link", name="https://plan.example/lindenweg?ebene=2")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    await expect(log.get_by_role("link", name="0561 4711020")).to_have_attribute("href", "tel:05614711020")
    await write(page, "Passt, bin da.\nSoll ich das Gerüst mitbringen?")
    own = message(page, "^Du, .*Passt")
    await expect(own.get_by_role("img", name="Zugestellt")).to_be_visible()
    line = next(one for one in await ben.lines(site) if one["text"].startswith("Passt"))
    await ben("chats.read", site, line["seq"])
    await expect(own.get_by_role("img", name="Gelesen")).to_be_visible()
    await ben.say(site, "Ja bitte, und die lange Leiter.", line["id"])
    await ben("messages.react", site, line["id"], "👍")
    await expect(own.get_by_role("button", name="Reagieren mit 👍: Ben Yıldız")).to_be_visible()
    await look(page, "chat-texts")
    pictures = [
        sent(await photo(ben.page, name, colour), f"{name}.jpg", "image/jpeg", is_photo=True)
        for name, colour in (("Wand", "#7fa8a0"), ("Decke", "#a0a87f"), ("Keller", "#a88f7f"))
    ]
    await ben.say(site, "So sieht es gerade aus.", None, pictures[:1])
    await ben.say(site, "", None, pictures)
    pdf = sent(b"%PDF-1.7 " + b"x" * 40_000, "Aufmaß Erdgeschoss.pdf", "application/pdf", is_photo=False)
    await ben.say(site, "", None, [pdf])
    await expect(log.get_by_role("button", name=re.compile("Aufmaß"))).to_be_visible()
    await expect(log.get_by_role("button", name=re.compile("Foto 3 von 3"))).to_be_visible()
    await look(page, "chat-photos")

    # What is answered is found by a tap; whatever was read is no longer unread.
    await log.get_by_role("button", name=re.compile("Anna Huber.*Passt")).click()
    await expect(own).to_be_focused()
    await expect(own).to_be_in_viewport()
    await page.get_by_role("button", name="Zum Neuesten").click()
    await expect(page.get_by_role("button", name="Zum Neuesten")).to_be_hidden()
    await page.get_by_role("button", name="Zurück").click()
    await expect(row).to_be_focused()
    await expect(row).not_to_contain_text("ungelesen")


async def test_what_one_wrote_can_be_changed_and_taken_back(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    page, ben = team.page, team.ben
    site = await team.site("Halle Nord")
    await ben.say(site, "Wer hat den Schlüssel?")
    await team.open(site)
    await write(page, "Ich habe in.")
    await message(page, "Ich habe in").locator(".bubble").dispatch_event("contextmenu", {"button": 2})
    await look(page, "message-menu")
    await page.get_by_role("button", name="Bearbeiten").click()
    await expect(page.get_by_label("Nachricht", exact=True)).to_have_value("Ich habe in.")
    await look(page, "chat-editing")
    await page.get_by_label("Nachricht", exact=True).fill("Ich habe ihn.")
    await page.get_by_role("button", name="Speichern").click()
    await expect(message(page, "Ich habe ihn")).to_contain_text("bearbeitet")
    await menu(page, "Wer hat", "Antworten")
    await expect(page.get_by_text("Antwort an Ben Yıldız")).to_be_visible()
    await look(page, "chat-replying")
    await write(page, "Liegt im Container.")
    await expect(
        message(page, "Liegt im").get_by_role("button", name=re.compile("Ben Yıldız.*Wer hat"))
    ).to_be_visible()
    await menu(page, "Wer hat", "Reagieren mit ✅")
    await expect(message(page, "Wer hat").get_by_role("button", name=re.compile("✅"))).to_have_attribute(
        "aria-pressed", "true"
    )
    await menu(page, "Liegt im", "Für alle löschen")
    await look(page, "erase")
    await page.get_by_role("dialog").get_by_role("button", name="Für alle löschen").click()
    await expect(message(page, "Nachricht gelöscht")).to_be_visible()

    async def agreed() -> bool:
        lines = await ben.lines(site)
        kinds = [(one["kind"], one["text"]) for one in lines if one["kind"] != "notice"]
        return kinds == [("text", "Wer hat den Schlüssel?"), ("text", "Ich habe ihn."), ("deleted", "")]

    await ben.until(agreed)
    await menu(page, "Ich habe ihn", "Info")
    await expect(page.get_by_role("dialog")).to_contain_text("Zugestellt")
    await look(page, "message-info")


async def test_the_office_works_by_keyboard(server: Serving, desktop: Make, engine: MakeEngine) -> None:
    """Two panes; find, walk, open, write, answer and leave without a mouse; paste and drop."""
    team = await crew(server, desktop, engine)
    page, ben = team.page, team.ben
    titles = ("Lindenweg 4", "Schule am Park", "Halle Nord", "Werkstatt", "Größweg 12")
    sites = {title: await team.site(title) for title in titles}
    await ben.say(sites["Schule am Park"], "Die Leitung im Flur ist fertig.")
    await ben.say(sites["Halle Nord"], "Morgen ab 6 Uhr.")
    await expect(page.get_by_role("link", name=re.compile("Halle Nord"))).to_contain_text("Morgen ab")
    # What came before its key and turned out to be no line does not stand there as one.
    await expect(page.get_by_text("Nachricht einer neueren Version")).to_have_count(0)
    await look(page, "desktop-list")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("gross")
    await expect(page.get_by_role("link", name=re.compile("Größweg"))).to_be_visible()
    await expect(page.get_by_role("link", name=re.compile("Halle Nord"))).to_be_hidden()
    await page.keyboard.press("Escape")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("link", name=re.compile("Halle Nord"))).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    box = page.get_by_label("Nachricht", exact=True)
    await expect(box).to_be_focused()
    await page.keyboard.type("Danke,")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("ich schau es mir an.")
    await page.keyboard.press("Enter")
    await expect(message(page, "Danke,")).to_be_visible()
    await expect(box).to_have_value("")
    await page.keyboard.press("Shift+Tab")
    await page.get_by_role("log").focus()
    await page.keyboard.press("ArrowUp")
    await expect(message(page, "Danke,")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(message(page, "Die Leitung im Flur")).to_be_focused()
    await look(page, "desktop-chat")
    data = await photo(page, "Plan")
    await hand_over(page, "textarea", "paste", data, "Plan.jpg", "image/jpeg")
    await expect(page.get_by_role("dialog", name="Senden")).to_be_visible()
    await look(page, "desktop-preview")
    await page.get_by_label("Text dazu").fill("Neuer Stand")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Senden")).to_be_hidden()
    await expect(message(page, "Neuer Stand").get_by_role("button", name="Foto 1 von 1")).to_be_visible()
    await hand_over(page, ".conversation", "drop", b"a;b\n1;2\n", "Liste.csv", "text/csv")
    await page.get_by_role("dialog", name="Senden").get_by_role("button", name="Senden").click()
    await expect(page.get_by_role("log").get_by_role("button", name=re.compile("Liste.csv"))).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(re.compile("/$"))


async def test_two_phones_a_desktop_and_the_command_line(
    server: Serving, phone: Make, desktop: Make, engine: MakeEngine, cli: Cli, tmp_path: Path
) -> None:
    """All in one conversation; what one writes, the others read."""
    team = await crew(server, phone, engine)
    link = (await team.ben("people.invite", "member", 2, 1))["link"]
    office = await come_in(await desktop(), link, "Petra Kern")
    await asyncio.to_thread(cli.one, "join", link, "--profile", "bot", "--name", "Lager")
    people = {one["name"]: one["user"] for one in await team.ben("people.list")}

    async def lager() -> bool:
        people.update({one["name"]: one["user"] for one in await team.ben("people.list")})
        return {"Lager", "Petra Kern"} <= set(people)

    await team.ben.until(lager)
    everybody = [people[name] for name in ("Anna Huber", "Petra Kern", "Lager")]
    site = str(await team.ben("chats.create", "site", "Lindenweg 4", "Lindenweg 4, Kassel", everybody))
    await team.open(site)
    await office.get_by_role("link", name=re.compile("Lindenweg 4")).click()
    # Each when the one before is there: the order is theirs, not the network's.
    await write(team.page, "Brauche 20 m NYM 5x2,5.")
    await expect(message(office, "Brauche 20 m")).to_be_visible()
    await write(office, "Lager, habt ihr das da?")
    await expect(message(team.page, "Lager, habt")).to_be_visible()
    await asyncio.to_thread(cli.one, "send", "--profile", "bot", "--to", "Lindenweg 4", "Ja, liegt bereit.")
    await team.ben.say(site, "Hole ich um 9 ab.")
    for page in (team.page, office):
        for name, text in (
            ("Du|Anna Huber", "Brauche 20 m"), ("Du|Petra Kern", "Lager, habt"), ("Lager", "Ja, liegt"), ("Ben Yıldız", "Hole ich"),
        ):  # fmt: skip
            await expect(message(page, f"^({name}), .*{text}")).to_be_visible()
    read = await asyncio.to_thread(cli.lines, "read", "--profile", "bot", "--conversation", "Lindenweg 4")
    assert [one["text"] for one in read if "text" in one][-4:] == [
        "Brauche 20 m NYM 5x2,5.", "Lager, habt ihr das da?", "Ja, liegt bereit.", "Hole ich um 9 ab.",
    ]  # fmt: skip
    await look(team.page, "chat-crew")
    await look(office, "desktop-crew")
