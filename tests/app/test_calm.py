"""What the app says when the device or the network is not as it should be: calmly, with what to do, and nothing is lost."""

import re
from datetime import timedelta

from playwright.async_api import expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import crew, look, upload
from .test_files import pick

MEGABYTE = 1_048_576
MANY = 150
# On a fast machine it stands there for less than a look takes.
WATCH = """() => {
  globalThis.said = [];
  new MutationObserver(() => {
    const found = /\\d+ Nachrichten werden geholt/.exec(document.body.textContent);
    if (found) said.push(found[0]);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


async def test_a_clock_that_is_wrong_is_said(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine, clock=timedelta(days=1))
    said = team.page.get_by_role("status").filter(has_text="Die Uhr dieses Geräts geht falsch.")
    await expect(said).to_be_visible()
    await look(team.page, "clock-wrong")
    page = await team.open(await team.site("Lindenweg 4"))
    await page.get_by_label("Nachricht", exact=True).fill("Geht trotzdem")
    await page.get_by_role("button", name="Senden").click()
    await expect(page.get_by_role("log").get_by_role("img", name="Zugestellt")).to_be_visible()


async def test_a_full_device_says_so(server: Serving, phone: Make, engine: MakeEngine) -> None:
    """What was written stays in its field; once there is room it goes."""
    device = await phone()
    tools = await device.context.new_cdp_session(device.page)

    async def room(size: int) -> None:
        await tools.send("Storage.overrideQuotaForOrigin", {"origin": device.origin, "quotaSize": size})

    async def same(**_: object) -> object:
        return device

    # Chromium counts what is left only now and then: the limit has to stand before the first write.
    await room(6 * MEGABYTE)
    team = await crew(server, same, engine)  # type: ignore[arg-type]
    page = await team.open(await team.site("Lindenweg 4"))
    plan = upload(bytes(range(256)) * 40_960, "Plan.pdf", "application/pdf")
    sheet = page.get_by_role("dialog", name="Senden")
    await pick(page, "Datei", [plan])
    await sheet.get_by_label("Text dazu").fill("Der Plan")
    await sheet.get_by_role("button", name="Senden").click()
    await expect(page.get_by_text("Der Speicher dieses Geräts ist voll. Schaff Platz")).to_be_visible()
    await look(page, "device-full")
    await expect(page.get_by_label("Nachricht", exact=True)).to_have_value("Der Plan")
    await room(200 * MEGABYTE)
    await pick(page, "Datei", [plan])
    await sheet.get_by_role("button", name="Senden").click()
    await expect(page.get_by_role("log").get_by_role("img", name="Zugestellt")).to_be_visible(timeout=30_000)


async def test_catching_up_says_how_much_is_left(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    row = team.page.get_by_role("link", name=re.compile("Lindenweg 4"))
    await team.anna.offline()
    for number in range(MANY):
        await team.ben.say(site, f"Nummer {number}")

    async def gone() -> bool:
        return bool((await team.ben("session.get"))["network"]["queued"] == 0)

    await team.ben.until(gone)
    await team.page.evaluate(WATCH)
    await team.anna.online()
    await expect(row).to_contain_text(f"{MANY} ungelesene Nachrichten")
    await expect(team.page.get_by_text("werden geholt")).to_have_count(0)
    said = await team.page.evaluate("said")
    assert said, "it was said while it lasted"
    assert int(said[0].partition(" ")[0]) == MANY


async def test_the_badge_says_what_is_unread(server: Serving, phone: Make, engine: MakeEngine) -> None:
    """On the app's icon, where the system has one: set as messages come, cleared as they are read."""
    device = await phone()
    await device.context.add_init_script(
        """navigator.setAppBadge = async (count) => { document.documentElement.dataset.badge = count };
        navigator.clearAppBadge = async () => { document.documentElement.dataset.badge = 0 };"""
    )

    async def same(**_: object) -> object:
        return device

    team = await crew(server, same, engine)  # type: ignore[arg-type]
    site = await team.site("Lindenweg 4")
    for text in ("Eins", "Zwei"):
        await team.ben.say(site, text)
    await expect(team.page.locator("html")).to_have_attribute("data-badge", "2")
    await team.open(site)
    await expect(team.page.locator("html")).to_have_attribute("data-badge", "0")
