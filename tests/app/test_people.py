"""People: inviting, finding, verifying, giving roles, taking out."""

import re

from playwright.async_api import Page, Route, expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .engine import Engine
from .joining import COPY, come_in, look, open_person, open_place


async def test_a_code_shown_on_one_phone_lets_the_next_in(server: Serving, phone: Make) -> None:
    anna, ben = await phone(), await phone()
    page = await come_in(anna, server.setup, "Anna Huber")
    await page.get_by_role("link", name="Personen").click()
    await look(page, "people-alone")
    await page.get_by_role("button", name="Person einladen").first.click()
    await look(page, "invite-role")
    await page.get_by_role("button", name="Einladung erstellen").click()
    await expect(page.get_by_role("img", name="Einladen")).to_be_visible()
    await look(page, "invite-code")
    await page.evaluate(COPY)
    await page.get_by_role("button", name="Link kopieren").click()
    link = await page.evaluate("copied")
    await page.get_by_role("button", name="Noch eine Einladung").click()
    # One is open; it goes when it is used, or when it is withdrawn.
    withdraw = page.get_by_role("region", name="Offene Einladungen").get_by_role("button", name="Zurückziehen")
    await expect(withdraw).to_be_visible()
    await look(page, "invites-open")
    await come_in(ben, link, "Ben")
    await expect(withdraw).to_be_hidden()
    await page.get_by_role("button", name="Einladung erstellen").click()
    await page.get_by_role("button", name="Link kopieren").click()
    await page.get_by_role("button", name="Noch eine Einladung").click()
    await withdraw.click()
    await page.get_by_role("dialog").get_by_role("button", name="Zurückziehen").click()
    await expect(withdraw).to_be_hidden()
    cem = await phone()
    cem.guard.expected.append("410|404")
    late = await cem.open(await page.evaluate("copied"))
    await expect(late.get_by_role("heading", name="So geht es nicht weiter")).to_be_visible()
    await page.get_by_role("button", name="Zurück").click()
    await expect(page.get_by_role("link", name=re.compile("Ben"))).to_be_visible()
    await look(page, "people")


async def test_comparing_numbers_verifies_and_can_be_taken_back(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    anna, ben = await phone(), await engine()
    page = await come_in(anna, server.setup, "Anna Huber")
    await ben.join(await invitation(page), "Ben")
    await open_person(page, "Ben")
    await look(page, "person")
    await page.get_by_role("link", name=re.compile("Identität prüfen")).click()
    mine = (await ben("people.verification", await other(ben)))["number"]
    shown = page.get_by_label("Prüfnummer")
    await expect(shown).to_have_text(mine.replace(" ", ""))
    await look(page, "verify")
    await page.get_by_role("button", name="Die Nummern sind gleich").click()
    await expect(page.get_by_text("Ben ist geprüft")).to_be_visible()
    await look(page, "verified")
    await page.get_by_role("button", name="Prüfung zurücknehmen").click()
    await expect(page.get_by_role("button", name="Die Nummern sind gleich")).to_be_visible()


async def test_a_role_is_given_and_a_person_taken_out(server: Serving, phone: Make, engine: MakeEngine) -> None:
    anna, ben = await phone(), await engine()
    page = await come_in(anna, server.setup, "Anna Huber")
    await ben.join(await invitation(page), "Ben")
    await open_person(page, "Ben")
    await page.get_by_role("button", name=re.compile("^Rolle")).click()
    await page.get_by_role("radio", name=re.compile("^Bauleitung")).click()
    await expect(page.get_by_role("button", name="Rolle Bauleitung")).to_be_visible()
    await ben.until(lambda: is_role(ben, "site_lead"))
    await page.get_by_role("button", name="Aus dem Betrieb entfernen").click()
    await look(page, "remove-person")
    await page.get_by_role("button", name="Entfernen", exact=True).click()
    await expect(page.get_by_role("heading", name="Personen", level=1)).to_be_visible()
    await expect(page.get_by_role("link", name=re.compile("^Ben"))).to_have_count(0)
    await ben.until(lambda: phase(ben, "removed"))


async def invitation(page: Page) -> str:
    """Made in the app of whoever may, by its own engine."""
    await open_place(page, "/people/invite")
    await page.get_by_role("button", name="Einladung erstellen").click()
    await page.evaluate(COPY)
    await page.get_by_role("button", name="Link kopieren").click()
    return str(await page.evaluate("copied"))


async def other(one: Engine) -> str:
    return str(next(person["user"] for person in await one("people.list") if not person["me"]))


async def is_role(one: Engine, role: str) -> bool:
    return bool((await one("session.get"))["me"]["role"] == role)


async def phase(one: Engine, wanted: str) -> bool:
    return bool((await one("session.get"))["phase"] == wanted)


async def test_keys_that_nobody_signed_are_warned_of_and_stop_sending(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    """The server shows a chain for Ben that does not go on from the one that is known."""
    anna, ben = await phone(), await engine()
    page = await come_in(anna, server.setup, "Anna Huber")
    await ben.join(await invitation(page), "Ben")
    await open_person(page, "Ben")
    user = await ben.me()
    chain = re.compile(rf"/v1/people/{user}/chain")

    async def longer(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        for person in body["people"]:
            person["chain_length"] += person["name"] == "Ben" if "name" in person else 1
        await route.fulfill(response=answer, json=body)

    async def swapped(route: Route) -> None:
        answer = await route.fetch(url=route.request.url.split("?")[0] + "?after=0")
        body = await answer.json()
        await route.fulfill(response=answer, json={**body, "length": body["length"] + 1})

    await anna.context.route(re.compile(r"/v1/people$"), longer)
    await anna.context.route(chain, swapped)
    await page.reload()
    await expect(page.get_by_role("heading", name="Hier stimmt etwas nicht")).to_be_visible()
    await expect(page.get_by_role("button", name="Nachricht schreiben")).to_have_count(0)
    await look(page, "warning")
    await page.get_by_role("button", name="Noch einmal prüfen").click()
    await expect(page.get_by_text("Die Schlüssel passen immer noch nicht.")).to_be_visible()
    await anna.context.unroute(chain)
    await anna.context.unroute(re.compile(r"/v1/people$"))
    await page.get_by_role("button", name="Noch einmal prüfen").click()
    await expect(page.get_by_role("button", name="Nachricht schreiben")).to_be_visible()
