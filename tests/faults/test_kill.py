"""kill -9 at random moments under load: nothing acknowledged is lost, nothing comes twice, the order is kept."""

import asyncio
import random

import pytest

from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NoConnection

from .firm import Firm, reconnect


async def write(firm: Firm, name: str, acknowledged: dict[str, int], stop: asyncio.Event) -> int:
    """Send numbered messages until told to stop; one that breaks stays in the outbox and goes with the reconnection."""
    client: Client = firm.clients[name]
    number = 0
    while not stop.is_set():
        text = f"{name} {number}"
        try:
            ack = await client.send(firm.group, text)
            acknowledged[text] = ack.seq
        except NoConnection:
            await reconnect(client)
        number += 1
    return number


async def run(firm: Firm, kills: int) -> None:
    rng = random.Random(7)
    acknowledged: dict[str, int] = {}
    stop = asyncio.Event()
    writers = [asyncio.create_task(write(firm, name, acknowledged, stop)) for name in firm.clients]
    for _ in range(kills):
        # So many more acknowledged messages, then the kill: in the middle of whatever the server is doing.
        wanted = len(acknowledged) + rng.randint(3, 25)
        while len(acknowledged) < wanted:
            await asyncio.sleep(rng.random() * 0.01)
        await asyncio.to_thread(firm.server.kill)
        await asyncio.to_thread(firm.server.start)
    stop.set()
    sent = await asyncio.gather(*writers)
    for client in firm.clients.values():
        await reconnect(client)
    for name in firm.clients:
        await reconnect(firm.clients[name])
        seen = firm.texts(name)
        texts = [text for _, text in seen]
        assert len(set(texts)) == len(texts), "a message came twice"
        assert set(texts) == {f"{n} {i}" for n, count in zip(firm.clients, sent, strict=True) for i in range(count)}, (
            "a message was lost"
        )
        assert {text: seq for seq, text in seen if text in acknowledged} == acknowledged
        for sender in firm.clients:
            numbers = [int(text.split()[1]) for text in texts if text.startswith(sender + " ")]
            assert numbers == sorted(numbers), "the order was not kept"
        assert not firm.clients[name].core.logs.blocked(firm.group)
        assert not firm.clients[name].core.logs.warning(firm.group)


async def test_five_kills(firm: Firm) -> None:
    await run(firm, 5)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_fifty_kills(firm: Firm) -> None:
    await run(firm, 50)
