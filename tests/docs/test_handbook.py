"""The handbook names what the app shows."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "handbuch").glob("*.md"))
AREAS = ROOT / "web" / "src" / "lib" / "i18n" / "areas"
TEXT = re.compile(r'"[\w.]+":\s*"([^"]+)"')
"""Of the catalogue, also where it stands on a line of its own."""


def said() -> list[str]:
    return [text for area in AREAS.glob("*.ts") for text in TEXT.findall(area.read_text())]


def shown(word: str, texts: list[str]) -> bool:
    """A text, its beginning, or what a text itself names as the browser's or the phone's key."""
    pattern = re.compile(r"^{0}(\W|$)|„{0}“".format(re.escape(word)))
    valued = [text for text in texts if "{" in text and re.search(r"\w{2}", re.sub(r"\{\w+\}", "", text))]
    values = (re.sub(r"\\\{\w+\\\}", r"\\S+", re.escape(text)) for text in valued)
    return any(map(pattern.search, texts)) or any(re.fullmatch(value, word) for value in values)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_key_that_a_page_names_is_a_text_of_the_app(page: Path) -> None:
    texts = said()
    # What ends like a heading is one.
    named = [word for word in re.findall(r"\*\*([^*]+)\*\*", page.read_text()) if word[-1] not in ":?"]
    assert named
    steps = [step for word in named for step in word.split(" → ")]
    assert [step for step in steps if not shown(step, texts)] == []


def test_a_key_that_is_no_text_is_found() -> None:
    assert not shown("Kaputter Knopf", said())
    assert not shown("Gibt es nicht", said())
