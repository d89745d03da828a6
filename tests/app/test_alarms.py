"""Alarms in the app: raised by holding one button, received over the whole screen, followed, ended, reported."""

import asyncio
import json
import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, expect

from e2e.process import Serving

from .alarming import hold, two_phones
from .conftest import Make, MakeEngine
from .crew import crew
from .engine import engine as engine_of
from .joining import look, open_place


async def test_an_alarm_from_one_phone_to_the_other(
    server: Serving, phone: Make, engine: MakeEngine, tmp_path: Path
) -> None:
    team, clara, _ = await two_phones(server, phone, engine)
    anna = team.page
    await anna.get_by_role("link", name="Alarm").click()
    await expect(anna.get_by_label("Wen alarmieren?")).to_have_text("Baustelle Lindenweg")
    await look(anna, "alarm-raise")
    # A touch alone does nothing.
    await anna.get_by_role("button", name="Unfall", exact=True).click()
    await hold(anna, "Unfall")
    await expect(anna.get_by_role("heading", name="Unfall! Ersthelfer bitte sofort kommen.")).to_be_visible()

    calling = clara.get_by_role("alertdialog")
    await expect(calling).to_contain_text("Unfall! Ersthelfer bitte sofort kommen.")
    await expect(calling).to_contain_text("von Anna Huber")
    await look(clara, "alarm-ringing")
    await clara.keyboard.press("Escape")
    await expect(calling).to_be_visible()
    # Shown on Clara's phone, got by Ben's: the board says so by itself.
    await expect(anna.get_by_role("listitem").filter(has_text="Clara")).to_contain_text("angezeigt")
    await calling.get_by_role("button", name="Komme", exact=True).click()
    await expect(calling).not_to_be_visible()
    await expect(anna.get_by_role("listitem").filter(has_text="Clara")).to_contain_text("Komme")
    await expect(anna.get_by_text("1/2")).to_be_visible()
    await anna.get_by_role("status").get_by_role("button", name="Schließen").click()
    await look(anna, "alarm-board")

    async with anna.expect_download() as waiting:
        await anna.get_by_role("button", name="Bericht als JSON").click()
    path = tmp_path / "bericht.json"
    await (await waiting.value).save_as(path)
    report = json.loads(path.read_text())
    assert report["text"] == "Unfall! Ersthelfer bitte sofort kommen."
    assert {p["name"]: p["answer"] for p in report["people"]} == {"Ben Yıldız": "", "Clara Öztürk": "Komme"}

    async with anna.expect_download() as waiting:
        await anna.get_by_role("button", name="Bericht als PDF").click()
    pdf = tmp_path / "bericht.pdf"
    await (await waiting.value).save_as(pdf)
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    for words in (
        "Alarm – Notfall",
        "Unfall! Ersthelfer bitte sofort kommen.",
        "Clara Öztürk: Komme",
        "Ben Yıldız",
        "Ausgelöst",
    ):
        assert words in text

    await anna.get_by_role("button", name="Entwarnung geben").click()
    await expect(anna.get_by_role("listitem").filter(has_text="Entwarnung")).to_be_visible()
    await clara.get_by_role("link", name="Alarm").click()
    await expect(clara.get_by_role("link", name=re.compile("Unfall!.*Entwarnung"))).to_be_visible()


async def test_without_network_it_says_so_and_is_sent_when_it_is_back(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team, clara, _ = await two_phones(server, phone, engine)
    anna = team.page
    await anna.get_by_role("link", name="Alarm").click()
    await expect(anna.get_by_label("Wen alarmieren?")).to_be_visible()
    await team.anna.offline()
    await hold(anna, "Räumung")
    unsent = anna.get_by_role("alert").filter(has_text="NICHT gesendet – 112 anrufen")
    await expect(unsent).to_be_visible()
    await expect(unsent.get_by_role("link", name="112 anrufen")).to_have_attribute("href", "tel:112")
    await look(anna, "alarm-unsent")
    await hold(anna, "Ausfall")
    await anna.get_by_role("alert").filter(has_text="Ausfall").get_by_role("button", name="Nicht mehr senden").click()
    await team.anna.online()
    await expect(clara.get_by_role("alertdialog")).to_contain_text("Räumung!")
    await expect(unsent).not_to_be_visible()
    recent = await team.ben("alarms.list")
    assert [alarm["text"] for alarm in recent] == ["Räumung! Alle sofort zum Sammelplatz."]


# Two minutes, as every worker of the page has them at once.
LATER = "{ const now = Date.now.bind(Date); Date.now = () => now() + %d; }"


@pytest.mark.parametrize("seconds", [110, 125])
async def test_after_two_minutes_without_network_it_is_not_sent_any_more(
    server: Serving, phone: Make, engine: MakeEngine, seconds: int
) -> None:
    team, clara, _ = await two_phones(server, phone, engine)
    anna = team.page
    await anna.get_by_role("link", name="Alarm").click()
    await expect(anna.get_by_label("Wen alarmieren?")).to_be_visible()
    await team.anna.offline()
    await hold(anna, "Räumung")
    unsent = anna.get_by_role("alert").filter(has_text="NICHT gesendet – 112 anrufen")
    await expect(unsent).to_contain_text("Kommt das Netz innerhalb von 2 Minuten")
    assert anna.workers
    for worker in anna.workers:
        await worker.evaluate(LATER % (seconds * 1000))
    await team.anna.online()
    if seconds < 120:
        await expect(clara.get_by_role("alertdialog")).to_contain_text("Räumung!")
        return
    # Said, until it was read; whatever comes after the connection, the alarm is not among it.
    await expect(unsent).to_contain_text("Der Alarm geht nicht mehr raus")
    await look(anna, "alarm-too-late")
    await unsent.get_by_role("button", name="Verstanden").click()
    await expect(unsent).to_have_count(0)
    site = next(c["id"] for c in await team.ben("chats.list") if c["title"] == "Baustelle Lindenweg")
    await open_place(anna, f"/c/{site}")
    await anna.get_by_role("textbox").fill("Bin wieder da")
    await anna.get_by_role("button", name="Senden").click()

    async def said() -> bool:
        return any(line["text"] == "Bin wieder da" for line in await team.ben.lines(site))

    await team.ben.until(said)
    assert await team.ben("alarms.list") == []


async def test_what_the_server_refuses_after_the_network_is_back_is_not_blamed_on_the_network(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team, _, device = await two_phones(server, phone, engine)
    anna = team.page
    await anna.get_by_role("link", name="Alarm").click()
    await anna.get_by_role("switch", name="Nur wer im Dienst ist").check()
    await team.anna.offline()
    await hold(anna, "Räumung")
    unsent = anna.get_by_role("alert").filter(has_text="NICHT gesendet – 112 anrufen")
    await expect(unsent).to_contain_text("Kommt das Netz innerhalb von 2 Minuten")
    # Meanwhile everybody has finished work: there is nobody to call.
    for one in (team.ben, await engine_of(device)):
        await one("alarms.setDuty", {"duty": "off", "quiet": None, "phone": "", "mail": ""})
    await team.anna.online()
    await expect(unsent).to_contain_text("der Server hat den Alarm nicht angenommen")
    await expect(unsent).to_contain_text("Dort ist niemand, der alarmiert werden könnte.")
    await look(anna, "alarm-refused")
    # It stays what it was, however late it gets, and is not tried again.
    for worker in anna.workers:
        await worker.evaluate(LATER % 200_000)
    await team.ben("alarms.setDuty", {"duty": "on", "quiet": None, "phone": "", "mail": ""})
    await team.anna.offline()
    await team.anna.online()
    await expect(unsent).to_contain_text("der Server hat den Alarm nicht angenommen")
    await expect(unsent).not_to_contain_text("2 Minuten")
    await unsent.get_by_role("button", name="Verstanden").click()
    await expect(unsent).to_have_count(0)
    assert await team.ben("alarms.list") == []


async def test_the_app_opened_later_is_called_then(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team, clara, device = await two_phones(server, phone, engine)
    await clara.goto("about:blank")
    site = next(c["id"] for c in await team.ben("chats.list") if c["title"] == "Baustelle Lindenweg")
    out = {
        "conversations": [site],
        "text": "Wasser im Keller",
        "level": 2,
        "drill": True,
        "policy": None,
        "place": None,
    }
    alarm = await team.ben("alarms.raise", out)
    page = await device.open("/")
    await expect(page.get_by_role("alertdialog")).to_contain_text("Wasser im Keller")
    await expect(page.get_by_role("alertdialog")).to_contain_text("ÜBUNG")
    await look(page, "alarm-drill")
    await page.get_by_role("alertdialog").get_by_role("button", name="In 15 min").click()
    while True:
        people = {p["name"]: p for p in (await team.ben("alarms.board", alarm))["people"]}
        if people["Clara Öztürk"]["code"] == 1015:
            break
        await asyncio.sleep(0.1)
    # Who is called sees what it is, how far it is and as of when; names are for who leads.
    await open_place(page, f"/alarms/{alarm}")
    await expect(page.get_by_text("Antworte wie im Ernstfall.")).to_be_visible()
    await expect(page.get_by_text("1/2")).to_be_visible()
    await expect(page.get_by_text(re.compile(r"^Stand \d\d:\d\d Uhr$"))).to_be_visible()
    await expect(page.get_by_role("heading", name="Personen")).to_have_count(0)
    await look(page, "alarm-drill-member")
    # Anna's app rings until she has answered, whatever she does.
    await expect(team.page.get_by_role("alertdialog")).to_be_visible()
    await team.ben("alarms.end", alarm, False)
    await expect(team.page.get_by_role("alertdialog")).not_to_be_visible()
    await expect(page.get_by_text("Entwarnung, von Ben Yıldız")).to_be_visible()
    # Its words stand in the chat as well; they do not pass for the real thing there.
    await page.goto(f"{device.origin}/")
    await expect(page.get_by_role("link", name=re.compile("Baustelle Lindenweg"))).to_contain_text(
        "Übung: Wasser im Keller"
    )
    await page.goto(f"{device.origin}/c/{site}")
    line = page.get_by_role("article", name=re.compile("Übung: Wasser im Keller"))
    await expect(line.get_by_text("Übung", exact=True)).to_be_visible()
    await expect(line.get_by_text("Alarm", exact=True)).to_have_count(0)
    await look(page, "alarm-drill-chat")


async def span_of(plan: Locator, part: str, who: str, begins: str, ends: str) -> Locator:
    """Fill in a shift or a stand-in."""
    found = plan.get_by_role("group", name=part)
    await found.get_by_label("Wer?").select_option(who)
    await found.get_by_label("Von").fill(begins)
    await found.get_by_label("Bis").fill(ends)
    return found


async def test_status_contact_policy_and_plan(server: Serving, desktop: Make, engine: MakeEngine) -> None:
    team = await crew(server, desktop, engine)
    page = team.page
    await page.get_by_role("link", name="Einstellungen").click()
    await page.get_by_role("link", name=re.compile("Dienst und Alarm")).click()
    await page.get_by_text("Feierabend").click()
    await page.get_by_label("Handynummer").fill("+491511234567")
    await page.get_by_label("von").fill("20:00")
    await page.get_by_label("bis").fill("06:00")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_text("Gespeichert.")).to_be_visible()
    await page.get_by_role("status").get_by_role("button", name="Schließen").click()
    await look(page, "duty")
    await page.get_by_role("link", name="Abläufe bei Alarm").click()
    await page.get_by_role("button", name="Neuer Ablauf").click()
    await page.get_by_label("Name", exact=True).fill("Notfall")
    await look(page, "policy-form")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_text("Nach 3 Minuten ohne 2 Zusagen: wer fehlt in der App und per SMS.")).to_be_visible()
    await look(page, "policies")

    await open_place(page, "/settings/duty")
    await page.get_by_role("link", name="Bereitschaftspläne").click()
    await page.get_by_role("button", name="Neuer Plan").click()
    plan = page.get_by_role("dialog")
    await plan.get_by_label("Name", exact=True).fill("Wasser")
    await plan.get_by_role("button", name="Wechsel dazu").click()
    turns = plan.get_by_role("group", name="Wechsel 1")
    for name in ("Anna Huber", "Ben Yıldız"):
        await turns.get_by_label("Reihum, der Nächste").select_option(name)
    await expect(plan.get_by_role("listitem").filter(has_text=re.compile("Anna Huber: .* bis "))).not_to_have_count(0)
    await expect(plan.get_by_role("listitem").filter(has_text=re.compile("Ben Yıldız: .* bis "))).not_to_have_count(0)
    await turns.get_by_role("button", name="Wechsel 1 weg").click()
    await plan.get_by_role("switch", name="Das ist Arbeitszeit").check()
    first = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(days=2)
    second = first + timedelta(days=1)
    for number, (begins, ends) in enumerate(
        ((f"{first:%F}T12:00", f"{first:%F}T22:00"), (f"{second:%F}T06:00", f"{second:%F}T14:00")), 1
    ):
        await plan.get_by_role("button", name="Schicht dazu").click()
        await span_of(plan, f"Schicht {number}", "Ben Yıldız", begins, ends)
    # Said before anything is kept; a stand-in mends it.
    warning = plan.get_by_text(re.compile(r"Ben Yıldız: nur \d+ h Ruhe vor .*§5 ArbZG"))
    await expect(warning).to_be_visible()
    await expect(plan.get_by_role("button", name="Trotzdem speichern")).to_be_visible()
    await warning.scroll_into_view_if_needed()
    await look(page, "oncall")
    await page.set_viewport_size({"width": 390, "height": 844})
    await warning.scroll_into_view_if_needed()
    await look(page, "oncall-phone")
    await page.set_viewport_size({"width": 1280, "height": 800})
    await plan.get_by_role("button", name="Vertretung dazu").click()
    stand_in = await span_of(plan, "Vertretung 1", "Anna Huber", f"{second:%F}T06:00", f"{second:%F}T14:00")
    await stand_in.get_by_label("Für wen?").select_option("Ben Yıldız")
    await expect(warning).not_to_be_visible()
    await plan.get_by_role("button", name="Speichern", exact=True).click()
    await page.get_by_role("button", name=re.compile("Wasser.*Jetzt: niemand", re.DOTALL)).click()
    await expect(stand_in.get_by_label("Wer?").locator("option:checked")).to_have_text("Anna Huber")
    await plan.get_by_role("button", name="Plan löschen").click()
    await expect(page.get_by_text("Noch kein Plan")).to_be_visible()
    own = await (await engine_of(team.anna))("alarms.duty")
    assert (own["duty"], own["phone"], own["quiet"]["begins"]) == ("off", "+491511234567", "20:00")


async def test_back_in_the_network_alarms_are_asked_for_before_all_else(server: Serving, engine: MakeEngine) -> None:
    anna = await engine()
    await anna.join(server.setup, "Anna")
    for title in ("Lindenweg", "Lager"):
        await anna("chats.create", "site", title, "", [])
    await anna.away()
    asked: list[str] = []
    network = anna.device.context
    network.on("request", lambda request: asked.append(request.url.partition("/v1/")[2]))
    async with network.expect_event("request", lambda request: request.url.endswith("/slots")):
        await anna.back()
    slots = next(i for i, path in enumerate(asked) if path.endswith("/slots"))
    assert "alarms" in asked[:slots]
