"""Make the vectors of chains: `python tests/vectors/make_chains.py`.

Statements hold hashes of HPKE boxes, which are random, so a file is kept as it is while it still gives what its case
expects; delete it to have it made anew.
"""

import sys

import chain_cases_log
import chain_cases_organisation
import chain_cases_reading
import chain_cases_seeds
import chain_cases_senders
import chain_cases_user
from chain_operations import OPERATIONS
from chain_world import CASES
from p1_operations import HERE, Bytes, read

from werkfunk.protocol.errors import ProtocolError

MODULES = (
    chain_cases_user,
    chain_cases_organisation,
    chain_cases_log,
    chain_cases_senders,
    chain_cases_reading,
    chain_cases_seeds,
)
"""Importing them fills CASES."""


def main() -> None:
    """Write what is missing or no longer holds."""
    problems = []
    for area, name, error, must, why, build in CASES:
        path = HERE / area / f"{name}.txt"
        expect = f"error {error}" if error else "ok"
        if path.exists() and _run(area, read(path).inputs)[0] == expect:
            continue
        inputs = build()
        got, outputs = _run(area, inputs)
        if got != expect:
            problems.append(f"{area}/{name}: expected {expect}, got {got}")
            continue
        lines = [f"case: {name}", f"expect: {expect}", f"why: {why}", f"must: {must}", ""]
        lines += [f"{key} = {value.hex()}".rstrip() for key, value in inputs.items()]
        if outputs:
            lines += ["", *(f"{key} = {value.hex()}".rstrip() for key, value in outputs.items())]
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(CASES)} vectors")


def _run(area: str, inputs: Bytes) -> tuple[str, Bytes]:
    try:
        return "ok", OPERATIONS[area](inputs)
    except ProtocolError as error:
        return f"error {error.code}", {}


if __name__ == "__main__":
    main()
