"""Conversations made, changed and left through the app."""

import re

from playwright.async_api import expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import crew, look


async def test_a_site_is_made_changed_and_left(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    page, ben = team.page, team.ben
    link = (await ben("people.invite", "member", 1, 1))["link"]
    cem = await engine()
    await cem.join(link, "Cem Kaya")
    await page.get_by_role("link", name="Neuer Chat").or_(page.get_by_role("button", name="Neuer Chat")).first.click()
    await expect(page.get_by_role("button", name=re.compile("Cem Kaya"))).to_be_visible()
    await look(page, "new")
    await page.get_by_role("button", name=re.compile("Neue Baustelle")).click()
    await page.get_by_role("button", name="Anlegen").click()
    await expect(page.get_by_text("Gib einen Namen ein.")).to_be_visible()
    await page.get_by_label("Name der Baustelle").fill("Lindenweg 4")
    await page.get_by_label("Adresse").fill("Lindenweg 4, 34117 Kassel")
    await page.get_by_role("checkbox", name=re.compile("Ben Yıldız")).click()
    await look(page, "new-site")
    await page.get_by_role("button", name="Anlegen").click()
    await expect(page.get_by_role("heading", name="Lindenweg 4", level=1)).to_be_visible()
    site = page.url.rsplit("/", 1)[1]
    await page.get_by_label("Nachricht", exact=True).fill("Los geht’s")
    await page.get_by_role("button", name="Senden").click()

    async def ben_reads() -> bool:
        return any(one["id"] == site for one in await ben("chats.list")) and any(
            one["text"] == "Los geht’s" for one in await ben.lines(site)
        )

    await ben.until(ben_reads)
    await page.get_by_role("button", name="Über diesen Chat").click()
    await expect(page.get_by_role("heading", name="Beteiligte")).to_be_visible()
    navigate = page.get_by_role("link", name=re.compile("Karten-App"))
    await expect(navigate).to_have_attribute("href", "geo:0,0?q=Lindenweg%204%2C%2034117%20Kassel")
    await look(page, "about")

    await page.get_by_role("button", name="Personen hinzufügen").click()
    await page.get_by_role("checkbox", name=re.compile("Cem Kaya")).click()
    await look(page, "add-people")
    await page.get_by_role("button", name="Hinzufügen", exact=True).click()
    await expect(page.get_by_role("dialog")).to_be_hidden()

    async def cem_reads() -> bool:
        listed = any(one["id"] == site for one in await cem("chats.list"))
        return listed and any(one["text"] == "Los geht’s" for one in await cem.lines(site))

    await cem.until(cem_reads)
    await page.get_by_role("button", name=re.compile("Cem Kaya")).click()
    await look(page, "member")
    await page.get_by_role("button", name="Zur Leitung machen").click()
    await expect(page.get_by_role("button", name=re.compile("Cem Kaya"))).to_contain_text("Leitung")
    await page.get_by_role("button", name=re.compile("Ben Yıldız")).click()
    await page.get_by_role("button", name="Aus dem Chat entfernen").click()
    await page.get_by_role("dialog").get_by_role("button", name="Entfernen").click()
    await expect(page.get_by_role("button", name=re.compile("Ben Yıldız"))).to_be_hidden()

    await page.get_by_role("button", name="Name und Adresse ändern").click()
    await page.get_by_label("Name der Baustelle").fill("Lindenweg 6")
    await page.get_by_role("button", name="Speichern").click()
    # Sealed under the keys that the removal has asked for.
    await expect(page.get_by_role("heading", name="Lindenweg 6")).to_be_visible(timeout=20_000)

    await page.get_by_role("button", name=re.compile("Stummschalten")).click()
    await look(page, "mute")
    await page.get_by_role("button", name="Immer").click()
    await expect(page.get_by_role("button", name=re.compile("Stummschalten"))).to_contain_text("Immer")

    await page.get_by_role("button", name="Chat verlassen").click()
    await page.get_by_role("dialog").get_by_role("button", name="Chat verlassen").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.get_by_role("button", name="Zurück").click()
    await expect(page.get_by_text("Du bist nicht mehr in diesem Chat.")).to_be_visible()
    await expect(page.get_by_label("Nachricht", exact=True)).to_be_hidden()
    log = page.get_by_role("log")
    for notice in ("hat Cem Kaya hinzugefügt", "hat Cem Kaya zur Leitung gemacht", "hat Ben Yıldız entfernt",
                   "hat den Namen geändert: Lindenweg 6", "hat den Chat verlassen"):  # fmt: skip
        await expect(log.get_by_text(notice)).to_be_visible()
    await look(page, "chat-left")

    # Ben was in it until he was removed: he sees nothing newer.
    assert "Lindenweg 6" not in [one["title"] for one in await ben("chats.list")]


async def test_writing_to_one_person(server: Serving, phone: Make, engine: MakeEngine) -> None:
    """Found by name, one conversation and not two; a draft is kept and shown in the list."""
    team = await crew(server, phone, engine)
    page = team.page
    await team.site("Lindenweg 4")
    await page.get_by_role("searchbox").fill("yıld")
    await page.get_by_role("button", name=re.compile("Ben Yıldız")).click()
    await expect(page.get_by_role("heading", name="Ben Yıldız", level=1)).to_be_visible()
    await look(page, "chat-empty")
    direct = page.url
    await page.get_by_label("Nachricht", exact=True).fill("Bist du morgen")
    await page.get_by_role("button", name="Zurück").click()
    row = page.get_by_role("link", name=re.compile("^Ben Yıldız"))
    await expect(row).to_have_accessible_name(re.compile("Entwurf: Bist du morgen"))
    await page.reload()
    await row.click()
    await expect(page.get_by_label("Nachricht", exact=True)).to_have_value("Bist du morgen")
    await page.goto(f"{team.anna.origin}/new")
    await page.get_by_role("button", name=re.compile("Ben Yıldız")).click()
    await expect(page).to_have_url(direct)
