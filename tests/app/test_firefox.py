"""The main journeys in Firefox ESR, against a colleague with the client library; clicked and typed as people do.

Its whole network is one link: it can be cut, and shows that nothing but the own origin is asked.
"""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from PIL import Image

from e2e.process import Cli, Serving
from werkfunk.sdk.log import Message

from .firefox import Firefox, Tab, through
from .link import Link, Network
from .people import Library, Line
from .pictures import says_nothing, secret_photo

# The browser calls its maker, whatever is switched off; a page has no reason to.
MAKER = re.compile(r"^[a-z0-9.-]+\.(mozilla\.(com|net|org)|firefox\.com):443$")
GROUP = "Baustelle Süd 🏗"
CODE = re.compile(r"\b([0-9A-Z]{4}-){6}[0-9A-Z]{4}\b")
WHOLE = """async (width) => {
  const shown = document.querySelector("dialog img");
  // Before the photo there is its thumbnail.
  while (shown.naturalWidth !== width) await new Promise((turn) => shown.addEventListener("load", turn, { once: true }));
}"""
TYPED = "Grüße: äöüß, 1½ m², „fertig“ 👍"


@pytest_asyncio.fixture(loop_scope="session")
async def link(network: Network, server: Serving) -> AsyncIterator[Link]:
    link = await network.link(server.port)
    yield link
    await link.close()


@pytest_asyncio.fixture(loop_scope="session")
async def firefox(tmp_path: Path, link: Link) -> AsyncIterator[Firefox]:
    async with Firefox(tmp_path / "firefox", through(link)) as firefox:
        yield firefox
    assert [target for target in link.foreign if not MAKER.search(target)] == []
    # That a connection broke is said by the browser itself.
    assert [error for error in firefox.errors if "ws://localhost" not in error] == []


@pytest_asyncio.fixture(loop_scope="session")
async def anna(cli: Cli, server: Serving) -> AsyncIterator[Library]:
    anna = await Library(cli.folder / "anna", "Anna Huber").join(server.setup)
    yield anna
    await anna.close()


async def group_with(anna: Library, name: str) -> str:
    await anna.client.core.chains.refresh()
    return await anna.create(GROUP, "", [anna.client.core.chains.find(name).hex()])


async def come_in(tab: Tab, anna: Library) -> str:
    """By a link, with a name; gives the group that Anna makes with the newcomer, open."""
    await tab.go(await anna.invite())
    await tab.find("heading", "Willkommen bei Elektro Huber")
    assert await tab.run("() => location.hash") == ""
    await tab.write("Dein Name", "Jürgen Groß")
    await tab.keys("Enter")
    await tab.find("heading", "Dein Wiederherstellungscode")
    await tab.find("button", "Kopieren")
    assert CODE.search(await tab.run("() => document.body.innerText"))
    await tab.click("button", "Ich habe ihn aufbewahrt")
    await tab.find("heading", "Chats")
    group = await group_with(anna, "Jürgen Groß")
    await tab.click("link", GROUP)
    await tab.find("textbox", "Nachricht")
    return group


async def say(tab: Tab, text: str) -> None:
    await tab.write("Nachricht", text)
    await tab.click("button", "Senden")
    await tab.find("article", text)


async def hear(anna: Library) -> Message:
    """The next message that comes to Anna."""
    async for message in anna.client.listen():
        return message
    raise AssertionError("listening does not end")


async def last(anna: Library, group: str) -> Line:
    return (await anna.view(group)).lines[-1]


async def reads(anna: Library, group: str, *texts: str) -> None:
    """Until these are the last ones that Anna has."""
    shown: list[str] = []
    try:
        while shown != list(texts):
            if shown:
                await hear(anna)
            shown = [line.text for line in (await anna.view(group)).lines][-len(texts) :]
    finally:
        assert shown == list(texts)


async def test_from_the_link_to_photos_and_answers(firefox: Firefox, anna: Library, tmp_path: Path) -> None:
    tab = firefox.tab
    group = await come_in(tab, anna)
    await say(tab, TYPED)
    await hear(anna)
    first = await last(anna, group)
    assert first.text == TYPED

    await anna.say(group, "Passt. Foto vom Keller?", first.id)
    await tab.find("button", f"Jürgen Groß{chr(10)}{TYPED}")
    await anna.client.slots.read(bytes.fromhex(group), anna.client.core.logs.cursor(bytes.fromhex(group)))
    await tab.find("img", "Gelesen")

    picture = tmp_path / "keller.jpg"
    picture.write_bytes(secret_photo())
    await tab.choose("input[type=file][multiple][accept]", picture)
    await tab.write("Text dazu", "Der Keller")
    await tab.click("button", "Senden", exact=True)
    await tab.find("button", "Foto 1 von 1")
    message = await hear(anna)
    data = await anna.fetch(group, message.id.hex())
    says_nothing(data)
    assert Image.open(io.BytesIO(data)).size == (1600, 1200)
    await tab.click("button", "Foto 1 von 1")
    await tab.find("dialog", "Foto")
    await tab.run(WHOLE, 1600)
    await tab.keys("Escape")
    await tab.gone("dialog", "Foto")

    await tab.click("article", "Foto vom Keller?", button=2)
    await tab.click("button", "Antworten")
    await say(tab, "Schon da")
    await hear(anna)
    answer = await last(anna, group)
    asked = next(line for line in (await anna.view(group)).lines if line.text.startswith("Passt"))
    assert (answer.text, answer.reply) == ("Schon da", asked.id)


async def test_without_network_in_two_tabs_and_in_another_language(firefox: Firefox, link: Link, anna: Library) -> None:
    tab = firefox.tab
    group = await come_in(tab, anna)
    await link.cut()
    await tab.reads("Keine Verbindung.")
    for text in ("Eins", "Zwei"):
        await say(tab, text)
    await tab.find("img", "Wartet auf Verbindung")
    await anna.say(group, "Inzwischen von Anna")
    link.mend()
    await tab.find("article", "Inzwischen von Anna")
    await reads(anna, group, "Inzwischen von Anna", "Eins", "Zwei")
    await tab.gone("img", "Wartet auf Verbindung")

    # The second tab shows the same, and takes over when the first one goes.
    second = await firefox.open()
    await second.go(await tab.run("() => location.href"))
    await second.find("article", "Zwei")
    await say(second, "Vom zweiten")
    await tab.front()
    await tab.find("article", "Vom zweiten")
    await tab.close()
    await second.front()
    await say(second, "Allein weiter")
    await reads(anna, group, "Vom zweiten", "Allein weiter")

    # Without network it opens all the same, and settings stay.
    await link.cut()
    await second.go(await second.run("() => location.origin + '/settings'"))
    await second.find("heading", "Einstellungen")
    await second.click("radio", "English")
    await second.find("heading", "Settings")
    await second.reload()
    await second.find("heading", "Settings")
