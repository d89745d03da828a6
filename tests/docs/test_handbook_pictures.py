"""The handbook shows what it tells: alarm, radio, photos and places on the phone and at the computer, in light and in dark."""

import re
from pathlib import Path

import pytest
from PIL import Image

FOLDER = Path(__file__).parents[2] / "docs" / "handbuch"
PAGES = ("alarm", "foto", "funken", "standort")
COMPUTER = 1_000
"""Pixels: wider pictures are of a computer, narrower ones of a phone."""


def shown(page: str) -> set[str]:
    return set(re.findall(r"\(bilder/([\w-]+)\.png\)", (FOLDER / f"{page}.md").read_text()))


@pytest.mark.parametrize("page", PAGES)
def test_what_is_shown_in_light_is_shown_in_dark(page: str) -> None:
    schemes: dict[str, set[str]] = {"light": set(), "dark": set()}
    for name in shown(page):
        base, _, scheme = name.rpartition("-")
        if scheme in schemes:
            schemes[scheme].add(base)
    assert schemes["light"] == schemes["dark"] != set()


@pytest.mark.parametrize("page", PAGES)
def test_both_schemes_are_shown_on_the_phone_and_at_the_computer(page: str) -> None:
    seen = set()
    for name in shown(page):
        scheme = name.rpartition("-")[2]
        with Image.open(FOLDER / "bilder" / f"{name}.png") as picture:
            seen.add((scheme, picture.width >= COMPUTER))
    assert {(scheme, computer) for scheme in ("light", "dark") for computer in (False, True)} <= seen
