"""Every vector of chains, run against this implementation; all statements but the last must be accepted."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from werkfunk.protocol.cbor import decode, encode
from werkfunk.protocol.errors import ProtocolError

sys.path.insert(0, str(Path(__file__).parents[2] / "vectors"))

from chain_operations import OPERATIONS, all_cases
from p1_operations import HERE, Case

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


CHAINS = [case for case in CASES if case.header["expect"] != "ok" and case.area.endswith(("-chain", "-log"))]


@pytest.mark.parametrize("case", CHAINS, ids=lambda case: f"{case.area}/{case.name}")
def test_only_the_last_statement_is_refused(case: Case) -> None:
    before = decode(case.inputs["statements"])[:-1]
    if before:
        OPERATIONS[case.area]({**case.inputs, "statements": encode(before)})


def test_every_area_has_cases_and_is_explained() -> None:
    found = Counter(case.area for case in CASES)
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    for area in OPERATIONS:
        assert found[area] >= 4
        assert f"| `{area}` |" in readme
