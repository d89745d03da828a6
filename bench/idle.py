"""(c) Idle connections: memory and CPU; (d) start: cold start, idle memory, installed size."""

import asyncio
import subprocess
import time
from pathlib import Path
from typing import Any

import werkfunk
from bench.peers.base import Peer

WATCH_S = 10


async def connections(peer: Peer, count: int) -> dict[str, Any]:
    """Memory for each of `count` idle connections, and CPU while nothing happens."""
    first = await peer.idle(100)
    before = peer.rss()
    links = await peer.idle(count) if peer.name != "ejabberd+PostgreSQL" else await _others(peer, count)
    after, cpu = peer.rss(), peer.cpu()
    await asyncio.sleep(WATCH_S)
    used = peer.cpu() - cpu
    for link in (*first, *links):
        link.close()
    return {
        "peer": peer.name,
        "connections": count,
        "kib_per_connection": round((after - before) / count / 1024, 1),
        "cpu_percent": round(used / WATCH_S * 100, 2),
    }


async def _others(peer: Peer, count: int) -> Any:
    """A second session of a user would replace the first there; so other users."""
    return [await peer._link(f"i{i}") for i in range(100, 100 + count)]  # type: ignore[attr-defined]


async def start(peer: Peer, started: float) -> dict[str, Any]:
    """Cold start (until the port answers) and memory of the idle server."""
    seconds = time.perf_counter() - started
    await asyncio.sleep(2)
    row: dict[str, Any] = {"peer": peer.name, "start_s": round(seconds, 2), "idle_rss_mb": round(peer.rss() / 1e6, 1)}
    if peer.name == "werkfunk":
        packages = Path(werkfunk.__file__).resolve().parents[1]
        size = subprocess.run(
            ["du", "-sk", str(packages / "werkfunk")], capture_output=True, text=True, check=True
        ).stdout
        row["installed_kib_own_code"] = int(size.split()[0])
    return row
