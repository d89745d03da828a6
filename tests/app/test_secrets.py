"""What lies on the device is sealed: no word in the clear, no key that can be read out, nothing where others look."""

import re
from pathlib import Path
from typing import Any

from playwright.async_api import expect

from e2e.process import Serving
from faults.test_canary import scan

from .browser import Device
from .conftest import Make, MakeEngine
from .engine import Engine, file
from .engine import engine as engine_of
from .joining import come_in, open_place

NAME, TITLE, SITE = "Kanarina Vogelsangova", "Kanaribaustelle Zwitschergasse", "Zwitschergasse 77, 12345 Piepshausen"
TEXT, DRAFT, FILE, CONTENT = "Kanariengeheimnis", "Kanarienentwurf", "kanarienplan.pdf", "Kanarieninhalt-der-Datei"
CONTROL = "Kontrollvogel-wird-gefunden"
KEYS = """async () => {
  const db = await new Promise((resolve, reject) => {
    const opening = indexedDB.open("werkfunk");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const all = (store, method) => new Promise((resolve) => {
    const request = db.transaction(store).objectStore(store)[method]();
    request.onsuccess = () => resolve(request.result);
  });
  const names = await all("keys", "getAllKeys");
  const keys = await all("keys", "getAll");
  const out = [];
  for (const [index, key] of keys.entries()) {
    const formats = key.type === "private" ? ["pkcs8", "jwk"] : ["raw", "jwk"];
    const refused = await Promise.all(formats.map((format) =>
      crypto.subtle.exportKey(format, key).then(() => "", (error) => error.name)));
    out.push([names[index], key instanceof CryptoKey, key.extractable, refused]);
  }
  db.close();
  return out;
}"""
PLANT = """async (word) => {
  const db = await new Promise((resolve) => {
    const opening = indexedDB.open("control", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("rows");
    opening.onsuccess = () => resolve(opening.result);
  });
  await new Promise((resolve) => {
    const writing = db.transaction("rows", "readwrite", { durability: "strict" });
    writing.objectStore("rows").put(new TextEncoder().encode(word), 1);
    writing.oncomplete = resolve;
  });
  db.close();
}"""


async def populate(server: Serving, one: Engine, other: Engine) -> str:
    await one.join(server.setup, NAME, "Kanarientelefon")
    await other.join((await one("people.invite", "member", 1, 1))["link"], "Bernd")
    group = str(await one("chats.create", "site", TITLE, SITE, [await other.me()]))
    plan = {
        "file": file((CONTENT * 5_000).encode(), "application/pdf"),
        "name": FILE,
        "photo": False,
        "original": False,
    }
    await one.say(group, TEXT, files=[plan])
    await one("chats.draft", group, DRAFT)

    async def arrived() -> Any:
        if all(chat["id"] != group for chat in await other("chats.list")):
            return None
        return next((line for line in await other.lines(group) if line["text"] == TEXT), None)

    line = await other.until(arrived)
    await other("files.open", group, line["id"], line["files"][0]["blob"])
    await other.say(group, f"Antwort: {TEXT}")
    return group


async def test_the_disk_of_a_device_holds_no_word_in_the_clear(
    server: Serving, phone: Make, engine: MakeEngine, tmp_path: Path
) -> None:
    folder = tmp_path / "profile"
    device = await phone(folder=folder)
    anna, bernd = await engine_of(device), await engine()
    group = await populate(server, anna, bernd)
    code = str(await anna("session.recoveryCode"))
    await anna.page.evaluate(PLANT, CONTROL)
    await device.context.close()
    words = (NAME, TITLE, SITE, TEXT, DRAFT, FILE, CONTENT, code, code.replace("-", ""))
    assert scan(folder, (CONTROL,)), "the scan finds what lies there in the clear"
    assert scan(folder, words) == []
    # All of it is there for the app when it comes back.
    again = await engine_of(await phone(folder=folder))
    assert (await again("chats.get", group))["draft"] == DRAFT
    assert TEXT in [line["text"] for line in await again.lines(group)]


async def test_no_key_can_be_read_out(server: Serving, engine: MakeEngine) -> None:
    anna, bernd = await engine(), await engine()
    await populate(server, anna, bernd)
    keys = await anna.page.evaluate(KEYS)
    assert {name for name, *_ in keys} >= {"rows", "device"}
    for name, is_key, extractable, refused in keys:
        assert (is_key, extractable) == (True, False), name
        assert refused == ["InvalidAccessError", "InvalidAccessError"], name


async def test_nothing_lies_where_others_look(server: Serving, engine: MakeEngine) -> None:
    """Web storage, cookies, addresses, window names, the console."""
    anna, bernd = await engine(), await engine()
    said: list[str] = []
    for one in (anna, bernd):
        one.device.context.on("console", lambda message: said.append(message.text))
    await populate(server, anna, bernd)
    for one in (anna, bernd):
        assert await seen(one.device) == {"local": 0, "session": 0, "cookie": "", "name": "", "hash": "", "search": ""}
        assert await one.device.context.cookies() == []
    assert said == []


async def test_the_app_leaves_nothing_there_either(server: Serving, phone: Make) -> None:
    """In by a link, the code shown, a device added, a chat with a draft: and nothing of it in the history, back or forth."""
    anna = await phone()
    said: list[str] = []
    anna.context.on("console", lambda message: said.append(message.text))
    page = await come_in(anna, server.setup, NAME)
    for place in ("/settings/code", "/settings/devices"):
        await open_place(page, place)
    await page.get_by_role("button", name="Gerät hinzufügen").click()
    await expect(page.get_by_role("img", name="Gerät hinzufügen")).to_be_visible()
    await page.get_by_role("button", name="Schließen").click()
    await open_place(page, "/new/site")
    await page.get_by_label("Name der Baustelle").fill(TITLE)
    await page.get_by_label("Adresse").fill(SITE)
    await page.get_by_role("button", name="Anlegen").click()
    await page.get_by_label("Nachricht", exact=True).fill(TEXT)
    await page.get_by_role("button", name="Senden").click()
    await expect(page.get_by_role("log").get_by_role("img", name="Gesendet")).to_be_visible()
    await page.get_by_label("Nachricht", exact=True).fill(DRAFT)
    await page.get_by_role("button", name="Zurück").click()
    await expect(page.get_by_role("link", name=re.compile(DRAFT))).to_be_visible()
    assert await seen(anna) == {"local": 0, "session": 0, "cookie": "", "name": "", "hash": "", "search": ""}
    assert len(await page.evaluate("JSON.stringify(history.state ?? null)")) < 100
    tools = await anna.context.new_cdp_session(page)
    entries = [one["url"] for one in (await tools.send("Page.getNavigationHistory"))["entries"]]
    assert len(entries) >= 5
    assert [url for url in entries if "#" in url or "?" in url or "Kanari" in url] == []
    # Titles of pages stand in the browser's history too.
    assert await page.title() == "Werkfunk"
    assert said == []


async def seen(device: Device) -> dict[str, Any]:
    found: dict[str, Any] = await device.page.evaluate(
        """() => ({ local: localStorage.length, session: sessionStorage.length, cookie: document.cookie,
          name: window.name, hash: location.hash, search: location.search })"""
    )
    return found
