"""The tour shows every picture that its script takes, and no other."""

import re
from pathlib import Path

from tools.pictures import OUT, TOUR

ROOT = Path(__file__).parents[2]


def test_the_tour_and_its_pictures_are_the_same() -> None:
    taken = {f"{stop.name}-{scheme}.png" for stop in TOUR for scheme in ("light", "dark")}
    shown = re.findall(r"\(bilder/([\w-]+\.png)\)", (ROOT / "docs" / "rundgang.md").read_text())
    assert sorted(shown) == sorted(taken)
    assert {path.name for path in OUT.iterdir()} == taken


def test_the_readme_shows_pictures_of_the_tour_alone() -> None:
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    assert shown
    assert {ROOT / path for path in shown} <= set(OUT.iterdir())
