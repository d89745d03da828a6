"""(d) `make run` for the second time: from the command to the first answer, with everything installed and the data there."""

import os
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from bench.peers.base import free_port

ROOT = Path(__file__).parents[1]
RUNS = 5


def run() -> list[dict[str, Any]]:
    """Seconds of the median of some starts after the first."""
    with tempfile.TemporaryDirectory() as folder:
        starts = sorted(_start(Path(folder) / "data") for _ in range(RUNS + 1))
    # The first one, which makes the data and the app where it is missing, is the slowest.
    return [
        {"peer": "werkfunk", "second_make_run_s": round(starts[RUNS // 2], 2), "slowest_s": round(starts[RUNS - 1], 2)}
    ]


def _start(data: Path) -> float:
    port = free_port()
    command = ["make", "-s", "run", f"DATA={data}", f"LISTEN=127.0.0.1:{port}"]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        while process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                return time.perf_counter() - started
            except urllib.error.URLError:
                time.sleep(0.01)
        raise RuntimeError("make run ended")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
