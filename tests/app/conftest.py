"""The app in a real browser, at a real server. A test needs three lines:

    async def test_the_owner_gets_in(server: Serving, phone: Make) -> None:
        anna = await phone()                    # a Device: 390x844, touch, German, with a storage and a network of its own
        page = await anna.open(server.setup)    # a Playwright page (async API) at the owner's link
        await page.get_by_role("button", name="Weiter").click()

- `phone()` and `desktop()` make as many people's browsers as are asked for; they take Playwright's context options
  (`phone(color_scheme="dark")`), `flags=[…]` and `folder=…` for a browser process of its own, `clock=timedelta(days=1)`.
- Every device is watched: a request to another origin, an error or warning in the console, a broken policy, an uncaught
  error or a missing file fails the test at its end. What a test provokes it announces: `anna.guard.expected.append("…")`.
- `axe(page)` (no finding, WCAG 2.2 AA) and `shoot(page, "name")` (a picture, where SHOTS names a folder) are in `tools`.
- Network: `await anna.offline()`, `await anna.online()`; `anna.link` can `delay` (s), `rate` (bytes/s), `cut()`,
  `cut_after("up", 500_000)`. Server: `server.kill()`, `server.start()`, `server.stop()`; `cli` runs `werkfunk` commands.
- `engine` is the app's engine without its surface (`engine.py`): `anna = await engine(); await anna("chats.list")`.
- `await asyncio.to_thread(cli.one, …)` where something else has to go on meanwhile.

The app is built first, so a test always sees the sources as they are. All tests here share one loop and one Chromium.
"""

import asyncio
import fcntl
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial, wraps
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright

from e2e.process import Cli, Serving
from packages import need

from .browser import CHROMIUM, DESKTOP, ENVIRONMENT, FLAGS, PHONE, Device, Devices
from .engine import Engine
from .engine import engine as engine_of
from .link import Network

LIMIT_S = 240
MEASURED = 5
"""How much longer a measurement may take than a test."""
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
Make = Callable[..., Coroutine[Any, Any, Device]]
MakeEngine = Callable[..., Coroutine[Any, Any, Engine]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One loop for all of them, so that one browser serves them all; and a time limit that ends a test in good order."""
    for item in items:
        if item.path.is_relative_to(HERE) and isinstance(item, pytest.Function) and iscoroutinefunction(item.obj):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            limit = LIMIT_S * MEASURED if item.get_closest_marker("bench") else LIMIT_S
            item.add_marker(pytest.mark.timeout(limit + 60))
            item.obj = within(limit, item.obj)


def within(seconds: float, test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., Coroutine[Any, Any, None]]:
    @wraps(test)
    async def limited(*arguments: Any, **named: Any) -> None:
        async with asyncio.timeout(seconds):
            await test(*arguments, **named)

    return limited


@pytest.fixture(scope="session")
def built() -> None:
    """The app and its test page, as the sources are now; whoever comes first builds for all."""
    with (ROOT / "web" / "vite.config.ts").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["make", "-s", "app", "engine"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    need("chromium", "fonts-noto-color-emoji", "poppler-utils")
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), env=ENVIRONMENT)
    yield browser
    await browser.close()


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


class AppServing(Serving):
    """A server process with the tests' build of the app."""

    def command(self) -> list[str]:
        task = {"data": "data", "overrides": {"listen": self.listen}, "json": True}
        return [sys.executable, str(HERE / "serve.py"), json.dumps(task)]


@pytest.fixture
def server(cli: Cli, built: None) -> Iterator[Serving]:
    serving = AppServing(cli)
    serving.start()
    yield serving
    serving.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def devices(
    playwright: Playwright, browser: Browser, network: Network, server: Serving, tmp_path: Path
) -> AsyncIterator[Devices]:
    devices = Devices(playwright, browser, network, f"http://localhost:{server.port}", tmp_path)
    yield devices
    await devices.close()


@pytest.fixture
def phone(devices: Devices) -> Make:
    return partial(devices.make, PHONE)


@pytest.fixture
def desktop(devices: Devices) -> Make:
    return partial(devices.make, DESKTOP)


@pytest.fixture
def engine(phone: Make) -> MakeEngine:
    async def make(**options: Any) -> Engine:
        return await engine_of(await phone(**options))

    return make
