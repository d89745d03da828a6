"""The component page of development: each component in each state, without barriers, in both schemes, on phone and desktop."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from .browser import DESKTOP, PHONE
from .conftest import ROOT
from .crew import look


@pytest_asyncio.fixture(loop_scope="session")
async def page_url() -> AsyncIterator[str]:
    """Vite as `npm run dev` starts it, on a free port."""
    vite = await asyncio.create_subprocess_exec(
        "node", "node_modules/vite/bin/vite.js", "--host", "127.0.0.1", "--port", "0", "--clearScreen", "false",
        cwd=ROOT / "web", stdout=asyncio.subprocess.PIPE, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert vite.stdout is not None
    try:
        while not (found := re.search(r"http://127\.0\.0\.1:\d+/", (line := await vite.stdout.readline()).decode())):
            assert line, "it ended before it listened"
        yield found[0] + "components.html"
    finally:
        vite.send_signal(signal.SIGTERM)
        await vite.wait()


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_the_component_page(page_url: str, browser: Browser, device: dict[str, Any]) -> None:
    context = await browser.new_context(**device)
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on(
        "request",
        lambda one: None if one.url.startswith(("http://127.0.0.1:", "data:", "blob:")) else wrong.append(one.url),
    )
    page = await context.new_page()
    await page.goto(page_url)
    await expect(page.get_by_role("heading", name="Bausteine", level=1)).to_be_visible(timeout=60_000)
    await expect(page.get_by_role("heading", name="Funk")).to_be_attached()
    width = "phone" if device is PHONE else "desktop"
    await look(page, f"components-{width}")
    await page.get_by_role("button", name="Eine Frage").click()
    await expect(page.get_by_role("dialog", name="Chat verlassen")).to_be_visible()
    await look(page, f"components-question-{width}")
    assert wrong == []
    await context.close()
