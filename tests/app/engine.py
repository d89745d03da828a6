"""The app's engine without its surface: a device on the page `web/tests/engine`, asked by the test."""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from playwright.async_api import Page

from .browser import Device

T = TypeVar("T")
PLACE = "/tests/engine/index.html"


class Refused(Exception):
    """The engine's `Problem`; `code` as in the catalogue."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def file(data: bytes, kind: str = "application/octet-stream") -> dict[str, str]:
    """Bytes for the page, which makes a Blob of them."""
    return {"base64": base64.b64encode(data).decode(), "type": kind}


def data_of(blob: dict[str, str]) -> bytes:
    return base64.b64decode(blob["base64"])


@dataclass
class Engine:
    """Methods are those of `web/src/lib/sync/api.ts`: `await engine("chats.list")`."""

    device: Device
    page: Page

    async def __call__(self, method: str, *arguments: Any) -> Any:
        """Ask the engine. Raises Refused."""
        area, _, name = method.partition(".")
        answer = await self.page.evaluate("(given) => ask(...given)", [area, name, list(arguments)])
        if "problem" in answer:
            raise Refused(answer["problem"], answer["detail"])
        return answer["value"]

    async def until(self, look: Callable[[], Awaitable[T]]) -> T:
        """Look again at each change that the engine tells, until there is something; the test's timeout is the limit."""
        while True:
            count = await self.page.evaluate("changes.length")
            found = await look()
            if found:
                return found
            await self.page.evaluate("(count) => changedSince(count)", count)

    async def online(self) -> None:
        """Until it is connected and caught up."""

        async def look() -> bool:
            network = (await self("session.get"))["network"]
            return network["state"] == "online" and network["behind"] == 0

        await self.until(look)

    async def away(self) -> None:
        """Lose the network, and notice."""
        await self.device.offline()

        async def look() -> bool:
            return (await self("session.get"))["network"]["state"] != "online"

        await self.until(look)

    async def back(self) -> None:
        """The network is there again; the app is told, as the browser tells it."""
        await self.device.online()
        await self("session.wake")

    async def join(self, link: str, name: str, label: str = "Test") -> None:
        await self("session.join", link, {"name": name, "picture": None, "device": label})
        await self.online()

    async def me(self) -> str:
        return (await self("session.get"))["me"]["user"]

    async def lines(self, conversation: str) -> list[dict[str, Any]]:
        """The newest lines."""
        return (await self("messages.page", conversation, {"at": "end"}, 200))["messages"]

    async def say(self, conversation: str, text: str, reply: str | None = None, files: Any = ()) -> str:
        return await self("messages.send", conversation, {"text": text, "replyTo": reply, "files": list(files)})


async def engine(device: Device, page: Page | None = None) -> Engine:
    """The engine of a device, in its first tab or the one given."""
    page = page or device.page
    await page.goto(device.origin + PLACE)
    return Engine(device, page)
