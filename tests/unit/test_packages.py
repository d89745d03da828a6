"""Tests that need a Debian package are left out where it is missing, but never in CI; `.ci/packages` says what is missing."""

import shutil
import subprocess
from pathlib import Path

import pytest

import packages


def test_missing_packages_are_named(tmp_path: Path) -> None:
    for tool in ("bash", "uname"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        [packages.LIST, "--missing"], check=True, capture_output=True, text=True, env={"PATH": str(tmp_path)}
    )
    assert {"gdb", "chromium", "firefox-esr", "poppler-utils", "python3-venv"} <= set(done.stdout.split())


def test_a_test_is_left_out_on_a_machine_but_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "missing", lambda: frozenset({"gdb"}))
    packages.need("sox")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="gdb"):
        packages.need("sox", "gdb")
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="gdb"):
        packages.need("gdb")
