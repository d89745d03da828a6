"""The whole way of an alarm: prepared, raised, received, ignored, escalated over real sockets, over kill -9, ended, reported."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from alarms.sinks import MailSink, WebSink, mail_sink, web_sink
from e2e.process import Cli, Serving

from .alarming import hold, two_phones
from .conftest import AppServing, Make, MakeEngine
from .joining import look, open_place

SAID = "Alarm, Stufe Notfall. Bitte Werkfunk öffnen."


@pytest_asyncio.fixture(loop_scope="session")
async def mails() -> AsyncIterator[MailSink]:
    async with mail_sink() as sink:
        yield sink


@pytest_asyncio.fixture(loop_scope="session")
async def web(tmp_path: Path) -> AsyncIterator[WebSink]:
    async with web_sink(tmp_path) as sink:
        yield sink


@pytest.fixture
def server(cli: Cli, built: None, web: WebSink) -> Iterator[Serving]:
    """A server that may send to the sinks."""
    serving = AppServing(cli)
    serving.environment = {
        "WERKFUNK_GATEWAY_HOSTS": "127.0.0.1 localhost",
        "WERKFUNK_GATEWAY_PRIVATE": "yes",
        "SSL_CERT_FILE": str(web.certificate),
    }
    serving.start()
    yield serving
    serving.stop()


async def choose(page: Page, question: str, answer: str) -> None:
    """Answer a question of a form by one of its buttons."""
    await page.get_by_role("group", name=question, exact=True).get_by_text(answer, exact=True).click()


async def try_out(page: Page, row: int, to: str) -> None:
    """The test button of a gateway."""
    await page.get_by_role("button", name="Ausprobieren").nth(row).click()
    sheet = page.get_by_role("dialog")
    await sheet.get_by_label("Testnachricht an").fill(to)
    await sheet.get_by_role("button", name="Ausprobieren").click()
    await expect(sheet).not_to_be_visible()


async def set_ways(page: Page, mails: MailSink, web: WebSink) -> None:
    """Anna sets a mail server and an SMS provider, and tries both out."""
    await open_place(page, "/settings/gateways")
    await page.get_by_role("button", name="Neuer Weg").click()
    await page.get_by_label("Name", exact=True).fill("Mailserver")
    await choose(page, "Wofür?", "E-Mail")
    await page.get_by_role("textbox", name="Mailserver").fill("127.0.0.1")
    await page.get_by_label("Port").fill(str(mails.port))
    await choose(page, "Verschlüsselung", "keine")
    await page.get_by_label("Absender").fill("funk@firma.example")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_role("button", name="Ausprobieren")).to_have_count(1)
    await page.get_by_role("button", name="Neuer Weg").click()
    await page.get_by_label("Name", exact=True).fill("SMS-Anbieter")
    await page.get_by_label("Adresse (https://…)").fill("https://sms.example.com/send")
    await page.get_by_label("Passwort oder Schlüssel").fill("geheim")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_text("Diesen Weg erlaubt der Betreiber nicht")).to_be_visible()
    await page.get_by_label("Adresse (https://…)").fill(f"https://localhost:{web.port}/send")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_role("button", name="Ausprobieren")).to_have_count(2)
    names = await page.locator(".way .title").all_inner_texts()
    await try_out(page, names.index("Mailserver"), "anna@firma.example")
    await try_out(page, names.index("SMS-Anbieter"), "+491510000000")
    assert mails.mails[0][0] == ["anna@firma.example"]
    head, body = web.requests[0]
    assert "authorization: Bearer geheim" in head
    assert body.startswith(b'{"to": "+491510000000", "text": "Test:')


async def set_policy(page: Page) -> None:
    """Two steps, in words, each after six seconds."""
    await open_place(page, "/settings/policies")
    await page.get_by_role("button", name="Neuer Ablauf").click()
    await page.get_by_label("Name", exact=True).fill("Notfall")
    await page.get_by_label("Wiederholen alle").fill("0")
    first = page.get_by_role("group", name="Stufe 1", exact=True)
    await first.get_by_label("Minuten nach dem Auslösen").fill("0,1")
    await first.get_by_role("switch", name="per SMS").uncheck()
    await first.get_by_role("switch", name="per E-Mail").check()
    await page.get_by_role("button", name="Stufe dazu").click()
    second = page.get_by_role("group", name="Stufe 2", exact=True)
    await second.get_by_label("Minuten nach Stufe 1").fill("0,1")
    await second.get_by_label("Nur wenn").select_option("zu wenige bestätigt haben")
    await second.get_by_role("switch", name="Wer fehlt").uncheck()
    await second.get_by_label("Eine Person dazu").select_option("Clara Öztürk")
    await second.get_by_role("switch", name="in der App").uncheck()
    for said in (
        "Nach 6 Sekunden ohne 2 Zusagen: wer fehlt in der App und per E-Mail.",
        "Nach weiteren 6 Sekunden ohne 2 Bestätigungen: Clara Öztürk per SMS.",
    ):
        await expect(page.get_by_role("listitem").filter(has_text=said)).to_be_visible()
    await second.scroll_into_view_if_needed()
    await look(page, "policy-steps")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_role("button", name=re.compile("Notfall.*Clara Öztürk per SMS"))).to_be_visible()


async def set_contact(page: Page) -> None:
    """Clara says how an alarm reaches her without the app."""
    await open_place(page, "/settings/duty")
    await page.get_by_label("Handynummer").fill("+491511234567")
    await page.get_by_label("E-Mail").fill("clara@firma.example")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_text("Gespeichert.")).to_be_visible()


async def test_an_ignored_alarm_escalates_over_kills_and_ends_with_a_report(
    server: Serving, phone: Make, engine: MakeEngine, mails: MailSink, web: WebSink, tmp_path: Path
) -> None:
    team, clara, _ = await two_phones(server, phone, engine)
    anna = team.page
    await set_contact(clara)
    await set_ways(anna, mails, web)
    await set_policy(anna)

    async def killed() -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)

    await open_place(anna, "/alarms")
    await expect(anna.get_by_label("Wen alarmieren?")).to_have_text("Baustelle Lindenweg")
    await anna.get_by_label("Ablauf, wenn niemand antwortet").select_option("Notfall")
    await hold(anna, "Unfall")
    ringing = clara.get_by_role("alertdialog")
    await expect(ringing).to_contain_text("Unfall! Ersthelfer bitte sofort kommen.")

    def mailed() -> set[str]:
        return {mail["Message-ID"] for _, mail in mails.mails if "Stufe" in mail.get_payload(decode=True).decode()}  # type: ignore[union-attr]

    def messaged() -> set[str]:
        found = [head for head, body in web.requests if SAID.encode() in body]
        return {line for head in found for line in head.split("\r\n") if line.startswith("idempotency-key")}

    # Nobody touches the other phone. The server is killed before, between and after the steps; Anna's app has to come
    # back to it each time, with pauses that grow.
    out = anna.get_by_role("listitem").filter(has_text=re.compile("Clara Öztürk ?gesendet"))
    for step in (0, 1, 2):
        await expect(out).to_have_count(step, timeout=90_000)
        await killed()
    await expect(anna.get_by_role("listitem").filter(has_text="Stufe 2")).to_be_visible()
    for step in (1, 2):
        await expect(anna.get_by_text(f"Stufe {step}", exact=True)).to_have_count(1)
    await expect(ringing).to_be_visible()
    assert (len(mailed()), len(messaged())) == (1, 1), "each step once"
    assert {to for to, mail in mails.mails[1:] for to in to} == {"clara@firma.example"}
    assert b"+491511234567" in web.requests[-1][1]
    await look(anna, "alarm-escalated")

    await anna.get_by_role("button", name="Entwarnung geben").click()
    # Both phones may still be on their way back to the server.
    await expect(anna.get_by_role("listitem").filter(has_text="Entwarnung")).to_be_visible(timeout=90_000)
    await expect(ringing).not_to_be_visible(timeout=90_000)
    async with anna.expect_download() as waiting:
        await anna.get_by_role("button", name="Bericht als PDF").click()
    pdf = tmp_path / "bericht.pdf"
    await (await waiting.value).save_as(pdf)
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    for words in ("Unfall! Ersthelfer bitte sofort kommen.", "Clara Öztürk: angezeigt", "Clara Öztürk: gesendet"):
        assert words in text
    for once in ("Ausgelöst", "Stufe 1", "Stufe 2", "Entwarnung"):
        assert text.count(once) == 1

    await open_place(anna, "/settings/gateways")
    log = anna.get_by_role("listitem").filter(has_text="Clara Öztürk")
    await expect(log.filter(has_text="SMS-Anbieter")).to_contain_text("gesendet")
    await expect(log.filter(has_text="Mailserver")).to_contain_text("gesendet")
    await expect(anna.get_by_role("listitem").filter(has_text="Ben Yıldız")).to_contain_text(
        "keine Nummer oder Adresse"
    )
    await look(anna, "gateways")
