"""Chromium, and the devices of people: a phone or a desktop with its own storage and its own network."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, Playwright, Route

from .guard import Guard
from .link import Link, Network

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)  # fmt: skip
# What the browser itself shows, such as a field for a date, is German too where Debian's chromium-l10n is there.
ENVIRONMENT: dict[str, str | float | bool] = {**os.environ, "LANGUAGE": "de"}
COMMON = {"locale": "de-DE", "timezone_id": "Europe/Berlin"}
PHONE = {
    **COMMON,
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP = {**COMMON, "viewport": {"width": 1280, "height": 800}}
# Playwright's own clock does not reach into workers.
CLOCK = """{ const True = Date, by = %d;
globalThis.Date = class Date extends True {
  constructor(...given) { if (given.length) super(...given); else super(True.now() + by); }
  static now() { return True.now() + by; }
}; }
"""


@dataclass
class Device:
    """One person's browser at the server. `page` is its first tab."""

    origin: str
    link: Link
    guard: Guard
    context: BrowserContext
    page: Page

    async def open(self, where: str = "/") -> Page:
        """Go to a place of the app, or to a whole link."""
        await self.page.goto(where if "://" in where else self.origin + where)
        return self.page

    async def tab(self, where: str = "/") -> Page:
        """Another tab."""
        page = await self.context.new_page()
        await page.goto(where if "://" in where else self.origin + where)
        return page

    async def offline(self) -> None:
        """No network: connections break, and the browser says so."""
        await self.link.cut()
        await self.context.set_offline(True)

    async def online(self) -> None:
        self.link.mend()
        await self.context.set_offline(False)

    async def close(self) -> None:
        await self.context.close()
        await self.link.close()


class Devices:
    """Makes devices at one server; `close` closes them and asks their guards."""

    def __init__(self, playwright: Playwright, browser: Browser, network: Network, origin: str, folder: Path) -> None:
        self._playwright = playwright
        self._browser = browser
        self._network = network
        self._origin = origin
        self._folder = folder
        self._made: list[Device] = []

    async def make(
        self,
        options: dict[str, Any],
        *,
        flags: Sequence[str] = (),
        folder: Path | None = None,
        clock: timedelta = timedelta(),
        **more: Any,
    ) -> Device:
        """A device with its first tab, still blank.

        Args:
            options: PHONE or DESKTOP.
            flags: more flags for Chromium; the device gets a browser process of its own.
            folder: where the browser keeps its profile, to come back to it in another device; a process of its own.
            clock: how far this device's clock is off.
            more: Playwright's context options (`color_scheme="dark"`, `reduced_motion="reduce"`, …).
        """
        link = await self._network.link(int(self._origin.rpartition(":")[2]))
        # Loopback would bypass a proxy by default.
        proxy: Any = {"server": f"http://127.0.0.1:{link.port}", "bypass": "<-loopback>"}
        given = {**options, **more}
        if flags or folder:
            context = await self._playwright.chromium.launch_persistent_context(
                folder or self._folder / f"browser{len(self._made)}", executable_path=CHROMIUM, args=[*FLAGS, *flags],
                env=ENVIRONMENT, proxy=proxy, **given,
            )  # fmt: skip
        else:
            context = await self._browser.new_context(proxy=proxy, **given)
        guard = Guard(context, self._origin, link)
        await guard.begin(context)
        if clock:
            await set_clock(context, clock)
        page = context.pages[0] if context.pages else await context.new_page()
        device = Device(self._origin, link, guard, context, page)
        self._made.append(device)
        return device

    async def close(self) -> None:
        await asyncio.gather(*(device.close() for device in self._made))
        for device in self._made:
            device.guard.check()


async def set_clock(context: BrowserContext, off: timedelta) -> None:
    """Pages and workers of the context believe that it is so much later."""
    script = CLOCK % (off.total_seconds() * 1000)

    async def prefixed(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=script + await answer.text())

    await context.add_init_script(script)
    await context.route("**/assets/worker-*.js", prefixed)
