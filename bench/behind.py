"""(e) A device that is 10,000 messages behind: until all are fetched, checked, opened and stored."""

import asyncio
import time
from typing import Any

from bench.peers.base import Peer
from bench.peers.werkfunk import Werkfunk


async def run(peer: Peer, messages: int) -> dict[str, Any]:
    """Log `messages` events, then let the other's client catch up."""
    assert isinstance(peer, Werkfunk)
    ((sender, receiver),) = await peer.pairs(1, messages)
    arrived = asyncio.get_running_loop().create_future()
    left = {"n": messages}

    def received() -> None:
        left["n"] -= 1
        if left["n"] == 0:
            arrived.set_result(None)

    receiver.received = received  # type: ignore[method-assign]
    for number in range(messages):
        sender.send(number)
        if number % 200 == 199:
            # No more than the server takes from one connection at once.
            while left["n"] > messages - number:
                await asyncio.sleep(0.001)
    await arrived
    receiver.close()
    client = peer.clients[1]
    cpu, started = peer.cpu(), time.perf_counter()
    got = await client.connect()
    seconds = time.perf_counter() - started
    return {
        "peer": peer.name,
        "messages": messages,
        "opened": len(got) - 1,
        "seconds": round(seconds, 2),
        "messages_per_s": round(messages / seconds),
        "server_cpu_s": round(peer.cpu() - cpu, 3),
    }
