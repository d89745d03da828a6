"""Two nodes, two clocks, one store: each step of an alarm happens once, also when a node dies in the middle of one."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integration.nodes import Node, two_nodes
from malicious.conftest import Firm
from werkfunk.domain.alarms import COMING, Stage, Status
from werkfunk.domain.gateways import Contact
from werkfunk.protocol.content import Alarm
from werkfunk.sdk.client import Client
from werkfunk.wire import alarms as bodies
from werkfunk.wire import frames

from .conftest import Ear, Shifted
from .sinks import MailSink, mail_sink

MINUTE = 60
POLICY = {
    "name": "Notfall",
    "repeat_every": MINUTE,
    "repeat_times": 3,
    "steps": [
        {"after": 2 * MINUTE + 30, "to": {"people": ["Bernd"]}, "via": ["mail"]},
        {"after": MINUTE, "to": {"silent": True}, "via": ["mail", "app"]},
    ],
    "stop": {"coming": 1},
}
TIMELINE = [("raised", 0), ("repeated", 1), ("repeated", 2), ("escalated", 1), ("repeated", 3), ("escalated", 2)]


@dataclass
class Pair:
    """Anna and Bernd at the first node, Clara at the other; Bernd has given his address."""

    firm: Firm
    one: Node
    other: Node
    clock: Shifted
    mails: MailSink
    ears: dict[str, Ear]

    def client(self, name: str) -> Client:
        return self.firm.clients[name]

    def pass_time(self, seconds: float) -> None:
        self.clock.offset += int(seconds * 1000)

    async def marks(self, alarm: bytes) -> list[tuple[str, int]]:
        return [(mark.kind, mark.number) for mark in (await self.client("Anna").alarms.info(alarm)).marks]

    async def raised(self) -> bytes:
        anna = self.client("Anna")
        content = Alarm(os.urandom(16), 3, "Stromausfall")
        key = await anna.alarm_settings.policy_named("Notfall")
        await anna.alarms.raise_([self.firm.group], content, policy=key)
        for name in ("Bernd", "Clara"):
            await self.ears[name].until(frames.Alarm, alarm=content.alarm, round=0)
        return content.alarm

    async def move(self, name: str, node: Node) -> None:
        """Somebody goes on at another node."""
        ear = self.ears.pop(name)
        ear.task.cancel()
        await asyncio.gather(ear.task, return_exceptions=True)
        await moved(self.client(name), node.base)
        self.ears[name] = Ear(self.client(name))

    async def sent(self, alarm: bytes, count: int) -> None:
        """Until so many messages have gone out."""
        while True:
            self.one.server.alarm_sender.pulse.wake()
            info = await self.client("Anna").alarms.info(alarm)
            if len(info.sends) >= count and all(send.state != "waiting" for send in info.sends):
                return
            await asyncio.sleep(0.05)


async def moved(client: Client, base: str) -> None:
    """The client goes on at another node."""
    await client.core.disconnect()
    client.core.transport.base = base
    await client.connect()


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    clock = Shifted()
    settings: dict[str, Any] = {"gateway_hosts": "127.0.0.1", "gateway_private": "yes", "alarms_per_minute": 1000}
    async with mail_sink() as mails, two_nodes(tmp_path, clock, **settings) as (firm, one, other):
        await moved(firm.clients["Clara"], other.base)
        anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
        await bernd.alarm_settings.set_duty(bodies.OwnDuty(contact=Contact(mail="bernd@firma.example")))
        via = {"kind": "smtp", "host": "127.0.0.1", "port": mails.port, "tls": "none", "sender": "funk@firma.example"}
        await anna.alarm_settings.put_gateway({"name": "Mail", "channel": "mail", "via": via}, None)
        await anna.alarm_settings.put_policy(POLICY)
        made = Pair(firm, one, other, clock, mails, {name: Ear(client) for name, client in firm.clients.items()})
        yield made
        for ear in made.ears.values():
            ear.task.cancel()
        await asyncio.gather(*(ear.task for ear in made.ears.values()), return_exceptions=True)


async def test_two_clocks_take_each_step_once(pair: Pair) -> None:
    alarm = await pair.raised()
    for _ in range(12):
        pair.pass_time(MINUTE / 2)
        await asyncio.gather(*(node.server.alarm_clock.turn() for node in (pair.one, pair.other)))
    assert await pair.marks(alarm) == TIMELINE
    # Both have tried; more often than there is something to be done, for who comes second finds nothing.
    tried = [node.life.asked.get("advance", 0) for node in (pair.one, pair.other)]
    assert min(tried) > 0
    assert sum(tried) > len(TIMELINE) - 1
    # Whichever node took a step, who is connected to the other hears it too, and once.
    for name in ("Bernd", "Clara"):
        # The second step rings in the app once more.
        for number in (1, 2, 3, 3):
            await pair.ears[name].until(frames.Alarm, round=number)
        assert [frame for frame in pair.ears[name].heard if isinstance(frame, frames.Alarm)] == []
    # Bernd by each step; Clara has given no address.
    await pair.sent(alarm, 3)
    assert [to for to, _ in pair.mails.mails] == [["bernd@firma.example"]] * 2
    assert len({mail["Message-ID"] for _, mail in pair.mails.mails}) == 2

    await pair.client("Clara").alarms.report(alarm, Stage.ACKNOWLEDGED, COMING)
    await pair.ears["Bernd"].until(frames.Alarm, status=Status.REACHED)
    assert await pair.marks(alarm) == [*TIMELINE, ("reached", 0)]


@pytest.mark.parametrize("committed", [False, True], ids=["before its commit", "after its commit"])
async def test_a_node_that_dies_in_a_step_leaves_it_done_once(pair: Pair, committed: bool) -> None:
    alarm = await pair.raised()
    pair.pass_time(2 * MINUTE + 31)
    pair.other.life.ends_with("advance", committed=committed)
    dying = asyncio.create_task(pair.other.server.alarm_clock.turn())
    await pair.other.life.died.wait()
    pair.other.kill()
    assert await pair.marks(alarm) == ([("raised", 0), ("escalated", 1)] if committed else [("raised", 0)])
    # The other clock goes on: the step is taken if it was not, and is not taken again if it was.
    await pair.one.server.alarm_clock.turn()
    expected = [("raised", 0), ("escalated", 1), ("repeated", 1)]
    assert await pair.marks(alarm) == expected
    await pair.sent(alarm, 1)
    assert [to for to, _ in pair.mails.mails] == [["bernd@firma.example"]]
    await pair.ears["Bernd"].until(frames.Alarm, round=1)

    pair.pass_time(MINUTE + 1)
    await pair.one.server.alarm_clock.turn()
    assert await pair.marks(alarm) == [*expected, ("escalated", 2), ("repeated", 2)]
    await pair.sent(alarm, 3)
    assert len(pair.mails.mails) == 2
    assert not dying.done()
    # Clara's node is gone; at the other one her answer counts.
    await pair.move("Clara", pair.one)
    await pair.client("Clara").alarms.report(alarm, Stage.ACKNOWLEDGED, COMING)
    await pair.ears["Bernd"].until(frames.Alarm, status=Status.REACHED)
    dying.cancel()


async def test_a_message_whose_node_died_with_it_goes_out_from_the_other(pair: Pair) -> None:
    alarm = await pair.raised()
    pair.other.life.ends_with("claim", committed=True)
    pair.one.life.stall()
    pair.pass_time(2 * MINUTE + 31)
    # The clock wakes the sender of its node.
    dying = asyncio.create_task(pair.other.server.alarm_clock.turn())
    await pair.other.life.died.wait()
    pair.other.kill()
    pair.one.life.flow()
    await pair.one.server.alarm_sender.turn()
    assert pair.mails.mails == [], "held by the dead node"
    pair.pass_time(MINUTE)
    await pair.sent(alarm, 1)
    assert [to for to, _ in pair.mails.mails] == [["bernd@firma.example"]]
    (send,) = (await pair.client("Anna").alarms.info(alarm)).sends
    assert (send.state, send.attempts) == ("sent", 2)
    dying.cancel()


async def test_an_alarm_of_one_node_is_answered_and_ended_at_the_other(pair: Pair) -> None:
    alarm = await pair.raised()
    clara = pair.client("Clara")
    await clara.alarms.report(alarm, Stage.DISPLAYED)
    people = {person.user: person for person in (await pair.client("Anna").alarms.info(alarm)).people}
    assert people[clara.core.keys.user].displayed
    await pair.move("Anna", pair.other)
    await pair.client("Anna").alarms.end(alarm)
    await pair.ears["Bernd"].until(frames.Alarm, status=Status.ENDED)
    # The node that raised it knows too, once its clock has looked: nobody is called who comes back there.
    await pair.one.server.alarm_clock.turn()
    again = Client(pair.firm.folder / "Bernd")
    heard: list[object] = []
    again.alarms.heard = heard.append
    await again.connect()
    assert [frame for frame in heard if isinstance(frame, frames.Alarm)] == []
    await again.close()
