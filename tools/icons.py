"""The app's icons, drawn from the one SVG by Debian's Chromium: `python -m tools.icons` after a change of the drawing.

The files are committed, so that building the app needs no browser.
"""

import re
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ICONS = Path(__file__).parents[1] / "web" / "public" / "icons"
GROUND = "#0f5c63"
SAFE = 0.72
"""A maskable icon is cut to any shape inside its middle four fifths (W3C manifest); the mark keeps to less."""


def main() -> None:
    """Draw all of them."""
    svg = (ICONS / "icon.svg").read_text()
    mark = re.sub(r"<rect[^>]*/>", "", svg)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        for size in (192, 512):
            _draw(page, svg, size, f"icon-{size}.png", ground="transparent", scale=1)
            _draw(page, mark, size, f"maskable-{size}.png", ground=GROUND, scale=SAFE)
        # iOS rounds the corners itself and shows transparency as black.
        _draw(page, mark, 180, "apple-touch-icon.png", ground=GROUND, scale=0.86)
        # Android paints what is opaque in the status bar's own colour.
        _draw(page, _silhouette(mark), 96, "badge-96.png", ground="transparent", scale=1.15)
        _draw(page, svg, 32, "favicon-32.png", ground="transparent", scale=1)
        browser.close()


def _silhouette(mark: str) -> str:
    """The bubble with the letter cut out."""
    bubble, letter = re.findall(r"<path.*?/>", mark, re.DOTALL)
    white = bubble.replace('fill="#fffefb"', 'fill="#fff" mask="url(#cut)"')
    hole = letter.replace("#b3450b", "#000")
    mask = f'<mask id="cut"><rect width="512" height="512" fill="#fff"/>{hole}</mask>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">{mask}{white}</svg>'


def _draw(page: Page, svg: str, size: int, name: str, *, ground: str, scale: float) -> None:
    page.set_viewport_size({"width": size, "height": size})
    inner = size * scale
    page.set_content(
        f"<style>body{{margin:0;width:{size}px;height:{size}px;display:grid;place-items:center;overflow:hidden;"
        f"background:{ground}}}svg{{width:{inner}px;height:{inner}px}}</style>{svg}"
    )
    page.screenshot(path=ICONS / name, omit_background=ground == "transparent")
    sys.stdout.write(f"drew {name}\n")


if __name__ == "__main__":
    main()
