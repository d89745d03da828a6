"""`python -m bench [question …] [--quick]`: questions pairs, room, idle, start, behind, protocol, ptt,
ptt_library, alarm, app; all of them by default."""

import gc
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from bench import alarm, behind, idle, operations, pairs, ptt, ptt_library, room, second_start
from bench.harness import many_files, require_references, save
from bench.peers.base import Peer
from bench.peers.ejabberd import Ejabberd
from bench.peers.mosquitto import Mosquitto
from bench.peers.mumble import Mumble
from bench.peers.werkfunk import Werkfunk

PEERS: tuple[type[Peer], ...] = (Mosquitto, Ejabberd, Werkfunk)
QUESTIONS = ("pairs", "room", "idle", "start", "behind", "protocol", "ptt", "ptt_library", "alarm")
Row = dict[str, Any]


def with_peer(kind: type[Peer], work: Callable[[Peer, float], Awaitable[Row]]) -> Row:
    """Run one measurement against a fresh server."""

    async def run() -> Row:
        peer = kind()
        started = time.perf_counter()
        try:
            await peer.start()
            gc.collect()
            gc.disable()
            row = await work(peer, started)
        finally:
            gc.enable()
            peer.stop()
        print(row, flush=True)
        return row

    return uvloop.run(run())


def measure(question: str, quick: bool) -> list[Row]:
    """All rows of a question."""
    share = 10 if quick else 1
    match question:
        case "pairs":
            return [
                with_peer(kind, lambda p, _, w=window: pairs.run(p, w, 400 // share))  # type: ignore[misc]
                for window in (1, 8)
                for kind in PEERS
            ]
        case "room":
            return [
                with_peer(kind, lambda p, _, w=window: room.run(p, w, 2_000 // share))  # type: ignore[misc]
                for window in (1, 4)
                for kind in PEERS
            ]
        case "idle":
            rows = [with_peer(kind, idle.start) for kind in PEERS]
            for count in (1_000 // share, 5_000 // share):
                rows += [with_peer(kind, lambda p, _, c=count: idle.connections(p, c)) for kind in PEERS]  # type: ignore[misc]
            return rows
        case "start":
            return second_start.run()
        case "behind":
            return [with_peer(Werkfunk, lambda p, _: behind.run(p, 10_000 // share))]
        case "alarm":
            return [with_peer(Werkfunk, lambda p, _: alarm.run(p, 2_000 // share))]
        case "ptt":
            return [
                with_peer(kind, lambda p, _, n=listeners: ptt.run(n, 100_000 // n // share, p))  # type: ignore[misc,arg-type]
                for listeners in (100, 500)
                for kind in (Mumble, ptt.Secure, ptt.Plain)
            ]
        case "ptt_library":
            return [with_peer(Werkfunk, lambda p, _: ptt_library.run(p, 100 // share, 1_000 // share))]
        case "protocol":
            return operations.run()
    sys.exit(f"there is no question {question!r}")


def app() -> int:
    """The app's measurements; gives their exit code."""
    command = [sys.executable, "-m", "pytest", "-m", "bench", "-s", "tests/app/test_app_measured.py"]
    return subprocess.run(command, check=False).returncode


def main() -> None:
    """See the module."""
    if sys.argv[1:] == ["app"]:
        # In a browser, with the harness of its tests; writes results/app.json and fails where a budget is exceeded.
        sys.exit(app())
    arguments = [a for a in sys.argv[1:] if a != "--quick"]
    quick = "--quick" in sys.argv
    require_references()
    many_files()
    for question in arguments or QUESTIONS:
        print(f"== {question}", flush=True)
        rows = measure(question, quick)
        if not quick:
            save(question, rows)
    if not arguments:
        sys.exit(app())


if __name__ == "__main__":
    main()
