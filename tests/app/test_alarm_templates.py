"""Prepared alarms in the app, for people and for machines; an alarm to several targets at once."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from typing import Any

import httpx
from playwright.async_api import Page, expect

from e2e.process import Serving
from werkfunk.adapters.clock import system_clock

from .alarming import hold, two_phones
from .conftest import Make, MakeEngine
from .engine import engine as engine_of
from .joining import look, open_place

TEXT = "Rohrbruch! Haupthahn zudrehen."


async def prepare(page: Page) -> str:
    """Anna prepares an alarm for her site; gives its number."""
    await open_place(page, "/settings/templates")
    await expect(page.get_by_text("Noch keine Vorlage")).to_be_visible()
    await page.get_by_role("button", name="Neue Vorlage").click()
    sheet = page.get_by_role("dialog")
    await sheet.get_by_label("Name", exact=True).fill("Rohrbruch")
    await sheet.get_by_label("Was sagt der Alarm?").fill(TEXT)
    await sheet.get_by_text("Notfall", exact=True).click()
    await sheet.get_by_label("Eigene Antworten").fill("Bringe die Pumpe")
    await expect(sheet.get_by_role("checkbox", name=re.compile("Lindenweg"))).to_be_checked()
    await look(page, "template-form")
    await sheet.get_by_role("button", name="Speichern").click()
    await page.get_by_role("button", name=re.compile(f"Rohrbruch.*{re.escape(TEXT)}", re.DOTALL)).click()
    number = await sheet.locator("code").inner_text()
    await sheet.get_by_role("button", name="Schließen").click()
    await look(page, "templates")
    return number


async def test_a_prepared_alarm_is_made_used_changed_and_removed(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team, clara, _ = await two_phones(server, phone, engine)
    anna = team.page
    number = await prepare(anna)

    asked: list[dict[str, Any]] = []
    team.anna.context.on(
        "request",
        lambda one: one.url.endswith("/v1/alarms") and one.post_data and asked.append(json.loads(one.post_data)),
    )
    await open_place(clara, "/alarms")
    await expect(clara.get_by_role("button", name="Rohrbruch", exact=True)).to_be_visible()
    await look(clara, "alarm-raise-own-template")
    await open_place(anna, "/alarms")
    await hold(anna, "Rohrbruch")
    ringing = clara.get_by_role("alertdialog")
    await expect(ringing).to_contain_text(TEXT)
    await expect(ringing).to_contain_text("von Anna Huber")
    await ringing.get_by_role("button", name="Bringe die Pumpe").click()
    await expect(anna.get_by_role("listitem").filter(has_text="Clara")).to_contain_text("Bringe die Pumpe")
    # The server gets the template's number; the words are sealed.
    assert base64.b64decode(asked[0]["template"]).hex() == number
    assert (asked[0]["level"], TEXT in json.dumps(asked)) == (3, False)
    await anna.get_by_role("button", name="Entwarnung geben").click()

    await open_place(anna, "/settings/templates")
    await anna.get_by_role("button", name=re.compile("Rohrbruch")).click()
    await anna.get_by_role("dialog").get_by_label("Name", exact=True).fill("Wasser im Keller")
    await anna.get_by_role("button", name="Speichern").click()
    await open_place(clara, "/alarms")
    await expect(clara.get_by_role("button", name="Wasser im Keller", exact=True)).to_be_visible()
    await expect(clara.get_by_role("button", name="Rohrbruch", exact=True)).to_have_count(0)
    await anna.get_by_role("button", name=re.compile("Wasser im Keller")).click()
    await anna.get_by_role("button", name="Vorlage löschen").click()
    await expect(anna.get_by_text("Noch keine Vorlage")).to_be_visible()
    await expect(clara.get_by_role("button", name="Wasser im Keller", exact=True)).to_have_count(0)

    async def forgotten() -> bool:
        return bool(await team.ben("alarmSettings.templates") == [])

    await team.ben.until(forgotten)


async def test_a_template_without_network_waits_and_who_joins_later_has_it(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    own = await engine_of(await phone())
    await own.join(server.setup, "Anna")
    site = await own("chats.create", "site", "Lager", "", [])
    await own.away()
    form = {"title": "Brand", "text": "Feuer im Lager", "level": 3, "answers": [], "policy": None}
    await own("alarmSettings.setTemplate", None, form, [site])
    assert [one["form"]["title"] for one in await own("alarmSettings.templates")] == ["Brand"]
    await own.back()
    link = (await own("people.invite", "member", 1, 1))["link"]
    ben = await engine()
    await ben.join(link, "Ben")
    await own("chats.add", site, [await ben.me()])

    async def known() -> Any:
        return await ben("alarmSettings.templates")

    found = (await ben.until(known))[0]
    assert (found["form"]["text"], found["conversations"]) == ("Feuer im Lager", [site])


def signed(hook: str, secret: str, template: str, level: int) -> dict[str, Any]:
    """What a machine sends."""
    time = system_clock()
    text = f"werkfunk-alarm.{hook}.{time}.{template}.{level}"
    signature = hmac.new(bytes.fromhex(secret), text.encode(), hashlib.sha256).hexdigest()
    return {"time": time, "level": level, "template": template, "signature": signature}


async def test_a_machine_raises_a_prepared_alarm_until_its_access_is_withdrawn(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team, clara, _ = await two_phones(server, phone, engine)
    anna = team.page
    number = await prepare(anna)
    await open_place(anna, "/settings/duty")
    await anna.get_by_role("link", name="Maschinen").click()
    await anna.get_by_role("button", name="Neue Maschine").click()
    sheet = anna.get_by_role("dialog")
    await sheet.get_by_label("Name", exact=True).fill("Wassermelder")
    await expect(sheet.get_by_role("button", name="Speichern")).to_be_disabled()
    await sheet.get_by_role("checkbox", name=re.compile("Lindenweg")).click()
    await look(anna, "machine-form")
    await sheet.get_by_role("button", name="Speichern").click()
    await expect(anna.get_by_text("nur dieses eine Mal")).to_be_visible()
    url, secret = await anna.locator(".keys code").all_inner_texts()
    await look(anna, "machine-secret")
    await anna.get_by_role("button", name="Fertig").click()
    await expect(anna.get_by_text(secret)).to_have_count(0)

    call = signed(url.rpartition("/")[2], secret, number, 2)
    async with httpx.AsyncClient() as machine:
        assert (await machine.post(url, json=call)).status_code == 200
        # The words of the template, in the level that the machine says; nobody has signed it.
        for page in (clara, anna):
            ringing = page.get_by_role("alertdialog")
            await expect(ringing).to_contain_text(TEXT)
            await expect(ringing).to_contain_text("Dringend")
            await expect(ringing).to_contain_text("von einer Maschine, ohne Unterschrift")
        await look(clara, "machine-ringing")
        await ringing.get_by_role("button", name="Bringe die Pumpe").click()
        await clara.get_by_role("alertdialog").get_by_role("button", name="Komme", exact=True).click()
        await open_place(clara, "/alarms")
        await expect(clara.get_by_role("link", name=re.compile(re.escape(TEXT)))).to_be_visible()

        await anna.get_by_role("button", name=re.compile("Wassermelder.*Lindenweg.*Notfall", re.DOTALL)).click()
        await sheet.get_by_role("button", name="Zugang entziehen").click()
        await expect(anna.get_by_text("Noch keine Maschine")).to_be_visible()
        call = await asyncio.to_thread(signed, url.rpartition("/")[2], secret, number, 1)
        assert (await machine.post(url, json=call)).status_code == 404


async def test_several_sites_and_people_at_once(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team, clara, _ = await two_phones(server, phone, engine)
    anna = team.page
    lager = await team.ben("chats.create", "group", "Lager", "", [team.anna_id])
    await open_place(anna, "/alarms")
    field = anna.get_by_label("Wen alarmieren?")
    await expect(field).to_have_text("Baustelle Lindenweg")
    await field.click()
    sheet = anna.get_by_role("dialog")
    await sheet.get_by_role("checkbox", name=re.compile("Lindenweg")).click()
    await sheet.get_by_role("button", name="Fertig").click()
    await expect(field).to_have_text("Wähle aus, wen der Alarm erreichen soll.")
    await expect(anna.get_by_role("button", name="Unfall", exact=True)).to_be_disabled()
    await field.click()
    await sheet.get_by_role("checkbox", name=re.compile("Lager")).click()
    # No conversation with Clara yet: it is made.
    await sheet.get_by_role("checkbox", name=re.compile("Clara")).click()
    await look(anna, "alarm-targets")
    await sheet.get_by_role("button", name="Fertig").click()
    await expect(field).to_have_text("Lager, Clara Öztürk")
    await hold(anna, "Unfall")
    await expect(anna.get_by_text("0/2")).to_be_visible()
    ringing = clara.get_by_role("alertdialog")
    await expect(ringing).to_contain_text("Unfall! Ersthelfer bitte sofort kommen.")
    await expect(ringing).to_contain_text("von Anna Huber")
    await ringing.get_by_role("button", name="Komme", exact=True).click()

    async def called() -> Any:
        return next((one for one in await team.ben("alarms.list") if one["text"]), None)

    got = await team.ben.until(called)
    assert (got["conversation"], got["signed"], got["called"]) == (lager, True, True)
    await expect(anna.get_by_text("1/2")).to_be_visible()


async def test_who_is_called_by_a_later_step_can_read_what_it_is_about(server: Serving, engine: MakeEngine) -> None:
    anna, ben, clara = await engine(), await engine(), await engine()
    await anna.join(server.setup, "Anna")
    for one, name in ((ben, "Ben"), (clara, "Clara")):
        await one.join((await anna("people.invite", "member", 1, 1))["link"], name)
    clara_id, ben_id = await clara.me(), await ben.me()

    async def known() -> bool:
        return {ben_id, clara_id} <= {one["user"] for one in await anna("people.list")}

    await anna.until(known)
    site = await anna("chats.create", "site", "Lindenweg", "", [clara_id])
    goal = {"coming": 0, "seen": 0, "everyone": False}
    step = {"after": 5, "unless": goal, "to": {"silent": False, "people": [ben_id], "plan": None}, "via": ["app"]}
    form = {"name": "Notfall", "repeat_every": 0, "repeat_times": 0, "steps": [step], "stop": {**goal, "coming": 9}}
    await anna("alarmSettings.setPolicy", None, form)
    (policy,) = await anna("alarmSettings.policies")
    out = {"conversations": [site], "text": "Wasser im Keller", "level": 2, "drill": False, "place": None}
    alarm = await anna("alarms.raise", {**out, "policy": policy["id"]})

    async def called() -> Any:
        return next((one for one in await ben("alarms.list") if one["called"] and one["text"]), None)

    got = await ben.until(called)
    assert (got["id"], got["text"], got["signed"], got["raiser"]) == (alarm, "Wasser im Keller", True, "Anna")
