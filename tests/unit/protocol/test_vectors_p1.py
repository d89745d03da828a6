"""Every vector of the areas in tests/vectors/p1_operations.py, run against this implementation."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from werkfunk.protocol.errors import ProtocolError

sys.path.insert(0, str(Path(__file__).parents[2] / "vectors"))

from p1_operations import HERE, OPERATIONS, Case, all_cases

CASES = list(all_cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.area}/{case.name}")
def test_vector(case: Case) -> None:
    outputs: dict[str, bytes] = {}
    try:
        outputs, got = OPERATIONS[case.area](case.inputs), "ok"
    except ProtocolError as error:
        got = f"error {error.code}"
    assert got == case.header["expect"], case.header["why"]
    assert outputs == case.outputs


def test_headers_are_complete() -> None:
    for case in CASES:
        assert set(case.header) == {"case", "expect", "why", "must"}
        assert case.header["case"] == case.name
        assert case.header["must"].startswith("M")
        assert (case.header["expect"] == "ok") or not case.outputs


def test_every_area_has_cases_and_is_explained() -> None:
    found = Counter(case.area for case in CASES)
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    for area in OPERATIONS:
        assert found[area] > 0
        assert f"`{area}`" in readme


def test_every_input_is_explained() -> None:
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    for case in CASES:
        for name in (*case.inputs, *case.outputs):
            assert f"`{name}`" in readme, f"{case.area}: {name}"
