"""`make pictures`: the pictures of README and docs/rundgang.md, taken from a fresh demonstration (tools/demo), light and dark.

Three people sign in by the links that it prints: Jana and Murat on phones, Sabine at a desktop. Then each stop of the tour
is opened, waited for, and photographed. `--folder DIR` keeps the demonstration's data there for the next time.
"""

import argparse
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tools.demo.fill import story
from tools.demo.script import Calendar, in_order

OUT = Path(__file__).parents[1] / "docs" / "bilder"
CHROMIUM = "/usr/bin/chromium"
GERMAN = {"locale": "de-DE", "timezone_id": "Europe/Berlin", "reduced_motion": "reduce"}
PHONE = {
    **GERMAN,
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP = {**GERMAN, "viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1}
L10N = Path("/usr/lib/chromium/locales/de.pak")
PATIENCE_MS = 60_000
LARGE = 250_000
"""Bytes above which a picture, one with photos in it, gets 256 colours that fit it."""
SITE = "Lindenweg 4"


@dataclass(frozen=True, slots=True)
class Stop:
    """One picture: whose device, and how to get there from the list of chats."""

    name: str
    who: str
    go: Callable[[Page], None]
    before: tuple[str, Callable[[Page], None]] | None = None
    """Somebody else, and what they do first at a device of theirs."""


def list_of_chats(page: Page) -> None:
    """The list."""
    expect(page.get_by_role("link", name=re.compile(SITE))).to_be_visible()


def opened(page: Page, title: str) -> None:
    """A conversation at its end."""
    page.get_by_role("link", name=re.compile(f"^{title}")).first.click()
    expect(page.get_by_role("log")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("article").first).to_be_visible()


def talk(page: Page) -> None:
    """The site's newest lines."""
    opened(page, SITE)


def said(words: str) -> Callable[[Page], None]:
    """The site, scrolled up to a message."""

    def go(page: Page) -> None:
        opened(page, SITE)
        message = page.get_by_text(words)
        page.get_by_role("log").hover()
        while not message.count() or not message.first.is_visible():
            page.get_by_role("log").evaluate("(view) => view.scrollBy(0, -600)")
            page.wait_for_timeout(60)
        message.first.evaluate("(one) => one.scrollIntoView({ block: 'center' })")

    return go


def page_of_site(part: str, shown: str) -> Callable[[Page], None]:
    """A page beside the site's conversation, until some text of it is there."""

    def go(page: Page) -> None:
        opened(page, SITE)
        page.goto(page.url + part)
        expect(page.get_by_text(shown).first).to_be_visible()

    return go


def drill(page: Page) -> None:
    """The board of the drill."""
    page.get_by_role("link", name=re.compile("^Alarm")).first.click()
    page.get_by_role("link", name=re.compile("Übung")).first.click()
    expect(page.get_by_text("Das ist eine Übung").last).to_be_visible()


def raised(page: Page) -> None:
    """An alarm to the site's crew, by holding one button."""
    page.get_by_role("link", name=re.compile("^Alarm")).first.click()
    expect(page.get_by_role("button", name=re.compile(f"Wen alarmieren.*{SITE}"))).to_be_visible()
    page.get_by_role("button", name="Stromunfall").hover()
    page.mouse.down()
    expect(page.get_by_role("button", name="Falscher Alarm")).to_be_visible()
    page.mouse.up()


def called(page: Page) -> None:
    """The alarm over the whole screen."""
    expect(page.get_by_role("button", name="Komme", exact=True)).to_be_visible()


TOUR = (
    Stop("liste-handy", "Jana Hoffmann", list_of_chats),
    Stop("baustelle-handy", "Jana Hoffmann", talk),
    Stop("foto-handy", "Jana Hoffmann", said("Fünfer-Kombination Küche sitzt")),
    Stop("maengel-handy", "Murat Yıldız", page_of_site("/defects", "Abdeckung tauschen")),
    Stop("karte-handy", "Murat Yıldız", page_of_site("/place", "Ali Demir")),
    Stop("baustelle-computer", "Sabine Wendel", talk),
    Stop("uebung-computer", "Sabine Wendel", drill),
    # The last: it rings on all of them.
    Stop("alarm-handy", "Jana Hoffmann", called, before=("Sabine Wendel", raised)),
)
DEVICES: dict[str, dict[str, Any]] = {"Jana Hoffmann": PHONE, "Murat Yıldız": PHONE, "Sabine Wendel": DESKTOP}


@contextmanager
def demonstration(folder: Path) -> Iterator[dict[str, str]]:
    """The running demonstration; gives its links by name."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "tools.demo", "--folder", str(folder), "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    links: dict[str, str] = {}
    name = ""
    while len(links) < len(DEVICES):
        line = process.stdout.readline()
        if not line:
            raise SystemExit("the demonstration ended before it had printed its links")
        if person := re.fullmatch(r"  (.+) \(.+\)\n", line):
            name = person[1]
        elif "/#d=" in line:
            links[name] = line.strip()
    try:
        yield links
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def morning() -> float:
    """When the story ends, on whatever day and at whatever hour the pictures are taken; seconds since 1970."""
    last = max(line.minutes for line in in_order(story()) if line.day == 0)
    return Calendar(datetime.now(UTC), last).at(0, last + 2) / 1000


def signed_in(browser: Browser, who: str, link: str) -> Page:
    """A person's device, the whole history there."""
    page = browser.new_context(**DEVICES[who]).new_page()
    page.clock.set_fixed_time(morning())
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.goto(link)
    page.get_by_role("button", name="Verbinden").click()
    page.get_by_role("button", name="Verstanden").click()
    expect(page.get_by_role("link", name=re.compile(SITE))).to_be_visible()
    return page


def speaks_german() -> None:
    """Fields for dates and times are the browser's own. Raises SystemExit where it knows no German."""
    if not L10N.exists():
        raise SystemExit("needs the Debian package chromium-l10n: without it, dates in the pictures are English")


def shoot(page: Page, name: str) -> None:
    """A picture in each scheme, with nothing under way any more."""
    close = page.get_by_role("status").get_by_role("button", name="Schließen")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        while close.count():
            close.first.click()
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready.then(() => undefined)")
        page.wait_for_timeout(700)
        shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        path = OUT / f"{name}-{scheme}.png"
        shot.save(path, optimize=True)
        if path.stat().st_size > LARGE:
            shot.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tools.pictures")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("only", nargs="*", help="names of stops; all of them without")
    given = parser.parse_args()
    speaks_german()
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"], env={**os.environ, "LANGUAGE": "de"}
        )
        with demonstration(given.folder or Path(scratch) / "shown") as links:
            pages = {who: signed_in(browser, who, links[who]) for who in DEVICES}
            for stop in TOUR:
                if not given.only or stop.name in given.only:
                    for who, go in [*([stop.before] if stop.before else []), (stop.who, stop.go)]:
                        pages[who].goto(links[who].partition("#")[0])
                        go(pages[who])
                    page = pages[stop.who]
                    shoot(page, stop.name)
            browser.close()


if __name__ == "__main__":
    main()
