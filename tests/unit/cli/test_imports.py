"""What a process does not need it does not load: memory of an idle server, and the start of each command."""

import subprocess
import sys

import pytest

NEEDLESS = {
    "werkfunk.cli.main": {"werkfunk.sdk", "werkfunk.app", "httpx", "cryptography", "pydantic", "rich", "click"},
    "werkfunk.cli.starting": {"werkfunk.app", "werkfunk.sdk", "cryptography", "sqlcipher3", "httpx", "uvicorn"},
    "werkfunk.cli.people": {
        "fpdf",
        "PIL",
        "werkfunk.app",
        "werkfunk.services",
        "uvicorn",
        "starlette",
        "pydantic",
        "rich",
        "click",
    },
    "werkfunk.cli.alarms": {"fpdf", "PIL", "fontTools"},
    "werkfunk.cli.serving": {
        "fpdf",
        "PIL",
        "typer",
        "httpx",
        "websockets",
        "joserfc",
        "pydantic",
        "rich",
        "click",
        "segno",
    },
}


@pytest.mark.parametrize("module", NEEDLESS)
def test_needless_modules_are_not_loaded(module: str) -> None:
    # As the commands do it: `people` is imported by `main`, `serving` alone.
    first = "" if module.endswith("serving") else "import werkfunk.cli.main; "
    code = f"import sys; {first}import {module}; print(*(n for n, m in sys.modules.items() if m is not None))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert module in loaded
    assert not NEEDLESS[module] & loaded
