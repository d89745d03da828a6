"""What the app fetches only when it is needed is there without network too, also for the first time."""

import subprocess
from pathlib import Path

from playwright.async_api import expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import crew
from .test_photo_editor import Pen, attach, editor, wall
from .test_places import GRAPHICS
from .worker import active

BASE_KEPT = """async () => {
  while (!(await (await caches.open("maps")).keys()).some((one) => one.url.includes("/maps/base.")))
    await new Promise((done) => setTimeout(done, 200));
}"""


async def test_editor_paper_and_map_open_for_the_first_time_without_network(
    server: Serving, phone: Make, engine: MakeEngine, tmp_path: Path
) -> None:
    team = await crew(server, phone, engine, flags=GRAPHICS)
    team.anna.guard.expected += ["GPU stall", "GroupMarkerNotSet", "swiftshader"]
    site = await team.site("Lindenweg")
    await active(team.page)
    page = await team.open(site)
    # The base map comes by itself, and stays when a new version of the app clears the old one away.
    await page.evaluate(BASE_KEPT)
    await team.anna.offline()

    page = await team.open(site)
    await attach(page, wall())
    dialog = await editor(page)
    await Pen(page).tap(0.53, 0.25)
    await dialog.get_by_role("button", name="Mangel 1").click()
    sheet = page.get_by_role("dialog", name="Mangel 1")
    await sheet.get_by_label("Was ist zu tun?").fill("Riss verpressen")
    await sheet.get_by_role("button", name="Fertig").click()
    await dialog.get_by_role("button", name="Fertig").click()
    await page.get_by_role("button", name="Senden").last.click()

    await page.get_by_role("button", name="Mängelliste").click()
    await expect(page.get_by_role("article", name="Mangel 1")).to_contain_text("Riss verpressen")
    async with page.expect_download() as downloaded:
        await page.get_by_role("button", name="Als PDF").click()
    file = tmp_path / "list.pdf"
    await (await downloaded.value).save_as(file)
    text = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=True).stdout
    assert "Riss verpressen" in text

    await page.goto(f"{team.anna.origin}/c/{site}/place")
    await expect(page.locator(".maplibregl-canvas")).to_be_visible()
    await expect(page.get_by_text("Natural Earth")).to_be_visible()
