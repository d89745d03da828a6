"""(a) Durable 1:1 messages: 100 users in 50 pairs, one sender each, 300 bytes of text, window 1 and 8."""

import asyncio
import time
from typing import Any

from bench.harness import own_cpu, percentile
from bench.peers.base import Link, Peer

PAIRS = 50


async def run(peer: Peer, window: int, messages: int) -> dict[str, Any]:
    """One run: every sender keeps `window` messages on their way until all have arrived."""
    linked = await peer.pairs(PAIRS, messages)
    done = asyncio.get_running_loop().create_future()
    latencies: list[float] = []
    state = {"left": PAIRS * messages}

    def drive(sender: Link, receiver: Link) -> None:
        sent: list[float] = []
        position = {"next": 0, "got": 0}

        def send() -> None:
            if position["next"] < messages:
                sent.append(time.perf_counter())
                sender.send(position["next"])
                position["next"] += 1

        def received() -> None:
            latencies.append(time.perf_counter() - sent[position["got"]])
            position["got"] += 1
            state["left"] -= 1
            if state["left"] == 0:
                done.set_result(None)
            send()

        receiver.received = received  # type: ignore[method-assign]
        for _ in range(window):
            send()

    cpu, own, started = peer.cpu(), own_cpu(), time.perf_counter()
    for sender, receiver in linked:
        drive(sender, receiver)
    await asyncio.wait_for(done, 300)
    seconds = time.perf_counter() - started
    used, used_own = peer.cpu() - cpu, own_cpu() - own
    total = PAIRS * messages
    peer.verify()
    return {
        "peer": peer.name,
        "window": window,
        "messages": total,
        "messages_per_s": round(total / seconds),
        "p50_ms": round(percentile(latencies, 0.5) * 1000, 2),
        "p99_ms": round(percentile(latencies, 0.99) * 1000, 2),
        "server_cpu_s_per_1000": round(used / total * 1000, 4),
        "client_cpu_s_per_1000": round(used_own / total * 1000, 4),
        "ack": peer.ack,
    }
