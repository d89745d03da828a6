"""A crew to talk with: the owner on a phone, a colleague whose engine the test drives, and sites they are on."""

import base64
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, expect

from e2e.process import Serving

from .browser import Device
from .conftest import Make, MakeEngine
from .engine import Engine, engine, file
from .joining import come_in
from .tools import axe, shoot


@dataclass
class Crew:
    """`anna` owns the business and has the app in front of her; `ben` is asked through his engine."""

    anna: Device
    page: Page
    ben: Engine
    ben_id: str
    anna_id: str

    async def site(self, title: str, address: str = "") -> str:
        """A site of Ben's with Anna, seen in her list."""
        site = await self.ben("chats.create", "site", title, address, [self.anna_id])
        await expect(self.page.get_by_role("link", name=title)).to_be_visible()
        return str(site)

    async def open(self, conversation: str) -> Page:
        await self.page.goto(f"{self.anna.origin}/c/{conversation}")
        await expect(self.page.get_by_role("log")).to_have_attribute("aria-busy", "false")
        return self.page


async def crew(server: Serving, make: Make, engines: MakeEngine, **options: Any) -> Crew:
    """Anna by the set-up link in the app, Ben by her invitation."""
    anna = await make(**options)
    page = await come_in(anna, server.setup, "Anna Huber")
    own = await engine(anna)
    link = (await own("people.invite", "admin", 1, 1))["link"]
    anna_id = await own.me()
    ben = await engines()
    await ben.join(link, "Ben Yıldız")
    ben_id = await ben.me()
    await anna.open("/")
    return Crew(anna, page, ben, ben_id, anna_id)


async def look(page: Page, name: str) -> None:
    """Barriers and a picture, light and dark."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        # A picture is of the page as drawn; only then the colours that axe asks for are the scheme's.
        await page.screenshot()
        await shoot(page, f"{name}-{scheme}")
        await axe(page)


DRAW = """async ([text, colour, width, height]) => {
  const canvas = new OffscreenCanvas(width, height);
  const draw = canvas.getContext("2d");
  const sky = draw.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, colour);
  sky.addColorStop(1, "#f4ead8");
  draw.fillStyle = sky;
  draw.fillRect(0, 0, width, height);
  draw.fillStyle = "#b5886a";
  for (let y = height * 0.55, row = 0; y < height; y += height / 12, row++)
    for (let x = (row % 2) * -0.06 * width; x < width; x += width / 8)
      draw.fillRect(x, y, width / 8 - 6, height / 12 - 6);
  draw.fillStyle = "#3c4746";
  draw.font = `600 ${height / 11}px sans-serif`;
  draw.fillText(text, width / 20, height / 7);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
  let out = "";
  for (const byte of new Uint8Array(await blob.arrayBuffer())) out += String.fromCharCode(byte);
  return btoa(out);
}"""


async def photo(page: Page, text: str, colour: str = "#7fa8a0", width: int = 1200, height: int = 900) -> bytes:
    """A picture of a wall, drawn by the browser; JPEG."""
    return base64.b64decode(await page.evaluate(DRAW, [text, colour, width, height]))


def sent(data: bytes, name: str, kind: str, *, is_photo: bool) -> dict[str, Any]:
    """An `OutgoingFile` for the engine's page."""
    return {"file": file(data, kind), "name": name, "photo": is_photo, "original": False}


def upload(data: bytes, name: str, kind: str) -> Any:
    """A file for Playwright's `set_input_files`."""
    return {"name": name, "mimeType": kind, "buffer": data}


PASTE = """(target, [name, kind, data, how]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: kind }));
  const init = { bubbles: true, cancelable: true };
  if (how === "paste") target.dispatchEvent(new ClipboardEvent("paste", { ...init, clipboardData: transfer }));
  else for (const type of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(type, { ...init, dataTransfer: transfer }));
}"""


async def hand_over(page: Page, selector: str, how: str, data: bytes, name: str, kind: str) -> None:
    """Paste or drop a file, as the browser would tell the page of it."""
    await page.locator(selector).evaluate(PASTE, [name, kind, base64.b64encode(data).decode(), how])
