"""The app measured against its budgets (bench/budgets.toml): `python -m bench app`. Results go to bench/results/app.json.

Two devices in one Chromium beside the server. `CPU_SLOWED` slows the page's main thread; the engine's worker and the server
are not slowed by it, as Chromium offers that for pages only.
"""

import asyncio
import json
import os
import statistics
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import CDPSession, Page, expect

from bench.app_pages import LONG_TASKS, OPENED, SCROLL, TAPPED, WATCH
from bench.budgets import budgets, exceeded, first_load
from bench.harness import percentile, save
from e2e.process import Serving, free_port

from .conftest import ROOT, Make, MakeEngine
from .crew import Crew, crew
from .engine import engine as engine_of
from .joining import come_in

pytestmark = pytest.mark.bench
LIGHTHOUSE = "lighthouse@12.8.2"
COUNT = 20_000
CPU_SLOWED = 4
OPENINGS = 7
ROUNDS = 60
"""One for each minute of an hour's use: a chat opened, read, answered, left, another one opened."""
HISTORY = 150
TAPS = 60
MB = 1_000_000


@pytest.fixture(scope="module")
def rows() -> Iterator[list[dict[str, Any]]]:
    """What was found; written when every budget was looked at, so that a part of it does not pass for the whole."""
    found: list[dict[str, Any]] = []
    expect.set_options(timeout=60_000)
    yield found
    expect.set_options(timeout=5_000)
    if budgets().keys() <= {name for row in found for name in row}:
        save("app", found)


def keep(rows: list[dict[str, Any]], values: dict[str, float], **more: Any) -> None:
    # Other work on the machine makes every time longer; who reads the row must know.
    rows.append({**values, **more, "load": round(os.getloadavg()[0], 1)})
    print(rows[-1], flush=True)
    assert exceeded(values, budgets()) == []


@pytest_asyncio.fixture(loop_scope="session")
async def site(server: Serving, phone: Make, engine: MakeEngine) -> AsyncIterator[tuple[Crew, str]]:
    """Anna's phone with a site of 20,000 messages."""
    team = await crew(server, phone, engine)
    name = await team.site("Lindenweg 4")
    own = await engine_of(team.anna)
    await own.page.evaluate("(given) => seed(...given)", [name, team.ben_id, 100, COUNT])
    await team.anna.open("/")
    await expect(team.page.get_by_role("link", name="Lindenweg 4")).to_be_visible()
    yield team, name


async def slowed(page: Page) -> CDPSession:
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWED})
    return cdp


async def test_first_load(built: None, rows: list[dict[str, Any]]) -> None:
    found = first_load(ROOT / "src" / "werkfunk" / "web")
    keep(rows, {"first_load_kb": round(sum(found.values()) / 1000, 1)}, files=len(found))


async def test_cold_open(rows: list[dict[str, Any]], site: tuple[Crew, str]) -> None:
    """The app closed altogether, its worker gone; then opened until its list is drawn."""
    anna = site[0].anna
    await site[0].page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    times = []
    for _ in range(OPENINGS):
        page = await anna.context.new_page()
        for other in anna.context.pages[:-1]:
            await other.close()
        await page.add_init_script(f"({OPENED})()")
        await slowed(page)
        await page.goto(anna.origin)
        times.append(round(await page.evaluate("whenOpened")))
    keep(
        rows, {"cold_open_ms": statistics.median(times)}, openings=times, messages=COUNT, cpu_slowed=CPU_SLOWED
    )  # fmt: skip


async def test_scrolling(rows: list[dict[str, Any]], site: tuple[Crew, str]) -> None:
    """From the newest of 20,000 to the first, 700 px a frame."""
    team, name = site
    page = await team.open(name)
    await slowed(page)
    await page.evaluate(f"({LONG_TASKS})()")
    found = await page.evaluate(SCROLL, -700)
    tasks = await page.evaluate("tasks")
    assert len(found["seen"]) == COUNT, len(found["seen"])
    longest = round(max(tasks, default=0))
    values = {"long_task_ms": longest, "jumps": len(found["jumps"])}
    longest_five = [round(one) for one in sorted(tasks)[-5:]]
    keep(
        rows, values, frames=found["frames"], long_tasks=len(tasks), longest=longest_five, messages=COUNT,
        cpu_slowed=CPU_SLOWED,
    )  # fmt: skip


async def test_tap_to_visible(server: Serving, phone: Make, rows: list[dict[str, Any]], engine: MakeEngine) -> None:
    """Anna taps on Send; until the line is drawn on Ben's phone."""
    anna, ben = await phone(), await phone()
    page = await come_in(anna, server.setup, "Anna Huber")
    own = await engine_of(anna, await anna.context.new_page())
    link = (await own("people.invite", "member", 1, 1))["link"]
    other = await come_in(ben, link, "Ben Yıldız")
    second = await engine_of(ben, await ben.context.new_page())
    chat = str(await own("chats.create", "group", "Baustelle", "", [await second.me()]))
    await second.page.close()
    await own.page.close()
    for one, device in ((page, anna), (other, ben)):
        await one.goto(f"{device.origin}/c/{chat}")
        await expect(one.get_by_role("log")).to_have_attribute("aria-busy", "false")
    await page.evaluate(f"({TAPPED})()")
    await other.evaluate(f"({WATCH})()")
    for number in range(TAPS):
        await page.get_by_label("Nachricht", exact=True).fill(f"Runde {number}")
        await page.get_by_role("button", name="Senden").click()
        await other.evaluate("(name) => until(name)", f"Runde {number}")
    taps, stood = await page.evaluate("taps"), await other.evaluate("stood")
    times = [stood[f"Runde {number}"] - tap for number, tap in enumerate(taps)]
    keep(
        rows, {"tap_to_visible_ms": round(percentile(times, 0.5))}, p90=round(percentile(times, 0.9)), taps=len(times)
    )  # fmt: skip


async def heap(cdp: CDPSession) -> tuple[float, int]:
    """(MB used by scripts, nodes of documents) after everything that can go is gone."""
    for _ in range(2):
        await cdp.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in (await cdp.send("Performance.getMetrics"))["metrics"]}
    return found["JSHeapUsedSize"] / MB, int(found["Nodes"])


async def test_memory(server: Serving, phone: Make, engine: MakeEngine, rows: list[dict[str, Any]]) -> None:
    """An hour's use, without the waiting: two chats in turn, scrolled, answered."""
    team = await crew(server, phone, engine)
    # Written, not seeded: what is sent now must stand behind it in the log.
    chats = [await team.site(title) for title in ("Lindenweg 4", "Schule Nord")]
    for number in range(HISTORY):
        for chat in chats:
            await team.ben.say(chat, f"Vorher {number}: Leitung liegt, Dosen fehlen noch.")
    page = team.page
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("Performance.enable")
    measured: list[tuple[float, int]] = []
    for number in range(ROUNDS):
        for title in ("Lindenweg 4", "Schule Nord"):
            await page.get_by_role("link", name=title).click()
            log = page.get_by_role("log")
            await expect(log).to_have_attribute("aria-busy", "false")
            await log.evaluate("(view) => view.scrollBy(0, -4000)")
            await page.get_by_label("Nachricht", exact=True).fill(f"Runde {number}")
            await page.get_by_role("button", name="Senden").click()
            await expect(log.get_by_text(f"Runde {number}", exact=True)).to_be_visible()
            await page.get_by_role("button", name="Zurück").click()
        await team.ben.say(chats[1], f"Nummer {number}")
        measured.append(await heap(cdp))
    # The first rounds fill caches that have an end.
    growth = measured[-1][0] - measured[4][0]
    keep(
        rows, {"memory_growth_mb": round(growth, 2)}, rounds=ROUNDS, heap_mb=round(measured[-1][0], 1),
        nodes=[measured[4][1], measured[-1][1]],
    )  # fmt: skip


@pytest.mark.parametrize("where", ["list", "chat"])
async def test_lighthouse(
    where: str, server: Serving, phone: Make, engine: MakeEngine, tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    """Lighthouse beside the app, in the same browser, signed in."""
    port = free_port()
    team = await crew(server, phone, engine, flags=[f"--remote-debugging-port={port}"])
    name = await team.site("Lindenweg 4")
    for text in ("Moin, der Kran kommt um sieben.", "Passt, bin da."):
        await team.ben.say(name, text)
    out = tmp_path / "lighthouse.json"
    address = team.anna.origin + ("/" if where == "list" else f"/c/{name}")
    process = await asyncio.create_subprocess_exec(
        "npx", "--yes", LIGHTHOUSE, address, f"--port={port}", "--disable-storage-reset", "--quiet",
        "--only-categories=accessibility,best-practices", "--output=json", f"--output-path={out}", cwd=tmp_path,
    )  # fmt: skip
    assert await process.wait() == 0
    report = json.loads(await asyncio.to_thread(out.read_text))
    assert report["requestedUrl"] == address
    failing = [
        name for name, audit in report["audits"].items()
        if audit["score"] is not None and audit["score"] < 1 and audit["scoreDisplayMode"] in ("binary", "numeric")
    ]  # fmt: skip
    points = {kind.replace("-", "_"): round(100 * each["score"]) for kind, each in report["categories"].items()}
    keep(rows, points, page=where, lighthouse=report["lighthouseVersion"], findings=failing)
