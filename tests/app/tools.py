"""What tests of the app do with a page: look for barriers, take a picture."""

import os
from pathlib import Path
from typing import Any

from playwright.async_api import Page

WEB = Path(__file__).parents[2] / "web"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """async (tags) => {
  const found = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
  return found.violations.map((v) => [v.id, v.help, v.nodes.map((n) => `${n.target}: ${n.failureSummary}`)]);
}"""


async def axe(page: Page) -> None:
    """No finding of axe-core (WCAG 2.2 AA) on the page as it stands."""
    if not await page.evaluate("'axe' in globalThis"):
        await page.evaluate((WEB / "node_modules/axe-core/axe.min.js").read_text())
    found: list[Any] = await page.evaluate(RUN_AXE, TAGS)
    assert not found, "\n".join(f"{rule}: {text}\n  " + "\n  ".join(nodes) for rule, text, nodes in found)


async def shoot(page: Page, name: str) -> None:
    """A picture of the page as NAME.png in the folder that SHOTS names; nothing without it."""
    folder = os.environ.get("SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")
