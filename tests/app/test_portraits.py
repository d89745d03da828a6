"""Profile pictures: chosen when joining or in the profile, seen by those who share a chat, taken away again."""

import re
from typing import Any

from playwright.async_api import expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import crew, look, photo, upload
from .engine import Engine, file


async def picture_of(one: Engine, user: str) -> Any:
    return next(person["picture"] for person in await one("people.list") if person["user"] == user)


async def test_a_face_is_seen_by_those_who_share_a_chat(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    page, ben = team.page, team.ben
    face = await photo(page, "Anna", "#c86f3c", 1600, 1200)
    await team.site("Lindenweg")
    await page.goto(f"{team.anna.origin}/settings/profile")
    await page.get_by_label("Foto wählen").set_input_files(upload(face, "ich.jpg", "image/jpeg"))
    await expect(page.get_by_role("status").filter(has_text="Gespeichert")).to_be_visible()
    await expect(page.get_by_role("button", name="Foto entfernen")).to_be_visible()
    await look(page, "profile-picture")
    await ben.until(lambda: picture_of(ben, team.anna_id))

    # Who joins with a photo shows it to whom they share a chat with from then on; and sees Anna's, whose key is there.
    cem = await engine()
    link = (await ben("people.invite", "member", 1, 1))["link"]
    await cem("session.join", link, {"name": "Cem Kaya", "picture": file(face, "image/jpeg"), "device": "Handy"})
    await cem.online()
    cem_id = await cem.me()
    assert await picture_of(cem, cem_id)
    assert await picture_of(cem, team.anna_id) is None
    (site,) = await ben("chats.list")
    await ben("chats.add", site["id"], [cem_id])
    await cem.until(lambda: picture_of(cem, team.anna_id))
    await ben.until(lambda: picture_of(ben, cem_id))

    # Another name keeps the picture; without it, initials.
    await page.get_by_label("Name", exact=True).fill("Anna Maria Huber")
    await page.get_by_role("button", name="Speichern").click()

    async def renamed() -> bool:
        return any(person["name"] == "Anna Maria Huber" for person in await ben("people.list"))

    await ben.until(renamed)
    assert await picture_of(ben, team.anna_id)
    await page.goto(f"{team.anna.origin}/people")
    await expect(page.get_by_role("link", name=re.compile("Cem Kaya")).locator("img")).to_be_visible()
    await look(page, "people-pictures")
    await page.goto(f"{team.anna.origin}/settings/profile")
    await page.get_by_role("button", name="Foto entfernen").click()
    await expect(page.get_by_role("button", name="Foto entfernen")).to_be_hidden()

    async def gone() -> bool:
        return await picture_of(ben, team.anna_id) is None

    await ben.until(gone)
