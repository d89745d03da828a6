"""Photos over the whole screen, by fingers; and handed on to the phone's other apps."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.async_api import CDPSession, Locator, Page, expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import Crew, crew, look, photo, sent
from .joining import open_place

MIDDLE = (195, 420)
STEPS = 6
# A desktop's Chromium has no sheet of other apps; what the page hands over is kept, and `answer` says how it ends.
SHARE = """() => {
  globalThis.shared = [];
  globalThis.answer = "";
  navigator.canShare = (data) => answer !== "unable" && data.files.length > 0;
  navigator.share = async ({ text, files }) => {
    shared.push({ text, files: files?.map(({ name, type, size }) => [name, type, size > 1_000]) });
    if (answer) throw new DOMException("", answer);
  };
}"""


@dataclass
class Fingers:
    """On a phone's screen, as the browser gets them from the system."""

    session: CDPSession

    async def _touch(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        await self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    async def move(self, *ways: tuple[tuple[float, float], tuple[float, float]]) -> None:
        """One finger for each way, from one point to the other, all at once."""
        for step in range(STEPS + 1):
            now = [(x + (to_x - x) * step / STEPS, y + (to_y - y) * step / STEPS) for (x, y), (to_x, to_y) in ways]
            await self._touch("touchMove" if step else "touchStart", *now)
        await self._touch("touchEnd")

    async def pinch(self, before: float, after: float) -> None:
        """Two fingers, so far from the middle (px)."""
        x, y = MIDDLE
        await self.move(*(((x + side * before, y), (x + side * after, y)) for side in (-1, 1)))

    async def swipe(self, dx: float, dy: float) -> None:
        x, y = MIDDLE
        await self.move(((x, y), (x + dx, y + dy)))


async def two_photos(team: Crew, site: str) -> None:
    for name, colour in (("Wand", "#7fa8a0"), ("Decke", "#a0a87f")):
        picture = await photo(team.ben.page, name, colour)
        await team.ben.say(site, name, None, [sent(picture, f"{name}.jpg", "image/jpeg", is_photo=True)])


async def opened(team: Crew) -> tuple[Page, Locator, Locator]:
    """The newer of two photos: the page, the viewer and the picture in it."""
    site = await team.site("Lindenweg 4")
    await two_photos(team, site)
    page = await team.open(site)
    await expect(page.get_by_role("button", name="Foto 1 von 1")).to_have_count(2)
    await page.get_by_role("button", name="Foto 1 von 1").last.click()
    viewer = page.get_by_role("dialog", name="Foto")
    shown = viewer.get_by_role("img")
    await expect(shown).not_to_have_class(re.compile("soft"))
    return page, viewer, shown


async def view(shown: Locator) -> tuple[float, float, float]:
    """How the picture is shown: moved by x and y (px), so many times as large."""
    style = await shown.get_attribute("style") or ""
    found = re.search(r"translate\((.+)px, (.+)px\) scale\((.+)\)", style)
    assert found, style
    return float(found[1]), float(found[2]), float(found[3])


async def test_fingers_zoom_move_step_and_put_away(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    page, viewer, shown = await opened(team)
    fingers = Fingers(await team.anna.context.new_cdp_session(page))
    assert await view(shown) == (0, 0, 1)

    # Four times as far apart is four times as large; not more than six times.
    await fingers.pinch(40, 160)
    x, y, scale = await view(shown)
    assert abs(scale - 4) < 0.2
    assert max(abs(x), abs(y)) < 60, "what is between the fingers stays there"
    await look(page, "viewer-pinched")
    await fingers.swipe(-100, 0)
    moved = await view(shown)
    assert abs(moved[0] - x + 100) < 2, "one finger moves what is large"
    assert moved[2] == scale
    await fingers.swipe(-4_000, 0)
    assert (await view(shown))[0] > -780, "not past its edge"
    await expect(viewer.get_by_text("Foto 2 von 2")).to_be_visible()
    await fingers.pinch(20, 190)
    assert (await view(shown))[2] == 6
    await fingers.pinch(180, 10)
    assert await view(shown) == (0, 0, 1)

    await fingers.swipe(150, 0)
    await expect(viewer.get_by_text("Foto 1 von 2")).to_be_visible()
    await expect(viewer.get_by_text("Wand")).to_be_visible()
    await fingers.swipe(150, 10)
    await expect(viewer.get_by_text("Foto 1 von 2")).to_be_visible()
    await fingers.swipe(-150, 10)
    await expect(viewer.get_by_text("Foto 2 von 2")).to_be_visible()
    await fingers.swipe(30, 40)
    await expect(viewer).to_be_visible()
    await fingers.swipe(20, 260)
    await expect(viewer).to_be_hidden()


async def test_a_photo_is_handed_to_other_apps(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    await team.anna.context.add_init_script(f"({SHARE})()")
    page, viewer, _ = await opened(team)
    share = viewer.get_by_role("button", name="Teilen")
    await share.click()
    decke: dict[str, Any] = {"text": None, "files": [["Decke.jpg", "image/jpeg", True]]}
    await page.wait_for_function("shared.length === 1")
    assert await page.evaluate("shared") == [decke]
    # Who closes the system's sheet has changed his mind: nothing is said.
    await page.evaluate("answer = 'AbortError'")
    await share.click()
    await page.wait_for_function("shared.length === 2")
    await expect(page.get_by_text("Das hat nicht geklappt.")).to_have_count(0)
    await page.evaluate("answer = 'NotAllowedError'")
    await share.click()
    await expect(page.get_by_text("Das hat nicht geklappt.")).to_be_visible()
    # Where the system takes no files, it is saved.
    await page.evaluate("answer = 'unable'")
    async with page.expect_download() as saving:
        await share.click()
    assert (await saving.value).suggested_filename == "Decke.jpg"


async def test_an_invitation_is_handed_to_other_apps(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    await team.anna.context.add_init_script(f"({SHARE})()")
    page = team.page
    await open_place(page, "/people/invite")
    await page.get_by_role("button", name="Einladung erstellen").click()
    await page.get_by_role("button", name="Teilen").click()
    await page.wait_for_function("shared.length === 1")
    (given,) = await page.evaluate("shared")
    assert re.search(rf"Elektro Huber.* {team.anna.origin}/#i=[\w-]+$", given["text"])
    await page.evaluate("answer = 'AbortError'")
    await page.get_by_role("button", name="Teilen").click()
    await page.wait_for_function("shared.length === 2")
    await expect(page.get_by_text("Das hat nicht geklappt.")).to_have_count(0)
    await page.evaluate("answer = 'NotAllowedError'")
    await page.get_by_role("button", name="Teilen").click()
    await expect(page.get_by_text("Das hat nicht geklappt.")).to_be_visible()
