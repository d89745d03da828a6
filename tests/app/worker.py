"""The service worker of a device, as the browser's own tools reach it: pushes delivered, notifications read."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from playwright.async_api import CDPSession, Error, Page, Worker

from .browser import Device

ACTIVE = """async () => {
  const { active } = await navigator.serviceWorker.ready;
  if (active.state === "activated") return;
  await new Promise((done) => active.addEventListener("statechange", () => active.state === "activated" && done()));
}"""
SHOWN = """async () => (await registration.getNotifications()).map((one) => (
  { title: one.title, body: one.body, tag: one.tag, silent: one.silent, data: one.data }))"""
PATIENCE_S = 3


@dataclass
class ServiceWorker:
    """See the module. `page` is a blank page: it keeps the browser there without being a window of the app."""

    device: Device
    page: Page
    cdp: CDPSession
    registration: str

    @property
    def worker(self) -> Worker:
        return self.device.context.service_workers[-1]

    async def ask(self, script: str) -> Any:
        """Run a script in the worker. The browser stops an idle one, and a stopped one never answers: then it is started."""
        while True:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    return await self.worker.evaluate(script)
            except (TimeoutError, Error):
                await self.cdp.send("ServiceWorker.startWorker", {"scopeURL": f"{self.device.origin}/"})

    async def push(self, data: Any) -> None:
        """Deliver a push as the browser would after opening it."""
        text = data if isinstance(data, str) else json.dumps(data)
        given = {"origin": self.device.origin, "registrationId": self.registration, "data": text}
        await self.cdp.send("ServiceWorker.deliverPushMessage", given)

    async def shown(self) -> list[dict[str, Any]]:
        """The notifications that stand there now."""
        return list(await self.ask(SHOWN))

    async def until_shown(self, text: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until `count` notifications stand there, one with `text`; the test's timeout is the limit."""
        while True:
            # A notification tells nobody that it was shown, so it is asked for again and again.
            all_ = await self.shown()
            if len(all_) == count and any(text in one["title"] or text in one["body"] for one in all_):
                return all_
            await self.page.wait_for_timeout(20)


async def active(page: Page) -> None:
    """Wait until the app's service worker is at work."""
    await page.evaluate(ACTIVE)


async def service_worker(device: Device) -> ServiceWorker:
    """The device's service worker; its first tab is at the app then."""
    await device.context.grant_permissions(["notifications"], origin=device.origin)
    await device.open()
    await active(device.page)
    page = await device.context.new_page()
    cdp = await device.context.new_cdp_session(page)
    found: list[str] = []

    def registered(event: Any) -> None:
        found.extend(one["registrationId"] for one in event["registrations"] if not one["isDeleted"])

    cdp.on("ServiceWorker.workerRegistrationUpdated", registered)
    await cdp.send("ServiceWorker.enable")
    while not found:
        await page.wait_for_timeout(10)
    return ServiceWorker(device, page, cdp, found[-1])
