"""What is said when keys or histories do not fit, and that nothing can be sent then."""

from playwright.async_api import expect

from e2e.process import Serving

from .conftest import Make, MakeEngine
from .crew import Crew, crew, look
from .engine import engine as engine_of


async def changed(team: Crew, table: str, row: str, change: dict[str, object]) -> None:
    """As the engine leaves it when it finds that out; how it does is tested with the protocol."""
    own = await engine_of(team.anna)
    await own.page.evaluate("(given) => change(...given)", [table, row, change])


async def test_a_history_that_does_not_fit_stops_sending(server: Serving, phone: Make, engine: MakeEngine) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    await changed(team, "conversation", site, {"warning": "log_differs"})
    page = await team.open(site)
    await expect(page.get_by_text("Jemand sieht hier einen anderen Verlauf.")).to_be_visible()
    await expect(page.get_by_label("Nachricht", exact=True)).to_be_visible()
    await look(page, "chat-warning")
    await changed(team, "conversation", site, {"blocked": "log_differs"})
    page = await team.open(site)
    await expect(page.get_by_role("alert")).to_contain_text("Hier wird nichts gesendet")
    await expect(page.get_by_label("Nachricht", exact=True)).to_be_hidden()
    await look(page, "chat-blocked")


async def test_unexplained_keys_stop_sending_and_lead_to_the_comparison(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    await changed(team, "person", team.ben_id, {"suspect": "fork"})
    # The server would set it right at once: these keys are good.
    await team.anna.context.route("**/v1/**", lambda route: route.abort())
    page = await team.open(site)
    await expect(page.get_by_role("alert")).to_contain_text(
        "Die Schlüssel von Ben Yıldız haben sich unerklärt geändert."
    )
    await expect(page.get_by_label("Nachricht", exact=True)).to_be_hidden()
    await look(page, "chat-changed")
    await page.get_by_role("button", name="Prüfen").click()
    await expect(page.get_by_role("heading", name="Ben Yıldız")).to_be_visible()


async def test_an_old_key_of_ones_own_is_said_and_does_not_stop_sending(
    server: Serving, phone: Make, engine: MakeEngine
) -> None:
    """The next message is sealed anew, so writing is what helps. [M23]"""
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    await changed(team, "conversation", site, {"warning": "pin_stale"})
    page = await team.open(site)
    said = page.get_by_role("status").filter(has_text="Hier wurde ein alter Schlüssel von dir benutzt")
    await expect(said).to_be_visible()
    await look(page, "chat-old-key")
    await page.get_by_label("Nachricht", exact=True).fill("Geht trotzdem")
    await page.get_by_role("button", name="Senden").click()
    await expect(page.get_by_role("log").get_by_role("img", name="Zugestellt")).to_be_visible()
