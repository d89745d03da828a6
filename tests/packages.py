"""Debian packages that some tests need. `.ci/packages` is the list; `make test` installs them where it may."""

import functools
import os
import subprocess
from pathlib import Path

import pytest

LIST = Path(__file__).parents[1] / ".ci" / "packages"


@functools.cache
def missing() -> frozenset[str]:
    """What is not installed here."""
    done = subprocess.run([LIST, "--missing"], check=True, capture_output=True, text=True)
    return frozenset(done.stdout.split())


def need(*packages: str) -> None:
    """Go no further where a package is missing: the test is skipped, in CI it fails, so that nothing is left out there."""
    lacking = sorted(missing().intersection(packages))
    if lacking:
        why = f"missing here: {', '.join(lacking)} (`.ci/packages` installs them)"
        if "CI" in os.environ:
            pytest.fail(why, pytrace=False)
        pytest.skip(why)
