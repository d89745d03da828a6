"""(b) A room of 100, one sender, window 1 and 4: deliveries a second."""

import asyncio
import time
from typing import Any

from bench.harness import own_cpu
from bench.peers.base import Link, Peer

MEMBERS = 100


async def run(peer: Peer, window: int, messages: int) -> dict[str, Any]:
    """One run: the sender keeps `window` messages on their way until all members have them all."""
    sender, others = await peer.room(MEMBERS, messages)
    done = asyncio.get_running_loop().create_future()
    counts: dict[int, int] = {}
    position = {"next": 0, "left": messages * len(others)}

    def send() -> None:
        if position["next"] < messages:
            sender.send(position["next"])
            position["next"] += 1

    def drive(link: Link) -> None:
        own = {"got": 0}

        def received() -> None:
            number = own["got"]
            own["got"] += 1
            position["left"] -= 1
            counts[number] = counts.get(number, 0) + 1
            if counts[number] == len(others):
                send()
            if position["left"] == 0:
                done.set_result(None)

        link.received = received  # type: ignore[method-assign]

    for link in others:
        drive(link)
    cpu, own, started = peer.cpu(), own_cpu(), time.perf_counter()
    for _ in range(window):
        send()
    await asyncio.wait_for(done, 300)
    seconds = time.perf_counter() - started
    used, used_own = peer.cpu() - cpu, own_cpu() - own
    deliveries = messages * len(others)
    peer.verify()
    return {
        "peer": peer.name,
        "window": window,
        "deliveries": deliveries,
        "deliveries_per_s": round(deliveries / seconds),
        "server_cpu_us_per_delivery": round(used / deliveries * 1e6, 2),
        "client_cpu_us_per_delivery": round(used_own / deliveries * 1e6, 2),
    }
