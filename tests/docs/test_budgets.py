"""The budget that needs no browser: what a phone fetches before the app opens. And that a budget can be missed at all."""

import fcntl
import subprocess
from pathlib import Path

import pytest

from bench.budgets import budgets, exceeded, first_load

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def app() -> Path:
    """The app as the sources are now."""
    with (ROOT / "web" / "vite.config.ts").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", "app"], cwd=ROOT, check=True, capture_output=True)
    return ROOT / "src" / "werkfunk" / "web"


def test_the_first_load_is_within_its_budget(app: Path) -> None:
    found = first_load(app)
    kinds = [path.rpartition(".")[2] for path in found]
    assert kinds.count("js") >= 3, found
    assert "css" in kinds
    assert any("/worker-" in path for path in found), "the engine is needed before anything is shown"
    assert not any("maplibre" in path or "/Editor" in path for path in found), "is fetched when it is needed"
    kb = sum(found.values()) / 1000
    assert exceeded({"first_load_kb": kb}, budgets()) == [], found


def test_a_tenth_more_is_too_much() -> None:
    allowed = {"time": 100.0, "points": -95.0}
    assert exceeded({"time": 110, "points": 95}, allowed) == []
    assert exceeded({"time": 110.1, "points": 94.9}, allowed) == [
        "time: 110.1, allowed at most 100",
        "points: 94.9, allowed at least 95",
    ]
