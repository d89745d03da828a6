"""`werkfunk serve`: check the configuration, then become the server. Loads nothing else, for the server loads its own."""

import json as jsonlib
import os
import sys
from pathlib import Path
from typing import Any

from werkfunk.adapters import config as configuration
from werkfunk.adapters.config import ConfigError
from werkfunk.storage.schema import FILE


def serve(data: Path, overrides: dict[str, Any], *, json: bool) -> None:
    """Check what can be checked at once, then become the server, which opens key and database.

    The process replaces itself by `cli.serving`: what parses arguments is gone then.
    """
    configuration.load(data, overrides)
    if not (data / FILE).exists():
        raise ConfigError(f"there is no Werkfunk in {data}; make one with: werkfunk init --data {data} --org NAME")
    given = {key: value for key, value in overrides.items() if value is not None}
    task = jsonlib.dumps({"data": str(data), "overrides": given, "json": json}, separators=(",", ":"))
    # Few threads allocate here; one arena keeps the memory of a small server together.
    environment = {"MALLOC_ARENA_MAX": "1", **os.environ}
    os.execve(sys.executable, [sys.executable, "-m", "werkfunk.cli.serving", task], environment)  # noqa: S606
