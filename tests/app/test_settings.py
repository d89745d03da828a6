"""Settings: language, appearance, the simple view, the own name; and names that try to be more than names."""

import re
import struct
import zlib
from pathlib import Path

from playwright.async_api import expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .joining import COPY, come_in, look, open_person, open_place

BAD = "<img src=x onerror=alert(1)>"


def png(side: int) -> bytes:
    """A square of one colour (PNG, RFC 2083)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\xb0\x60\x20" * side) * side)
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def test_language_and_appearance_change_at_once_and_stay(server: Serving, phone: Make) -> None:
    anna = await phone()
    page = await come_in(anna, server.setup, "Anna Huber")
    await open_place(page, "/settings")
    await look(page, "settings")
    await page.get_by_role("group", name="Sprache").get_by_text("English").click()
    await expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "en"
    await page.get_by_role("group", name="Appearance").get_by_text("Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.reload()
    await expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    for place, title in (("profile", "Your profile"), ("about", "About Werkfunk"), ("install", "Install as an app")):
        await open_place(page, f"/settings/{place}")
        await expect(page.get_by_role("main").get_by_role("heading", name=title, level=1)).to_be_visible()
        await look(page, f"settings-{place}")


async def test_the_simple_view_sends_a_photo_talks_and_alarms(
    server: Serving, phone: Make, engine: MakeEngine, tmp_path: Path
) -> None:
    anna, ben = await engine(), await phone()
    await anna.join(server.setup, "Anna Huber")
    page = await come_in(ben, (await anna("people.invite", "member", 1, 1))["link"], "Ben")
    user = next(p["user"] for p in await anna("people.list") if not p["me"])
    site = await anna("chats.create", "site", "Lindenweg", "Lindenweg 4, Kassel", [user])
    await open_place(page, "/settings")
    await page.get_by_role("switch", name=re.compile("Einfache Ansicht")).check()
    await page.get_by_role("link", name=re.compile("Chats")).click()
    await expect(page.get_by_role("link", name=re.compile("Lindenweg"))).to_be_visible()
    await look(page, "simple")
    picture = tmp_path / "dose.png"
    picture.write_bytes(png(64))
    async with page.expect_file_chooser() as choosing:
        await page.get_by_role("button", name="Foto senden").click()
    await (await choosing.value).set_files(picture)
    await look(page, "simple-where")
    await page.get_by_role("dialog").get_by_role("button", name=re.compile("Lindenweg")).click()

    async def arrived() -> bool:
        return any(line["kind"] == "photo" for line in await anna.lines(site))

    await anna.until(arrived)
    tiles = page.get_by_role("main")
    await open_place(page, "/")
    await tiles.get_by_role("button", name="Funk").click()
    await expect(page.get_by_role("heading", name="Lindenweg", level=1)).to_be_visible()
    await expect(page.get_by_role("button", name="Halten und sprechen")).to_be_visible()
    await anna("chats.direct", user)
    await open_place(page, "/")
    await expect(tiles.get_by_role("link", name=re.compile("Lindenweg"))).to_be_visible()
    await tiles.get_by_role("button", name="Funk").click()
    await page.get_by_role("dialog").get_by_role("button", name=re.compile("Anna Huber")).click()
    await expect(page.get_by_role("heading", name="Anna Huber", level=1)).to_be_visible()
    await open_place(page, "/")
    await tiles.get_by_role("link", name="Alarm").click()
    await expect(page.get_by_role("heading", name="Alarm", level=1)).to_be_visible()


SET = """(input) => {
  const own = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "checked");
  const data = document.documentElement.dataset;
  data.set = "";
  Object.defineProperty(input, "checked", {
    get() { return own.get.call(this); },
    set(value) { data.set += ` ${value}`; own.set.call(this, value); },
  });
}"""
"""What the app itself does to a switch is kept in `data-set`."""


async def test_a_switch_stays_where_the_finger_put_it(server: Serving, phone: Make) -> None:
    """What is true comes a moment after the answer: meanwhile it does not jump back."""
    place = {"latitude": 51.3, "longitude": 9.5}
    anna = await phone(geolocation=place, permissions=["geolocation"])
    page = await come_in(anna, server.setup, "Anna Huber")
    await open_place(page, "/settings")
    switch = page.get_by_role("switch", name=re.compile("Hinweis bei Ankunft"))
    await switch.evaluate(SET)
    await switch.check()
    # It is kept by the time the app has set the switch itself.
    await expect(page.locator("html")).to_have_attribute("data-set", re.compile("true"))
    await page.reload()
    await expect(switch).to_be_checked()
    await switch.evaluate(SET)
    await switch.uncheck()
    await expect(page.locator("html")).to_have_attribute("data-set", re.compile("false"))
    assert "true" not in (await page.locator("html").get_attribute("data-set") or "")
    await page.reload()
    await expect(switch).not_to_be_checked()


IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1"


async def test_an_iphone_is_led_to_its_home_screen_and_the_app_there_gets_in(server: Serving, phone: Make) -> None:
    """It keeps the installed app's data apart: the app comes in by a link that is copied here."""
    anna, installed = await phone(user_agent=IPHONE), await phone(user_agent=IPHONE)
    page = await come_in(anna, server.setup, "Anna Huber")
    await open_place(page, "/settings")
    await page.get_by_role("link", name="Als App installieren").click()
    steps = page.get_by_role("main").get_by_role("listitem")
    await expect(steps).to_contain_text(["Teilen", "Zum Home-Bildschirm", "Öffne Werkfunk", "Kopiere hier den Link"])
    await look(page, "install-iphone")
    await page.evaluate(COPY)
    await page.get_by_role("button", name="Link für die App kopieren").click()
    await expect(page.get_by_role("status").filter(has_text="Kopiert")).to_be_visible()
    app = await installed.open()
    await app.get_by_role("button", name="Link einfügen").click()
    await app.get_by_label("Einladungslink").fill(await page.evaluate("copied"))
    await app.get_by_role("button", name="Weiter").click()
    await app.get_by_role("button", name="Verbinden").click()
    await expect(app.get_by_role("navigation")).to_be_visible()
    await open_place(app, "/settings/profile")
    await expect(app.get_by_label("Name")).to_have_value("Anna Huber")


async def test_notifications_say_why_they_cannot_be(server: Serving, phone: Make) -> None:
    """Chromium without a screen answers the question for the person: no."""
    anna = await phone()
    page = await come_in(anna, server.setup, "Anna Huber")
    await open_place(page, "/settings")
    await page.get_by_role("link", name=re.compile("Mitteilungen")).click()
    switch = page.get_by_role("switch", name=re.compile("Mitteilungen auf diesem Gerät"))
    await expect(switch).to_be_enabled()
    await switch.click()
    await expect(page.get_by_role("main").get_by_role("status")).to_contain_text("im Browser verboten")
    await expect(switch).to_be_disabled()
    await expect(switch).not_to_be_checked()
    await look(page, "settings-notices")


async def test_another_name_is_seen_by_all(server: Serving, phone: Make, engine: MakeEngine) -> None:
    anna, ben = await phone(), await engine()
    page = await come_in(anna, server.setup, "Anna Huber")
    await open_place(page, "/settings/profile")
    await page.get_by_label("Name").fill("Anna Maria Huber")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_role("status").filter(has_text="Gespeichert")).to_be_visible()
    await open_place(page, "/people/invite")
    await page.get_by_role("button", name="Einladung erstellen").click()
    await page.evaluate("() => { navigator.clipboard.writeText = async (text) => { globalThis.copied = text } }")
    await page.get_by_role("button", name="Link kopieren").click()
    await ben.join(await page.evaluate("copied"), "Ben")
    assert "Anna Maria Huber" in [person["name"] for person in await ben("people.list")]


async def test_names_are_text_and_nothing_else(server: Serving, phone: Make, engine: MakeEngine) -> None:
    anna, ben = await phone(), await engine()
    page = await come_in(anna, server.setup, f"Anna {BAD}")
    await open_place(page, "/people/invite")
    await page.get_by_role("button", name="Einladung erstellen").click()
    await page.evaluate("() => { navigator.clipboard.writeText = async (text) => { globalThis.copied = text } }")
    await page.get_by_role("button", name="Link kopieren").click()
    name = f"{BAD}<script>alert(2)</script>\u202eneB"
    await ben.join(await page.evaluate("copied"), name)
    await open_person(page, "^" + re.escape(BAD))
    await expect(page.get_by_role("heading", level=1).filter(has_text=BAD)).to_be_visible()
    await look(page, "person-odd-name")
    assert await page.locator("img[src=x]").count() == 0


async def test_broken_and_foreign_links_are_refused_in_plain_words(server: Serving, phone: Make) -> None:
    device = await phone()
    for fragment, text in (
        ("#i=AAAA", "kein Werkfunk-Link"),
        ("#s=<script>alert(1)</script>", "kein Werkfunk-Link"),
        ("#d=javascript:alert(1)", "kein Werkfunk-Link"),
    ):
        page = await device.tab("/" + fragment)
        await expect(page.get_by_text(text)).to_be_visible()
        assert "#" not in page.url
        await page.close()
    page = await device.open()
    await page.get_by_role("button", name="Link einfügen").click()
    await page.get_by_label("Einladungslink").fill(server.setup.replace("localhost", "example.org"))
    await page.get_by_role("button", name="Weiter").click()
    await expect(page.get_by_text("Dieser Link gehört zu einem anderen Betrieb.")).to_be_visible()
    await look(page, "link-elsewhere")


async def test_a_link_on_a_device_in_use_changes_nothing(server: Serving, phone: Make) -> None:
    anna = await phone()
    page = await come_in(anna, server.setup, "Anna Huber")
    await page.goto(server.setup)
    await expect(page.get_by_role("dialog", name="Dieses Gerät ist schon eingerichtet")).to_be_visible()
    await look(page, "arrived")
    await page.get_by_role("button", name="Weiter als ich").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert "#" not in page.url
