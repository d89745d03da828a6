"""A push in Chromium, from the server's knock to what stands on the lock screen: fetched and opened by the service worker.

Only the browser's own push service is stood in for (headless Chromium has none): the server posts to a local one, which
opens the knock with the browser's key, and the browser's tools deliver it.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from e2e.process import Serving
from integration.push_service import Browser, PushService

from .conftest import Make
from .engine import Engine, Refused
from .engine import engine as engine_of
from .pushed import server, service
from .worker import ServiceWorker, service_worker

__all__ = ["server", "service"]
# Nobody's finger reaches a headless notification; the event is the browser's own type.
# Chromium stops an idle service worker under its tools, which then never answer: not steady enough for every run.
# The whole way is in every run with Firefox (test_firefox_push.py); these are in `make soak`.
pytestmark = pytest.mark.soak
TAP = """async () => {
  const [notification] = await registration.getNotifications();
  dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


def raw(data: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(data).decode(), "type": "bytes"}


@dataclass
class Crew:
    """Anna with the app open; Bernd's phone with a service worker, subscribed; both in one group."""

    anna: Engine
    bernd: Engine
    worker: ServiceWorker
    service: PushService
    browser: Browser
    group: str

    async def close_the_app(self) -> None:
        """Bernd puts the phone away, and his window goes: what is left is the service worker."""
        await self.bernd.page.evaluate("show(false)")
        # Acknowledged on the same connection: by now the server knows that nobody looks.
        sent = await self.bernd.say(self.group, "bis gleich")
        await self.bernd.until(lambda: acknowledged(self.bernd, self.group, sent))
        await self.bernd.page.close()

    async def knock(self) -> dict[str, Any]:
        """What the server has told Bernd's push service, as his browser opens it."""
        received = await self.service.next()
        assert self.browser.endpoint.endswith(received.path)
        found: dict[str, Any] = json.loads(self.browser.open(received.sealed))
        return found

    async def say(self, text: str, group: str | None = None) -> dict[str, Any]:
        """Anna writes; gives the knock at Bernd's door."""
        await self.anna.say(group or self.group, text)
        return await self.knock()


@pytest_asyncio.fixture(loop_scope="session")
async def crew(server: Serving, service: PushService, phone: Make) -> Crew:
    anna = await engine_of(await phone())
    await anna.join(server.setup, "Anna")
    device = await phone()
    worker = await service_worker(device)
    bernd = await engine_of(device)
    await bernd.join((await anna("people.invite", "member", 1, 1))["link"], "Bernd")
    browser = service.browser()
    target = {"endpoint": browser.endpoint, "p256dh": raw(browser.public), "auth": raw(browser.auth)}
    await bernd("push.subscribe", target)
    assert (await bernd("push.server"))["subscribed"]
    group = await anna("chats.create", "group", "Baustelle Lindenweg", "", [await bernd.me()])
    await bernd.until(lambda: known(bernd, group))
    return Crew(anna, bernd, worker, service, browser, group)


async def acknowledged(one: Engine, group: str, message: str) -> bool:
    return any(line["id"] == message and line["seq"] > 0 for line in await one.lines(group))


async def known(one: Engine, group: str) -> bool:
    return any(chat["id"] == group and chat["title"] for chat in await one("chats.list"))


async def test_a_message_is_opened_without_the_app(crew: Crew) -> None:
    await crew.close_the_app()
    await crew.worker.push(await crew.say("Der Kran kommt um sieben"))
    (shown,) = await crew.worker.until_shown("Kran")
    assert shown["title"] == "Baustelle Lindenweg"
    assert shown["body"].endswith("Anna: Der Kran kommt um sieben")
    assert (shown["tag"], shown["silent"]) == (crew.group, False)
    # The next one of the conversation takes its place and names both.
    await crew.worker.push(await crew.say("und der Beton um acht"))
    (shown,) = await crew.worker.until_shown("Beton")
    assert "Kran" in shown["body"]
    # What the service worker fetched is in the app, also without network.
    await crew.bernd.device.offline()
    bernd = await engine_of(crew.bernd.device, await crew.bernd.device.context.new_page())
    texts = [line["text"] for line in await bernd.lines(crew.group)]
    assert texts[-2:] == ["Der Kran kommt um sieben", "und der Beton um acht"]


async def test_a_tab_that_is_there_is_asked(crew: Crew) -> None:
    await crew.anna.say(crew.group, "mit offener App")
    await crew.bernd.until(lambda: has(crew.bernd, crew.group, "mit offener App"))
    (chat,) = await crew.bernd("chats.list")
    await crew.worker.push({"c": crew.group, "s": (await crew.bernd.lines(crew.group))[-1]["seq"]})
    (shown,) = await crew.worker.until_shown("mit offener App")
    assert shown["title"] == chat["title"]


async def has(one: Engine, group: str, text: str) -> bool:
    return any(line["text"] == text for line in await one.lines(group))


async def test_without_preview_no_word_is_shown(crew: Crew) -> None:
    await crew.bernd("session.settings", {"preview": False})
    await crew.close_the_app()
    await crew.worker.push(await crew.say("geheim"))
    (shown,) = await crew.worker.until_shown("Neue Nachricht")
    assert shown["title"] == "Werkfunk"
    assert "geheim" not in json.dumps(shown)


async def test_a_muted_conversation_makes_no_sound(crew: Crew) -> None:
    await crew.bernd("chats.mute", crew.group, 2**52)
    await crew.close_the_app()
    await crew.worker.push(await crew.say("leise"))
    (shown,) = await crew.worker.until_shown("leise")
    assert shown["silent"] is True


async def test_what_another_device_has_read_is_cleared(crew: Crew, phone: Make) -> None:
    tablet = await engine_of(await phone())
    await tablet.join((await crew.bernd("devices.link"))["link"], "Bernd")
    other = await crew.anna("chats.create", "group", "Lager", "", [await crew.bernd.me()])
    await crew.bernd.until(lambda: known(crew.bernd, other))
    await tablet.until(lambda: known(tablet, other))
    await crew.close_the_app()
    await crew.worker.push(await crew.say("am Tablet gelesen"))
    await crew.worker.until_shown("am Tablet gelesen")
    await tablet.until(lambda: has(tablet, crew.group, "am Tablet gelesen"))
    seq = (await tablet.lines(crew.group))[-1]["seq"]
    await tablet("chats.read", crew.group, seq)
    await crew.anna.until(lambda: read(crew.anna, crew.group))
    await crew.worker.push(await crew.say("noch eins", other))
    (shown,) = await crew.worker.until_shown("noch eins")
    assert shown["title"] == "Lager"


async def read(one: Engine, group: str) -> bool:
    return (await one.lines(group))[-1]["state"] == "read"


async def test_a_push_that_is_not_ours_says_only_that_something_came(crew: Crew) -> None:
    await crew.close_the_app()
    for payload in ("{", "[]", "null", '{"c":"../x","s":1}', '{"c":5}', json.dumps({"c": "0f" * 16}), "x" * 4_000):
        await crew.worker.push(payload)
        (shown,) = await crew.worker.until_shown("Neue Nachricht")
        assert (shown["title"], shown["data"]) == ("Werkfunk", {"conversation": "", "seq": 0})
        await crew.worker.ask("registration.getNotifications().then((all) => all.forEach((one) => one.close()))")


async def test_an_outsiders_conversation_opens_nothing(crew: Crew) -> None:
    await crew.close_the_app()
    await crew.worker.push({"c": "0f" * 16, "s": 3})
    (shown,) = await crew.worker.until_shown("Neue Nachricht")
    assert shown["title"] == "Werkfunk"


async def test_without_network_it_says_that_something_came(crew: Crew) -> None:
    await crew.close_the_app()
    told = await crew.say("im Funkloch")
    await crew.bernd.device.offline()
    await crew.worker.push(told)
    (shown,) = await crew.worker.until_shown("Neue Nachricht")
    assert "Funkloch" not in json.dumps(shown)


async def test_an_alarm_is_loud(crew: Crew) -> None:
    await crew.bernd("chats.mute", crew.group, 2**52)
    await crew.close_the_app()
    told = await crew.say("Alle raus")
    await crew.worker.push(told | {"u": 1})
    (shown,) = await crew.worker.until_shown("Alle raus")
    assert (shown["silent"], shown["tag"]) == (False, f"{crew.group}-{told['s']}")


async def test_a_revoked_device_opens_nothing_more(crew: Crew, phone: Make) -> None:
    tablet = await engine_of(await phone())
    await tablet.join((await crew.bernd("devices.link"))["link"], "Bernd")
    me = (await crew.bernd("session.get"))["me"]["device"]
    await crew.close_the_app()
    told = await crew.say("noch für Bernd")
    await tablet("devices.revoke", me)
    await crew.worker.push(told)
    (shown,) = await crew.worker.until_shown("Neue Nachricht")
    assert "Bernd" not in json.dumps(shown)


async def test_a_tap_leads_to_the_conversation(crew: Crew) -> None:
    page = await crew.bernd.device.tab("/")
    await crew.anna.say(crew.group, "hierher")
    await crew.bernd.until(lambda: has(crew.bernd, crew.group, "hierher"))
    # What has been read is cleared by the app at once, so it must be news, in its list too.
    await expect(page.get_by_text("hierher")).to_be_visible()
    await crew.worker.push({"c": crew.group, "s": (await crew.bernd.lines(crew.group))[-1]["seq"]})
    await crew.worker.until_shown("hierher")
    await crew.worker.ask(TAP)
    await page.wait_for_url(f"**/c/{crew.group}")
    assert await crew.worker.shown() == []


async def test_a_server_without_push_says_so(crew: Crew) -> None:
    with pytest.raises(Refused) as no:
        await crew.bernd(
            "push.subscribe", {"endpoint": "https://evil.example/x", "p256dh": raw(bytes(65)), "auth": raw(bytes(16))}
        )
    assert no.value.code == "push_service"
    await crew.bernd("push.unsubscribe")
    assert not (await crew.bernd("push.server"))["subscribed"]
