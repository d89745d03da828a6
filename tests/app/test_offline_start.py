"""The app on the device: it starts without network, only with files that fit their hashes, and changes when told to."""

import base64
import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from e2e.process import Cli, Serving

from .conftest import AppServing, Make
from .joining import come_in, look
from .serve import BUILT
from .worker import active

NEW = "Werkfunk neu"
# Under Trusted Types, with the name that the engine's page has left over.
INSTALLED = """async () => {
  const policy = trustedTypes.createPolicy("svelte-trusted-html", { createScriptURL: (url) => url });
  const found = await navigator.serviceWorker.register(policy.createScriptURL("/sw.js"));
  const worker = found.installing ?? found.waiting ?? found.active;
  while (!["activated", "redundant"].includes(worker.state)) {
    await new Promise((done) => worker.addEventListener("statechange", done, { once: true }));
  }
  return worker.state;
}"""
WAITING = """async () => {
  const found = await navigator.serviceWorker.ready;
  await found.update();
  while (!found.waiting) {
    const [one, event] = found.installing ? [found.installing, "statechange"] : [found, "updatefound"];
    await new Promise((done) => one.addEventListener(event, done, { once: true }));
  }
}"""


@pytest.fixture
def folder(tmp_path: Path, built: None) -> Path:
    """A copy of the app that a test may change."""
    return Path(shutil.copytree(BUILT, tmp_path / "app"))


@pytest.fixture
def server(cli: Cli, folder: Path) -> Iterator[Serving]:
    serving = AppServing(cli)
    serving.environment["APP_FOLDER"] = str(folder)
    serving.start()
    yield serving
    serving.stop()


def integrity(path: Path) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()


def release(folder: Path) -> None:
    """The next version: another page, its hash in the service worker."""
    page, worker = folder / "index.html", folder / "sw.js"
    before = integrity(page)
    page.write_text(page.read_text().replace("<title>Werkfunk</title>", f"<title>{NEW}</title>"))
    worker.write_text(worker.read_text().replace(before, integrity(page)))


async def test_it_opens_without_network_anywhere_in_the_app(phone: Make) -> None:
    device = await phone()
    page = await device.open()
    await active(page)
    await device.offline()
    for where in ("/", "/settings", "/c/" + "0f" * 16):
        await device.open(where)
        assert await page.title() == "Werkfunk"
        await page.locator("#app > *").first.wait_for()


async def test_a_file_that_was_exchanged_is_not_taken(phone: Make, folder: Path) -> None:
    device = await phone()
    device.guard.expected.append("integrity")
    script = next((folder / "assets").glob("worker-*.js"))
    script.write_text(script.read_text() + "\n// exchanged\n")
    page = await device.open("/tests/engine/index.html")
    assert await page.evaluate(INSTALLED) == "redundant"


async def test_the_files_of_the_build_are_taken(phone: Make) -> None:
    page = await (await phone()).open("/tests/engine/index.html")
    assert await page.evaluate(INSTALLED) == "activated"


async def test_a_new_version_waits_until_the_person_agrees(phone: Make, folder: Path) -> None:
    device = await phone()
    page = await device.open()
    await active(page)
    await page.reload()
    release(folder)
    await page.reload()
    assert await page.title() == "Werkfunk", "what the device has counts, whatever the server says"
    await page.evaluate(WAITING)
    async with page.expect_navigation():
        await page.evaluate("async () => (await navigator.serviceWorker.ready).waiting.postMessage({ type: 'skip' })")
    assert await page.title() == NEW
    names = await page.evaluate("caches.keys()")
    assert len(names) == 1
    assert re.fullmatch(r"werkfunk-[0-9a-f]{16}", names[0])


async def test_a_new_version_is_offered_where_the_person_is(server: Serving, phone: Make, folder: Path) -> None:
    device = await phone()
    page = await come_in(device, server.setup, "Anna Huber")
    await active(page)
    await page.reload()
    release(folder)
    await page.reload()
    await page.evaluate(WAITING)
    await expect(page.get_by_text("Eine neue Version ist da.")).to_be_visible()
    await look(page, "update")
    async with page.expect_navigation():
        await page.get_by_role("button", name="Neu laden").click()
    assert await page.title() == NEW
    await expect(page.get_by_role("navigation")).to_be_visible()
