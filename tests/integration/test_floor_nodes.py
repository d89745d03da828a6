"""One floor and two nodes: granted once, whoever asks where, and free again when its holder or its node has vanished."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from alarms.conftest import Shifted
from malicious.conftest import Firm
from werkfunk.domain import limits
from werkfunk.wire import frames

from .nodes import Node, two_nodes
from .raw import Wire, signed_in
from .test_floors import SEALED, ask, granted, nothing_came

ROUNDS = 15


@dataclass
class Pair:
    """Anna and Bernd at the first node, Clara and Bernd's ear at the other."""

    firm: Firm
    one: Node
    other: Node
    clock: Shifted
    wires: dict[str, Wire]


async def listening(firm: Firm, name: str, node: Node) -> Wire:
    wire = await signed_in(firm.clients[name], node.base)
    await wire.send(frames.Tune([firm.group]))
    await wire.send(frames.Ping(1))
    await wire.until(frames.Pong)
    return wire


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    clock = Shifted()
    async with two_nodes(tmp_path, clock) as (firm, one, other):
        wires = {
            "Anna": await listening(firm, "Anna", one),
            "Bernd": await listening(firm, "Bernd", one),
            "Clara": await listening(firm, "Clara", other),
            "Anna, other": await listening(firm, "Anna", other),
        }
        yield Pair(firm, one, other, clock, wires)
        for wire in wires.values():
            # Those who only listened have not read what would have to be read before a farewell.
            wire.socket.transport.abort()


async def answer(wire: Wire, burst: bytes) -> frames.FloorGranted | frames.Refused:
    """What became of a wish."""
    while True:
        frame = await wire.next()
        if isinstance(frame, frames.FloorGranted) and frame.burst == burst:
            return frame
        if isinstance(frame, frames.Refused) and frame.reference == burst:
            return frame


async def once_free(wire: Wire, group: bytes) -> bytes:
    """Ask until the floor is granted; whatever else is said than that it is taken fails the test."""
    while True:
        burst = await ask(wire, group)
        got = await answer(wire, burst)
        if isinstance(got, frames.FloorGranted):
            return burst
        assert got.code == "busy"
        await asyncio.sleep(0.02)


async def is_busy(wire: Wire, group: bytes) -> bool:
    got = await answer(wire, await ask(wire, group))
    return isinstance(got, frames.Refused) and got.code == "busy"


async def test_two_nodes_that_are_asked_at_once_never_grant_both(pair: Pair) -> None:
    names, rounds, group = ["Bernd", "Clara"], 0, pair.firm.group
    while rounds < ROUNDS:
        names.reverse()
        bursts = [await ask(pair.wires[name], group) for name in names]
        got = await asyncio.gather(
            *(answer(pair.wires[name], burst) for name, burst in zip(names, bursts, strict=True))
        )
        granted_to = [n for n, frame in enumerate(got) if isinstance(frame, frames.FloorGranted)]
        assert len(granted_to) < 2, "both nodes have granted it"
        assert {frame.code for frame in got if isinstance(frame, frames.Refused)} == {"busy"}
        for n in granted_to:
            rounds += 1
            await pair.wires[names[n]].send(frames.Voice(bursts[n], 0, SEALED))
            assert await is_busy(pair.wires[names[1 - n]], group), "still held"
            await pair.wires[names[n]].send(frames.FloorRelease(group, bursts[n]))
    # Both nodes have asked the store each time: it was the lease that decided.
    assert min(node.life.asked["take_lease"] for node in (pair.one, pair.other)) >= ROUNDS


async def test_who_speaks_at_one_node_is_shown_at_the_other_and_leaves_the_floor_to_it(pair: Pair) -> None:
    burst = await granted(pair.wires["Bernd"], pair.firm.group)
    taken = await pair.wires["Clara"].until(frames.FloorTaken)
    assert (taken.burst, taken.user) == (burst, pair.firm.clients["Bernd"].core.keys.user)
    assert await is_busy(pair.wires["Clara"], pair.firm.group)
    pair.wires["Bernd"].socket.transport.abort()
    later = await once_free(pair.wires["Clara"], pair.firm.group)
    assert await is_busy(pair.wires["Anna"], pair.firm.group)
    await pair.wires["Clara"].send(frames.FloorRelease(pair.firm.group, later))
    await once_free(pair.wires["Anna"], pair.firm.group)


async def test_the_floor_of_a_dead_node_is_free_when_its_lease_is_over(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FLOOR_LEASE_MS", 600_000)
    await granted(pair.wires["Clara"], pair.firm.group)
    pair.other.kill()
    pair.clock.offset += 500_000
    assert await is_busy(pair.wires["Bernd"], pair.firm.group), "nobody gave it back"
    pair.clock.offset += 101_000
    await once_free(pair.wires["Bernd"], pair.firm.group)


async def test_a_node_that_stalls_passes_nothing_on_in_anothers_turn(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FLOOR_LEASE_MS", 4_000)
    clara, ear = pair.wires["Clara"], pair.wires["Anna, other"]
    burst = await granted(clara, pair.firm.group)
    await clara.send(frames.Voice(burst, 0, SEALED))
    assert (await ear.until(frames.Voice)).burst == burst
    pair.other.life.stall()
    await once_free(pair.wires["Bernd"], pair.firm.group)
    await clara.send(frames.Voice(burst, 1, SEALED))
    await nothing_came(clara, frames.Voice)
    await nothing_came(ear, frames.Voice)


async def test_a_grant_of_the_store_that_comes_too_late_is_none(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease was taken, but the node hears of it when it is over and another has it."""
    monkeypatch.setattr(limits, "FLOOR_LEASE_MS", 300)
    clara, bernd = pair.wires["Clara"], pair.wires["Bernd"]
    pair.other.life.stall(answers=True)
    burst = await ask(clara, pair.firm.group)
    await pair.other.life.stalls()
    await once_free(bernd, pair.firm.group)
    pair.other.life.flow()
    got = await answer(clara, burst)
    assert isinstance(got, frames.Refused)
    assert got.code == "busy"
