"""Own devices, the recovery code, and being cut off."""

import base64
import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from e2e.process import Serving
from integration.raw import ask
from werkfunk.protocol.boxes import PUBLIC_SIZE
from werkfunk.protocol.links import to_url
from werkfunk.protocol.offers import make_offer, offer_handle
from werkfunk.protocol.signing import SigningKey

from .camera import seeing
from .conftest import Make, MakeEngine
from .crew import crew, photo, sent
from .engine import Refused
from .joining import COPY, come_in, look, open_place

CODE = re.compile(r"^([0-9A-Z]{4}-){6}[0-9A-Z]{4}$")


async def device_link(page: Page) -> str:
    await open_place(page, "/settings/devices")
    await page.get_by_role("button", name="Gerät hinzufügen").click()
    await expect(page.get_by_role("img", name="Gerät hinzufügen")).to_be_visible()
    await page.evaluate(COPY)
    await page.get_by_role("button", name="Link kopieren").click()
    return str(await page.evaluate("copied"))


async def test_a_second_device_joins_by_code_and_is_revoked(server: Serving, phone: Make, desktop: Make) -> None:
    anna, office = await phone(), await desktop()
    page = await come_in(anna, server.setup, "Anna Huber")
    link = await device_link(page)
    await look(page, "device-code")
    second = await office.open(link)
    await expect(second.get_by_role("heading", name="Dieses Gerät verbinden")).to_be_visible()
    await look(second, "join-device")
    await second.get_by_role("button", name="Verbinden").click()
    await expect(second.get_by_role("navigation")).to_be_visible()
    # The phone sees it come and closes the code.
    await expect(page.get_by_text("Das neue Gerät ist verbunden.")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await look(page, "devices")
    await page.get_by_role("button", name=re.compile("Computer.* sperren")).click()
    await look(page, "revoke")
    await page.get_by_role("button", name="Gerät sperren").click()
    await expect(second.get_by_role("heading", name="Dieses Gerät ist gesperrt")).to_be_visible()
    await look(second, "cut")
    await expect(page.get_by_role("button", name=re.compile("sperren"))).to_have_count(0)
    await second.get_by_role("button", name="Daten auf diesem Gerät löschen").click()
    await second.get_by_role("button", name="Jetzt löschen").click()
    await expect(second.get_by_role("button", name="Einladung scannen")).to_be_visible()


async def test_the_whole_history_appears_on_the_new_device(
    server: Serving, phone: Make, desktop: Make, engine: MakeEngine
) -> None:
    """Own words, the others', photos and titles from before it was there; and by the recovery code alone the same."""
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4", "Lindenweg 4, Kassel")
    picture = sent(await photo(team.ben.page, "Wand"), "Wand.jpg", "image/jpeg", is_photo=True)
    for number in range(30):
        await team.ben.say(site, f"Nummer {number}")
    await team.ben.say(site, "Die Wand", None, [picture])
    page = await team.open(site)
    await page.get_by_label("Nachricht", exact=True).fill("Sieht gut aus")
    await page.get_by_role("button", name="Senden").click()
    await expect(page.get_by_role("log").get_by_role("img", name="Zugestellt")).to_be_visible()
    await open_place(page, "/settings/code")
    code = await page.get_by_text(CODE).inner_text()

    office, lone = await desktop(), await phone()
    second = await office.open(await device_link(page))
    await second.get_by_role("button", name="Verbinden").click()
    third = await lone.open()
    await third.get_by_role("button", name="Ich habe einen Wiederherstellungscode").click()
    await third.get_by_label("Wiederherstellungscode").fill(code)
    await third.get_by_role("button", name="Zurückholen").click()
    for new in (second, third):
        await new.get_by_role("link", name=re.compile("Lindenweg 4")).click()
        log = new.get_by_role("log")
        await expect(log.get_by_role("article", name=re.compile("^Du, .*Sieht gut aus"))).to_be_visible()
        await expect(log.get_by_role("button", name="Foto 1 von 1")).to_be_visible()
        await log.evaluate("(view) => view.scrollTo(0, 0)")
        await expect(log.get_by_role("article", name=re.compile("Nummer 0$"))).to_be_visible()


async def test_a_used_device_link_lets_nobody_in(server: Serving, phone: Make) -> None:
    anna, second, third = await phone(), await phone(), await phone()
    page = await come_in(anna, server.setup, "Anna Huber")
    link = await device_link(page)
    await (await second.open(link)).get_by_role("button", name="Verbinden").click()
    await expect(second.page.get_by_role("navigation")).to_be_visible()
    await (await third.open(link)).get_by_role("button", name="Verbinden").click()
    await expect(third.page.get_by_role("alert")).to_contain_text("abgelaufen oder schon benutzt")


async def test_the_code_is_reminded_of_kept_and_brings_back_a_lone_device(server: Serving, phone: Make) -> None:
    anna, fresh = await phone(), await phone()
    page = await come_in(anna, server.setup, "Anna Huber")
    await open_place(page, "/settings/code")
    code = await page.get_by_text(CODE).inner_text()
    await look(page, "code")
    await page.get_by_role("button", name="Ich habe ihn aufbewahrt").click()
    await expect(page.get_by_text("Dein Code ist gesichert.")).to_be_visible()
    await look(page, "code-kept")
    back = await fresh.open()
    await back.get_by_role("button", name="Ich habe einen Wiederherstellungscode").click()
    await look(back, "recover")
    await back.get_by_label("Wiederherstellungscode").fill("ABCD")
    await back.get_by_role("button", name="Zurückholen").click()
    await expect(back.get_by_text("Der Code stimmt nicht.")).to_be_visible()
    await back.get_by_label("Wiederherstellungscode").fill(code.lower().replace("-", " "))
    await back.get_by_role("button", name="Zurückholen").click()
    await expect(back.get_by_role("navigation")).to_be_visible()
    await open_place(back, "/settings/profile")
    await expect(back.get_by_label("Name")).to_have_value("Anna Huber")


async def test_a_new_code_ends_the_old_one(server: Serving, phone: Make) -> None:
    anna, fresh = await phone(), await phone()
    page = await come_in(anna, server.setup, "Anna Huber")
    await open_place(page, "/settings/code")
    old = await page.get_by_text(CODE).inner_text()
    await page.get_by_role("button", name="Ich habe ihn aufbewahrt").click()
    await page.get_by_role("button", name="Neuen Code erzeugen").click()
    await page.get_by_role("dialog").get_by_role("button", name="Neuen Code erzeugen").click()
    await expect(page.get_by_text(CODE)).not_to_have_text(old)
    back = await fresh.open()
    await back.get_by_role("button", name="Ich habe einen Wiederherstellungscode").click()
    await back.get_by_label("Wiederherstellungscode").fill(old)
    await back.get_by_role("button", name="Zurückholen").click()
    await expect(back.get_by_text("Der Code stimmt nicht.")).to_be_visible()


async def test_signing_out_leaves_nothing(server: Serving, phone: Make) -> None:
    anna = await phone()
    page = await come_in(anna, server.setup, "Anna Huber")
    await open_place(page, "/settings/devices")
    await page.get_by_role("button", name="Von diesem Gerät abmelden").click()
    await page.get_by_role("button", name="Jetzt löschen").click()
    await expect(page.get_by_role("button", name="Einladung scannen")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("button", name="Einladung scannen")).to_be_visible()


async def test_a_new_device_takes_over_what_was_read(server: Serving, engine: MakeEngine) -> None:
    """What one device has read is read on the next, and stays so for the others."""
    anna, bernd = await engine(), await engine()
    await anna.join(server.setup, "Anna")
    await bernd.join((await anna("people.invite", "admin", 1, 1))["link"], "Bernd")
    group = await anna("chats.create", "group", "Baustelle", "", [await bernd.me()])
    for number in range(5):
        await anna.say(group, f"Nummer {number}")

    async def has_all() -> Any:
        lines = await bernd.lines(group) if await bernd("chats.list") else []
        return lines[-1] if lines and lines[-1]["text"] == "Nummer 4" else None

    last = await bernd.until(has_all)
    await bernd("chats.read", group, last["seq"])

    async def is_read() -> bool:
        return bool((await anna.lines(group))[-1]["state"] == "read")

    await anna.until(is_read)
    tablet = await engine()
    await tablet.join((await bernd("devices.link"))["link"], "Bernd")

    async def nothing_unread() -> bool:
        return [one["unread"] for one in await tablet("chats.list")] == [0]

    await tablet.until(nothing_unread)
    await tablet.say(group, "vom Tablet")

    async def arrived() -> Any:
        lines = await anna.lines(group)
        return lines if lines[-1]["text"] == "vom Tablet" else None

    lines = await anna.until(arrived)
    assert [one["state"] for one in lines if one["mine"] and one["kind"] == "text"] == ["read"] * 5


async def test_m6_a_device_with_a_malformed_box_key_is_not_let_in(server: Serving, engine: MakeEngine) -> None:
    """Said in words of its own, and before a ticket is opened."""
    anna = await engine()
    await anna.join(server.setup, "Anna")
    signing, box = SigningKey(bytes(32)).public, b"\xff" * PUBLIC_SIZE
    offer = make_offer(signing, box, os.urandom(32))
    base = anna.device.origin
    body = {"signing": base64.b64encode(signing).decode(), "box": base64.b64encode(box).decode()}
    assert (await ask(base, "PUT", f"/v1/offers/{offer_handle(offer).hex()}", json=body)).status_code == 200
    asked: list[str] = []
    anna.device.context.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    with pytest.raises(Refused) as refused:
        await anna("devices.take", to_url(base, offer))
    assert refused.value.code == "offer_invalid"
    assert [line for line in asked if line.endswith(("/v1/me/chain", "/answer"))] == []


async def test_the_new_device_shows_a_code_and_is_scanned(
    server: Serving, phone: Make, desktop: Make, tmp_path: Path
) -> None:
    office = await desktop()
    second = await office.open()
    await second.get_by_role("button", name="Mit meinem anderen Gerät verbinden").click()
    await expect(second.get_by_role("img", name="Code dieses Geräts")).to_be_visible()
    await look(second, "offer")
    await second.evaluate(COPY)
    await second.get_by_role("button", name="Kopieren").click()
    shown = await second.evaluate("copied")

    anna = await phone(flags=seeing(tmp_path, shown), permissions=["camera"])
    page = await come_in(anna, server.setup, "Anna Huber")
    await open_place(page, "/settings/devices")
    await page.get_by_role("button", name="Neues Gerät scannen").click()
    # Read, taken, asked for, joined, and the name fetched.
    await expect(second.get_by_text("Willkommen zurück, Anna Huber.")).to_be_visible(timeout=30_000)
    await expect(second.get_by_role("navigation")).to_be_visible()
    await expect(page.get_by_text("Das neue Gerät ist verbunden.")).to_be_visible()
    await look(page, "devices-scanned")

    # The phone's own camera opens the code as a link: asked first, then taken.
    tablet = await desktop()
    third = await tablet.open()
    await third.get_by_role("button", name="Mit meinem anderen Gerät verbinden").click()
    await third.evaluate(COPY)
    await third.get_by_role("button", name="Kopieren").click()
    await page.goto(await third.evaluate("copied"))
    await expect(page.get_by_role("dialog")).to_contain_text("Scanne nur den Code, den dein eigenes neues Gerät")
    await look(page, "offer-asked")
    await page.get_by_role("dialog").get_by_role("button", name="Verbinden").click()
    await expect(third.get_by_text("Willkommen zurück, Anna Huber.")).to_be_visible(timeout=30_000)
    # The code of a device that waits invites nobody.
    fourth = await (await phone()).open(shown)
    await expect(fourth.get_by_text("Das ist der Code eines neuen Geräts.")).to_be_visible()
