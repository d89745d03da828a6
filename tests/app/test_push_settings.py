"""Notifications switched on and off in the settings, and what of them is left when somebody signs out.

Headless Chromium has no push service: its subscription is stood in for, the server's knock is the real one. The whole way
is in Firefox (test_firefox_push.py).
"""

import base64
import json

from playwright.async_api import Page, Response, expect

from e2e.process import Serving
from integration.push_service import Browser, PushService

from .conftest import Make, MakeEngine
from .crew import Crew, crew, look
from .joining import open_place
from .pushed import server, service

__all__ = ["server", "service"]
SUBSCRIBED = """([endpoint, p256dh, auth]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  let held = null;
  globalThis.ended = 0;
  PushManager.prototype.getSubscription = async () => held;
  PushManager.prototype.subscribe = async ({ applicationServerKey: key }) => (held = {
    endpoint,
    options: { applicationServerKey: key.slice().buffer },
    getKey: (name) => bytes(name === "auth" ? auth : p256dh),
    unsubscribe: async () => {
      held = null;
      return Boolean(++ended);
    },
  });
}"""


async def switched_on(team: Crew, browser: Browser) -> Page:
    """Anna's settings, with notifications on."""
    given = [browser.endpoint, *(base64.b64encode(part).decode() for part in (browser.public, browser.auth))]
    context = team.anna.context
    await context.add_init_script(f"({SUBSCRIBED})({json.dumps(given)})")
    await context.grant_permissions(["notifications"], origin=team.anna.origin)
    page = team.page
    await open_place(page, "/settings/notices")
    switch = page.get_by_role("switch", name="Mitteilungen auf diesem Gerät")
    await expect(switch).to_be_enabled()
    await expect(switch).not_to_be_checked()
    await expect(page.get_by_role("switch", name="Vorschau")).to_be_disabled()
    await switch.click()
    await expect(switch).to_be_checked()
    await expect(page.get_by_role("switch", name="Vorschau")).to_be_enabled()
    return page


async def test_switched_on_the_server_knocks_until_it_is_switched_off(
    server: Serving, phone: Make, engine: MakeEngine, service: PushService
) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    browser = service.browser()
    page = await switched_on(team, browser)
    await look(page, "settings-notices-on")
    # At each start the subscription is renewed: a browser may have ended it, or the server have lost it.
    async with page.expect_response(
        lambda answer: answer.request.method == "PUT" and "/v1/push/" in answer.url
    ) as kept:
        await page.reload()
    assert (await kept.value).ok
    await page.close()
    await team.ben.say(site, "Der Kran kommt um sieben")
    knock = await service.next()
    assert browser.endpoint.endswith(knock.path)
    assert json.loads(browser.open(knock.sealed))["c"] == site

    again = await team.anna.tab("/settings/notices")
    switch = again.get_by_role("switch", name="Mitteilungen auf diesem Gerät")
    await expect(switch).to_be_checked()
    async with again.expect_response(lambda answer: answer.request.method == "DELETE") as answered:
        await switch.click()
    answer = await answered.value
    assert (answer.url, answer.ok) == (f"{team.anna.origin}/v1/push/subscription", True)
    await expect(switch).not_to_be_checked()
    assert await again.evaluate("ended") == 1
    await again.reload()
    await expect(switch).to_be_enabled()
    await expect(switch).not_to_be_checked()


async def test_signing_out_ends_the_pushes_before_the_account_is_gone(
    server: Serving, phone: Make, engine: MakeEngine, service: PushService
) -> None:
    team = await crew(server, phone, engine)
    page = await switched_on(team, service.browser())
    answers: list[tuple[str, bool]] = []

    def note(answer: Response) -> None:
        if answer.url.endswith("/v1/push/subscription"):
            answers.append((answer.request.method, answer.ok))

    await open_place(page, "/settings/devices")
    await page.get_by_role("button", name="Von diesem Gerät abmelden").click()
    team.anna.context.on("response", note)
    await page.get_by_role("button", name="Jetzt löschen").click()
    await expect(page.get_by_role("button", name="Einladung scannen")).to_be_visible()
    # Signed by the device, so it was asked while there was one; the browser's own end follows. Before it, the page that
    # was opened may have renewed it.
    assert answers[-1] == ("DELETE", True)
    await page.wait_for_function("ended === 1")


async def test_where_the_operator_has_switched_it_off_it_says_so(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    server.stop()
    server.environment["WERKFUNK_PUSH"] = "false"
    server.start()
    team = await crew(server, phone, engine)
    await team.anna.context.grant_permissions(["notifications"], origin=team.anna.origin)
    await open_place(team.page, "/settings/notices")
    said = team.page.get_by_role("main").get_by_role("status").filter(has_text="Auf eurem Server sind Mitteilungen aus")
    await expect(said).to_be_visible()
    await expect(team.page.get_by_role("switch", name="Mitteilungen auf diesem Gerät")).to_be_disabled()
    await look(team.page, "settings-notices-operator")
