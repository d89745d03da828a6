"""The harness itself: that it lets through what is right, and catches what it is there to catch."""

import re
from typing import Any

import pytest

from e2e.process import Serving

from .browser import Device
from .conftest import Make, MakeEngine
from .engine import PLACE, Engine
from .tools import axe


async def test_the_app_opens_on_phone_and_desktop(phone: Make, desktop: Make) -> None:
    for make in (phone, desktop):
        page = await (await make()).open()
        assert await page.title() == "Werkfunk"


async def test_two_engines_talk(server: Serving, engine: MakeEngine) -> None:
    anna, bernd = await engine(), await engine()
    await anna.join(server.setup, "Anna")
    await bernd.join((await anna("people.invite", "member", 1, 1))["link"], "Bernd")
    group = await anna("chats.create", "group", "Baustelle", "", [await bernd.me()])
    await anna.say(group, "Moin")
    line = await bernd.until(lambda: find(bernd, group, "Moin"))
    assert line["senderName"] == "Anna"


async def test_a_conversation_that_is_asked_for_twice_is_one(server: Serving, engine: MakeEngine) -> None:
    """As when a tab goes after its worker has asked the server: the next worker is asked again, with the same id."""
    anna = await engine()
    await anna.join(server.setup, "Anna")
    wanted = ["chats", "create", ["site", "Lindenweg", "Lindenweg 4", [], "0f" * 16]]
    anna.device.guard.expected.append("409")
    made = await anna.page.evaluate("(wanted) => Promise.all([ask(...wanted), ask(...wanted)])", wanted)
    made.append(await anna.page.evaluate("(wanted) => ask(...wanted)", wanted))
    assert [one["value"] for one in made] == ["0f" * 16] * 3
    (site,) = await anna("chats.list")
    assert site["title"] == "Lindenweg"


async def find(one: Engine, conversation: str, text: str) -> dict[str, Any] | None:
    if all(known["id"] != conversation for known in await one("chats.list")):
        return None
    return next((line for line in await one.lines(conversation) if line["text"] == text), None)


async def found(device: Device, finding: str) -> None:
    """Findings come in their own time; the test's timeout is the limit. Everything found is taken as announced."""
    while not any(re.search(finding, one) for one in device.guard.found + device.link.foreign):
        await device.page.wait_for_timeout(20)
    with pytest.raises(AssertionError):
        device.guard.check()
    device.guard.expected.append("")


async def test_what_a_page_must_not_do_is_found(phone: Make) -> None:
    for script, finding in (
        ("fetch('http://127.0.0.1:59999/x').catch(() => 0)", "policy violated: connect-src"),
        ("new Image().src = 'https://example.org/x.png'", "foreign request"),
        ("document.body.innerHTML = '<b>x</b>'", "policy violated: require-trusted-types-for"),
        ("console.error('kaputt')", "console error: kaputt"),
        ("setTimeout(() => { throw new Error('unerwartet') })", "uncaught: Error: unerwartet"),
        ("fetch('/assets/nothing.js')", "404: .*nothing.js"),
        ("for (let n = 0; n < 80; n++) void fetch('/manifest.webmanifest')", "asked again and again: .*manifest"),
    ):
        device = await phone()
        page = await device.open(PLACE)
        await page.evaluate(f"() => {{ try {{ {script} }} catch {{}} }}")
        await found(device, finding)


async def test_what_a_worker_must_not_do_is_found(phone: Make) -> None:
    for script, finding in (
        ("fetch('http://127.0.0.1:59999/x').catch(() => 0)", "policy violated: connect-src"),
        ("console.error('kaputt')", "console error: kaputt"),
        ("setTimeout(() => { throw new Error('unerwartet') })", "uncaught: .*unerwartet"),
        ("Promise.reject(new Error('vergessen'))", "uncaught: .*vergessen"),
    ):
        device = await phone()
        page = await device.open(PLACE)
        worker = page.workers[0] if page.workers else await page.wait_for_event("worker")
        await worker.evaluate(f"() => {{ {script} }}")
        await found(device, finding)


async def test_nothing_goes_past_the_link(phone: Make) -> None:
    device = await phone(bypass_csp=True)
    page = await device.open(PLACE)
    await page.evaluate("() => void fetch('http://127.0.0.1:59999/x', { mode: 'no-cors' }).catch(() => 0)")
    await found(device, "^http://127.0.0.1:59999/x")


async def test_axe_finds_a_button_without_a_name(phone: Make) -> None:
    page = await (await phone()).open(PLACE)
    await page.evaluate("() => document.body.append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name"):
        await axe(page)
