"""Push the whole way in Firefox ESR: nothing is stood in for but Mozilla's servers.

The page subscribes at the browser, the browser at the local autopush; the server seals and posts; the browser opens the
knock by RFC 8291; the service worker fetches the message, opens it with the device's keys and shows it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from e2e.process import Cli, Serving

from .autopush import Autopush
from .conftest import AppServing
from .engine import PLACE
from .firefox import Firefox
from .people import Library
from .test_firefox import come_in
from .worker import ACTIVE

NOTICED_S = 10
SUBSCRIBE = """async () => {
  const bytes = (given) => Uint8Array.from(atob(given.base64), (c) => c.charCodeAt(0));
  const { value: { key } } = await ask("push", "server", []);
  const registration = await navigator.serviceWorker.ready;
  const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const part = (name) => ({ base64: btoa(String.fromCharCode(...new Uint8Array(made.getKey(name)))), type: "bytes" });
  const answer = await ask("push", "subscribe", [{ endpoint: made.endpoint, p256dh: part("p256dh"), auth: part("auth") }]);
  if (answer.problem) throw new Error(answer.problem);
  return made.endpoint;
}"""
# A notification tells nobody that it was shown, so it is asked for at each turn; the test's timeout is the limit.
SHOWN = """async () => {
  for (;;) {
    const all = await (await navigator.serviceWorker.ready).getNotifications();
    if (all.length > 0) return all.map((one) => ({ title: one.title, body: one.body, tag: one.tag }));
    await new Promise((turn) => setTimeout(turn, 20));
  }
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def autopush() -> AsyncIterator[Autopush]:
    async with Autopush() as service:
        yield service


@pytest.fixture
def server(cli: Cli, built: None, autopush: Autopush) -> Iterator[Serving]:
    serving = AppServing(cli)
    serving.environment["WERKFUNK_PUSH_SERVICES"] = autopush.origin
    serving.start()
    yield serving
    serving.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def firefox(tmp_path: Path, autopush: Autopush) -> AsyncIterator[Firefox]:
    async with Firefox(tmp_path / "firefox", {"dom.push.serverURL": autopush.url}) as firefox:
        yield firefox


async def ask(firefox: Firefox, method: str, *given: Any) -> Any:
    """The engine of the tab."""
    area, _, name = method.partition(".")
    answer = await firefox.tab.run("(area, name, given) => ask(area, name, given)", area, name, list(given))
    assert "problem" not in answer, answer
    return answer.get("value")


async def until(firefox: Firefox, look: Any) -> None:
    """Look again at each change that the engine tells; the test's timeout is the limit."""
    while True:
        count = await firefox.tab.run("() => changes.length")
        if await look():
            return
        await firefox.tab.run("(count) => changedSince(count)", count)


async def test_a_message_wakes_firefox_and_is_opened_there(
    cli: Cli, server: Serving, autopush: Autopush, firefox: Firefox
) -> None:
    def werkfunk(*given: str) -> Any:
        return asyncio.to_thread(cli.lines, *given)

    origin = f"http://localhost:{server.port}"
    await werkfunk("join", server.setup, "--profile", "anna", "--name", "Anna")
    (invite,) = await werkfunk("invite", "--profile", "anna")
    await firefox.tab.go(origin + "/")
    await firefox.tab.run(ACTIVE)
    await firefox.tab.go(origin + PLACE)
    await ask(firefox, "session.join", invite["link"], {"name": "Bernd", "picture": None, "device": "Firefox"})
    endpoint = await firefox.tab.run(SUBSCRIBE)
    assert endpoint.startswith(autopush.origin)

    await werkfunk("create", "--profile", "anna", "--title", "Baustelle Lindenweg", "--with", "Bernd")

    async def has_group() -> bool:
        return any(chat["title"] == "Baustelle Lindenweg" for chat in await ask(firefox, "chats.list"))

    await until(firefox, has_group)
    (group,) = await ask(firefox, "chats.list")
    await firefox.tab.run("() => show(false)")
    sent = await ask(firefox, "messages.send", group["id"], {"text": "bis gleich", "replyTo": None, "files": []})

    async def acknowledged() -> bool:
        page = await ask(firefox, "messages.page", group["id"], {"at": "end"}, 50)
        return any(line["id"] == sent and line["seq"] > 0 for line in page["messages"])

    await until(firefox, acknowledged)
    await firefox.tab.go("about:blank")
    await werkfunk("send", "--profile", "anna", "--to", "Baustelle Lindenweg", "Der Kran kommt um sieben")
    assert await autopush.acked.get() == 100, "the browser has opened the knock and handed it to the service worker"
    await firefox.tab.go(origin + PLACE)
    (shown,) = await firefox.tab.run(SHOWN)
    assert shown["title"] == "Baustelle Lindenweg"
    assert shown["body"].endswith("Anna: Der Kran kommt um sieben")
    assert shown["tag"] == group["id"]


async def test_switched_on_in_the_settings_and_ended_by_signing_out(
    cli: Cli, server: Serving, autopush: Autopush, firefox: Firefox
) -> None:
    anna = await Library(cli.folder / "anna", "Anna").join(server.setup)
    tab = firefox.tab
    group = await come_in(tab, anna)
    origin = await tab.run("() => location.origin")
    await tab.go(origin + "/settings/notices")
    await tab.click("switch", "Mitteilungen auf diesem Gerät")
    # Can be reached once it is truly on.
    await tab.find("switch", "Vorschau zeigen")
    await tab.go("about:blank")
    acked = None
    while acked is None:
        # Until the server has noticed that the app is gone, it believes that the message was seen there.
        await anna.say(group, "Der Kran kommt um sieben")
        with contextlib.suppress(TimeoutError):
            acked = await asyncio.wait_for(autopush.acked.get(), NOTICED_S)
    assert acked == 100
    await tab.go(origin + "/settings/devices")
    (shown,) = await tab.run(SHOWN)
    assert shown["body"].endswith("Anna: Der Kran kommt um sieben")

    await tab.click("button", "Von diesem Gerät abmelden")
    await tab.click("button", "Jetzt löschen")
    await tab.find("heading", "Der Draht zur Baustelle")
    assert await autopush.ended.get()
    assert await tab.run("async () => (await (await navigator.serviceWorker.ready).getNotifications()).length") == 0
    await anna.close()
