"""Raising with all that may go along, SOS, and what the receiver's phone really does: sound, vibration, screen."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import expect

from e2e.process import Serving

from .alarming import hold, two_phones
from .conftest import Make, MakeEngine
from .crew import photo, upload
from .joining import look, open_place

# Beside what the app does with the browser's own interfaces, what they were asked is kept, and the sound is measured on
# its way to the loudspeaker.
OBSERVE = """{
  globalThis.shaken = []; globalThis.locks = [];
  const vibrate = navigator.vibrate.bind(navigator);
  navigator.vibrate = (pattern) => { const done = vibrate(pattern); shaken.push([pattern, done]); return done; };
  const request = navigator.wakeLock.request.bind(navigator.wakeLock);
  navigator.wakeLock.request = async (kind) => { const lock = await request(kind); locks.push(lock); return lock; };
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to === this.context.destination) {
      globalThis.ear = this.context.createAnalyser();
      connect.call(this, globalThis.ear);
    }
    return connect.call(this, to, ...more);
  };
  globalThis.loudness = () => {
    const wave = new Float32Array(ear.fftSize);
    ear.getFloatTimeDomainData(wave);
    return Math.sqrt(wave.reduce((sum, one) => sum + one * one, 0) / wave.length);
  };
}"""
KOELN = {"latitude": 50.9375, "longitude": 6.9603, "accuracy": 12}


async def test_own_words_answers_place_and_photo_for_who_is_on_duty(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team, clara, _ = await two_phones(server, phone, engine)
    anna = team.page
    await team.anna.context.grant_permissions(["geolocation"])
    await team.anna.context.set_geolocation(KOELN)  # type: ignore[arg-type]
    await open_place(clara, "/settings/duty")
    await clara.get_by_text("Feierabend").click()
    await clara.get_by_role("button", name="Speichern").click()
    await expect(clara.get_by_text("Gespeichert.")).to_be_visible()
    ben_sees = team.ben
    await open_place(anna, "/alarms")
    await anna.get_by_role("switch", name="Nur wer im Dienst ist").check()
    await anna.get_by_text("Eigener Text").click()
    await anna.get_by_label("Was ist passiert?").fill("Wasser im Keller. Wer hat eine Pumpe?")
    await anna.get_by_label("Eigene Antworten").fill("Bringe die Pumpe\nHabe keine")
    await anna.get_by_role("switch", name="Meinen Ort mitschicken").check()
    async with anna.expect_file_chooser() as choosing:
        await anna.get_by_role("button", name="Foto dazu").click()
    await (await choosing.value).set_files(upload(await photo(anna, "Keller"), "keller.jpg", "image/jpeg"))
    await expect(anna.get_by_role("button", name="Foto ist dabei")).to_be_visible()
    await look(anna, "alarm-own")
    await hold(anna, "Alarm auslösen")
    await expect(anna.get_by_role("heading", name="Wasser im Keller. Wer hat eine Pumpe?")).to_be_visible()
    # Clara has finished work: Ben alone is called.
    await expect(anna.get_by_text("0/1")).to_be_visible()

    async def called() -> Any:
        return next((one for one in await ben_sees("alarms.list") if one["text"]), None)

    got = await team.ben.until(called)
    assert got["answers"] == [[3, "Bringe die Pumpe"], [4, "Habe keine"]]
    assert (round(got["place"]["latitude"], 4), round(got["place"]["longitude"], 4)) == (50.9375, 6.9603)

    async def pictured() -> bool:
        return any(line["kind"] == "photo" for line in await ben_sees.lines(got["conversation"]))

    await team.ben.until(pictured)
    await team.ben("alarms.answer", got["id"], 3)
    await expect(anna.get_by_role("listitem").filter(has_text="Ben Yıldız")).to_contain_text("Bringe die Pumpe")
    await expect(anna.get_by_role("listitem").filter(has_text="Clara")).to_have_count(0)
    await anna.get_by_role("link", name="Im Chat ansehen").click()
    await expect(anna.get_by_role("log").get_by_text("Foto zum Alarm")).to_be_visible()


async def test_sos_takes_place_and_voice_along_and_the_other_phone_grows_loud(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team, clara, device = await two_phones(server, phone, engine)
    anna = team.page
    await team.anna.context.grant_permissions(["geolocation", "microphone"])
    await team.anna.context.set_geolocation(KOELN)  # type: ignore[arg-type]
    await device.context.add_init_script(OBSERVE)
    await device.open("/")
    await clara.get_by_role("link", name="Personen").tap()
    await open_place(anna, "/alarms")

    # Five seconds to change one's mind.
    await hold(anna, "SOS")
    counting = anna.get_by_role("dialog")
    await expect(counting.get_by_role("timer")).to_have_text("3")
    await counting.get_by_role("button", name="Abbrechen").click()
    await expect(counting).not_to_be_visible()
    assert await team.ben("alarms.list") == []

    await hold(anna, "SOS")
    await expect(counting.get_by_role("timer")).to_be_visible()
    await expect(anna.get_by_role("heading", name="SOS! Ich brauche sofort Hilfe.")).to_be_visible(timeout=30_000)
    ringing = clara.get_by_role("alertdialog")
    await expect(ringing).to_contain_text("SOS! Ich brauche sofort Hilfe.")
    await expect(ringing.get_by_role("link", name="Ort öffnen")).to_have_attribute("href", "geo:50.9375,6.9603")

    # Sound and vibration: the page was touched before. The screen stays on.
    await expect(ringing.get_by_text("Tippe für den Ton")).not_to_be_visible()
    await clara.wait_for_function("globalThis.ear && loudness() > 0.001")
    first = await clara.evaluate("loudness()")
    await clara.wait_for_function("(first) => loudness() > 2 * first", arg=first, timeout=60_000)
    assert await clara.evaluate("ear.context.state") == "running"
    assert await clara.evaluate("shaken[0]") == [[600, 200], True]
    await clara.wait_for_function("shaken.length > 2")
    await clara.wait_for_function("locks.length > 0 && !locks.at(-1).released")

    site = next(c["id"] for c in await team.ben("chats.list") if c["title"] == "Baustelle Lindenweg")

    async def recorded() -> Any:
        lines = await team.ben.lines(site)
        return next((line["files"][0] for line in lines if line["kind"] == "file"), None)

    sound = await team.ben.until(recorded)
    assert sound["name"] == "SOS-Aufnahme.webm"
    await ringing.get_by_role("button", name="Komme", exact=True).click()
    await expect(ringing).not_to_be_visible()
    # Quiet again: the sound has ended, the last word to the motor is to stop, the screen may go off.
    await clara.wait_for_function("ear.context.state === 'closed' && shaken.at(-1)[0] === 0")
    await clara.wait_for_function("locks.every((lock) => lock.released)")


async def test_in_quiet_hours_an_info_is_seen_and_only_what_is_urgent_is_heard(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team, clara, device = await two_phones(server, phone, engine)
    await device.context.add_init_script(OBSERVE)
    await device.open("/settings/duty")
    now = datetime.now(ZoneInfo("Europe/Berlin"))
    for label, hours in (("von", -2), ("bis", 2)):
        await clara.get_by_label(label, exact=True).fill(f"{now + timedelta(hours=hours):%H:%M}")
    await clara.get_by_role("button", name="Speichern").click()
    await expect(clara.get_by_text("Gespeichert.")).to_be_visible()
    site = next(c["id"] for c in await team.ben("chats.list") if c["title"] == "Baustelle Lindenweg")
    out = {"conversations": [site], "drill": False, "policy": None, "place": None}
    await team.ben("alarms.raise", {**out, "text": "Das Tor steht offen", "level": 1})
    ringing = clara.get_by_role("alertdialog")
    await expect(ringing).to_contain_text("Das Tor steht offen")
    await expect(ringing).to_contain_text("Ohne Ton, denn du hast Ruhezeit.")
    assert await clara.evaluate("[globalThis.ear === undefined, shaken.length, locks.length]") == [True, 0, 0]
    await look(clara, "alarm-silent")
    # What is urgent comes before it, and is heard.
    await team.ben("alarms.raise", {**out, "text": "Wasser im Keller", "level": 2})
    await expect(ringing).to_contain_text("Wasser im Keller")
    await clara.wait_for_function("globalThis.ear && loudness() > 0.001")
    await ringing.get_by_role("button", name="Komme", exact=True).click()
    await expect(ringing).to_contain_text("Das Tor steht offen")
    await clara.wait_for_function("ear.context.state === 'closed'")
