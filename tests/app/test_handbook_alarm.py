"""Alarms at the computer and on the phone as the handbook shows them (docs/handbuch/alarm.md). With SHOTS=docs/handbuch/bilder
this takes its pictures anew."""

from playwright.async_api import expect

from e2e.process import Serving

from .alarming import hold
from .conftest import Make, MakeEngine
from .crew import crew
from .engine import engine as engine_of
from .joining import come_in, look
from .test_handbook import SMALL
from .test_handbook_places import OFFICE


async def test_an_alarm_from_the_office_to_a_phone_and_back(
    server: Serving, phone: Make, desktop: Make, engine: MakeEngine
) -> None:
    team = await crew(server, desktop, engine, **OFFICE)
    own = await engine_of(team.anna)
    device = await phone(**SMALL)
    await come_in(device, (await own("people.invite", "member", 1, 1))["link"], "Clara Öztürk")
    clara_id = await (await engine_of(device)).me()
    site = await own("chats.create", "site", "Baustelle Lindenweg", "", [team.ben_id, clara_id])
    office, clara = await team.anna.open("/"), await device.open("/")
    await expect(clara.get_by_role("link", name="Baustelle Lindenweg")).to_be_visible()

    await office.get_by_role("link", name="Alarm").click()
    await expect(office.get_by_label("Wen alarmieren?")).to_have_text("Baustelle Lindenweg")
    await look(office, "alarm-raise-desktop")
    await hold(office, "Unfall")
    ringing = clara.get_by_role("alertdialog")
    await expect(ringing).to_contain_text("Unfall! Ersthelfer bitte sofort kommen.")
    await look(clara, "alarm-ringing")
    await ringing.get_by_role("button", name="Komme", exact=True).click()
    await expect(office.get_by_role("listitem").filter(has_text="Clara")).to_contain_text("Komme")
    await expect(office.get_by_role("listitem").filter(has_text="Ben")).to_contain_text("auf dem Gerät")
    await look(office, "alarm-board-desktop")
    await office.get_by_role("button", name="Entwarnung geben").click()
    await expect(office.get_by_role("button", name="Entwarnung geben")).to_have_count(0)

    out = {
        "conversations": [site],
        "text": "Wasser im Keller",
        "level": 2,
        "drill": False,
        "policy": None,
        "place": None,
    }
    await team.ben("alarms.raise", out)
    called = office.get_by_role("alertdialog")
    await expect(called).to_contain_text("Wasser im Keller")
    await expect(called).to_contain_text("von Ben Yıldız")
    await look(office, "alarm-ringing-desktop")
    # The keyboard is enough for the answer, and gets no further while it rings.
    await called.get_by_role("button", name="Komme", exact=True).focus()
    await office.keyboard.press("Enter")
    await expect(called).not_to_be_visible()
