"""The handbook's page about photos names what the app shows."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "handbuch" / "foto.md"
AREAS = ROOT / "web" / "src" / "lib" / "i18n" / "areas"


def test_every_key_that_the_page_names_is_a_text_of_the_app() -> None:
    texts = {text for area in AREAS.glob("*.ts") for text in re.findall(r'": "([^"]+)"', area.read_text())}
    patterns = [re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(text))) for text in texts]
    named = re.findall(r"\*\*([^*]+)\*\*", PAGE.read_text())
    assert len(named) > 20
    assert [word for word in named if not any(pattern.fullmatch(word) for pattern in patterns)] == []
