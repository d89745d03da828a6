"""What all questions share: percentiles, machine facts, result files."""

import json
import os
import platform
import resource
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
NEEDED = {"mosquitto": "mosquitto", "ejabberdctl": "ejabberd", "murmurd": "mumble-server"}


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> dict[str, Any]:
    """Facts about the machine and versions; nothing that names it."""
    return {
        "cores": os.cpu_count(),
        "kernel": platform.release().split("-")[0],
        "python": platform.python_version(),
        "packages": {
            name: version(name) for name in ("cryptography", "msgspec", "picows", "sqlcipher3", "uvicorn", "uvloop")
        },
    }


def save(question: str, rows: list[dict[str, Any]]) -> None:
    """Write a result file."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{question}.json").write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")


def require_references() -> None:
    """End with 2 and a hint when a reference is not installed."""
    missing = sorted({package for command, package in NEEDED.items() if shutil.which(command) is None})
    if not Path("/usr/lib/postgresql").exists():
        missing.append("postgresql")
    # ejabberd only recommends its driver for PostgreSQL, and ends at the start without it.
    if not any(Path("/usr/lib/erlang/lib").glob("p1_pgsql-*")):
        missing.append("erlang-p1-pgsql")
    if missing:
        sys.stderr.write(f"references are missing, install from Debian: {' '.join(missing)}\n")
        sys.exit(2)


def many_files() -> None:
    """Allow thousands of sockets."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65_536, hard), hard))


def own_cpu() -> float:
    """CPU seconds of this process, the load generator."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
