"""(g) Push-to-talk through the client library: from asking for the floor to the grant, and from a frame's capture until
another client holds it opened. Real server; both clients in this process, at the pace of speech.
"""

import asyncio
import time
from contextlib import suppress
from typing import Any

from bench.harness import percentile
from bench.peers.base import Peer
from bench.peers.werkfunk import Werkfunk
from bench.ptt import INTERVAL, OPUS
from werkfunk.sdk.client import Client
from werkfunk.sdk.voice import Packet, Speaking


async def _listening(client: Client) -> None:
    """Keys, members and frames are taken while others work."""
    async for _ in client.listen():
        pass


async def run(peer: Peer, presses: int, packets: int) -> dict[str, Any]:
    """`presses` short bursts, then one of `packets`."""
    assert isinstance(peer, Werkfunk)
    talker, hearer = await peer._people(2)
    for client in (talker, hearer):
        await client.connect()
    group = await talker.create("Kanal", [hearer.core.keys.user])
    takers = [asyncio.ensure_future(_listening(client)) for client in (talker, hearer)]
    await hearer.voice.tune([group])
    heard = hearer.voice.heard()
    grants: list[float] = []
    for _ in range(presses):
        asked = time.perf_counter()
        talking = await talker.voice.talk(group)
        grants.append(time.perf_counter() - asked)
        await talker.voice.finish(talking)
    talking = await talker.voice.talk(group)
    while not (isinstance(one := await anext(heard), Speaking) and one.burst == talking.burst):
        pass
    began = time.perf_counter()
    got: dict[int, float] = {}

    async def hear() -> None:
        while len(got) < packets:
            one = await anext(heard)
            if isinstance(one, Packet) and one.burst == talking.burst:
                assert one.opus == OPUS
                got[one.number] = time.perf_counter()

    hearing = asyncio.ensure_future(hear())
    for number in range(packets):
        # A frame is whole when its 20 ms have passed.
        await asyncio.sleep(max(0.0, began + (number + 1) * INTERVAL - time.perf_counter()))
        assert await talker.voice.say(talking, OPUS, 100)
    await asyncio.wait_for(hearing, 30)
    await talker.voice.finish(talking)
    for taker in takers:
        taker.cancel()
        with suppress(asyncio.CancelledError):
            await taker
    # From the first sound in a frame: the 20 ms that it lasts count.
    waited = [at - (began + number * INTERVAL) for number, at in got.items()]
    return {
        "peer": peer.name,
        "presses": presses,
        "grant_p50_ms": round(percentile(grants, 0.5) * 1000, 1),
        "grant_p95_ms": round(percentile(grants, 0.95) * 1000, 1),
        "packets": packets,
        "capture_to_opened_p50_ms": round(percentile(waited, 0.5) * 1000, 1),
        "capture_to_opened_p95_ms": round(percentile(waited, 0.95) * 1000, 1),
    }
