"""Codes are read with the camera: a film in its place, the picture's way through the page and its worker is the real one."""

from pathlib import Path

from playwright.async_api import expect

from e2e.process import Serving

from .camera import seeing
from .conftest import Make, MakeEngine
from .joining import come_in, look, open_person
from .test_people import other


async def test_an_invitation_is_scanned_inside_the_app(
    server: Serving, phone: Make, engine: MakeEngine, tmp_path: Path
) -> None:
    anna = await engine()
    await anna.join(server.setup, "Anna Huber")
    link = (await anna("people.invite", "member", 1, 1))["link"]
    ben = await phone(flags=seeing(tmp_path, link), permissions=["camera"])
    page = await ben.open()
    await expect(page.get_by_role("heading", name="Der Draht zur Baustelle")).to_be_visible()
    await look(page, "welcome")
    await page.get_by_role("button", name="Einladung scannen").click()
    await expect(page.get_by_role("heading", name="Willkommen bei Elektro Huber")).to_be_visible()


async def test_a_code_that_is_no_invitation_is_passed_over(server: Serving, phone: Make, tmp_path: Path) -> None:
    ben = await phone(flags=seeing(tmp_path, "https://example.org/"), permissions=["camera"])
    page = await ben.open()
    await page.get_by_role("button", name="Einladung scannen").click()
    await expect(page.get_by_role("alert")).to_contain_text("kein Werkfunk-Link")
    await look(page, "scan")
    await page.get_by_role("button", name="Zurück").click()
    await expect(page.get_by_role("button", name="Einladung scannen")).to_be_visible()


async def test_without_a_camera_the_link_can_be_pasted(server: Serving, phone: Make, engine: MakeEngine) -> None:
    anna = await engine()
    await anna.join(server.setup, "Anna Huber")
    link = (await anna("people.invite", "guest", 1, 1))["link"]
    ben = await phone()
    page = await ben.open()
    await page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') } }"
    )
    await page.get_by_role("button", name="Einladung scannen").click()
    await expect(page.get_by_text("Die Kamera ist nicht freigegeben")).to_be_visible()
    await look(page, "scan-denied")
    await page.get_by_role("button", name="Link einfügen").click()
    await look(page, "paste")
    await page.get_by_label("Einladungslink").fill(f"  {link}\n")
    await page.get_by_role("button", name="Weiter").click()
    await expect(page.get_by_text("Eingeladen als Gast")).to_be_visible()


async def test_two_who_stand_together_verify_by_scanning(
    server: Serving, phone: Make, engine: MakeEngine, tmp_path: Path
) -> None:
    ben = await engine()
    await ben.join(server.setup, "Ben")
    link = (await ben("people.invite", "member", 1, 1))["link"]
    code = (await ben("people.verification", await ben.me()))["code"]
    anna = await phone(flags=seeing(tmp_path, code), permissions=["camera"])
    page = await come_in(anna, link, "Anna")
    await open_person(page, "Ben")
    await page.get_by_role("link", name="Identität prüfen").click()
    await page.get_by_role("button", name="Code scannen").click()
    await expect(page.get_by_text("Ben ist jetzt geprüft.")).to_be_visible()
    await expect(page.get_by_text("Ben ist geprüft")).to_be_visible()
    assert await ben("people.verification", await other(ben))


async def test_a_foreign_code_verifies_nobody(server: Serving, phone: Make, engine: MakeEngine, tmp_path: Path) -> None:
    ben = await engine()
    await ben.join(server.setup, "Ben")
    link = (await ben("people.invite", "member", 1, 1))["link"]
    code = (await ben("people.verification", await ben.me()))["code"]
    mark, organisation, user = code.split(":")
    anna = await phone(flags=seeing(tmp_path, ":".join([mark, user, organisation])), permissions=["camera"])
    page = await come_in(anna, link, "Anna")
    await open_person(page, "Ben")
    await page.get_by_role("link", name="Identität prüfen").click()
    await page.get_by_role("button", name="Code scannen").click()
    await expect(page.get_by_text("Der Code gehört nicht zu dieser Person.")).to_be_visible()
    await expect(page.get_by_role("button", name="Die Nummern sind gleich")).to_be_visible()
