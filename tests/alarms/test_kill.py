"""kill -9 between and inside the steps of an alarm: each repeat and step happens once, nothing that was answered is lost."""

import asyncio
import os
import random
from pathlib import Path

from e2e.process import Cli, Serving
from faults.firm import Firm, persist, reconnect
from werkfunk.domain.alarms import COMING, Stage, Status
from werkfunk.domain.gateways import Contact
from werkfunk.protocol.content import Alarm
from werkfunk.sdk.errors import NoConnection
from werkfunk.wire import alarms as bodies

from .sinks import mail_sink, web_sink

POLICY = {
    "name": "Notfall",
    "repeat_every": 1,
    "repeat_times": 4,
    "steps": [
        {"after": 5, "to": {"people": ["Bernd"]}, "via": ["mail"]},
        {"after": 5, "to": {"silent": True}, "via": ["mail", "sms"]},
    ],
    "stop": {"everyone": True},
}


async def settle(firm: Firm) -> None:
    """Bernd gives his contact, Anna sets gateways and policy."""
    anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
    contact = Contact(phone="+491511234567", mail="bernd@firma.example")
    await bernd.alarm_settings.set_duty(bodies.OwnDuty(contact=contact))
    await anna.alarm_settings.put_policy(POLICY)


async def test_each_step_once_over_kills(tmp_path: Path) -> None:
    rng = random.Random(11)
    async with mail_sink() as mails, web_sink(tmp_path) as web:
        server = Serving(Cli(tmp_path))
        server.environment = {
            "WERKFUNK_GATEWAY_HOSTS": "127.0.0.1 localhost",
            "WERKFUNK_GATEWAY_PRIVATE": "yes",
            "SSL_CERT_FILE": str(web.certificate),
        }
        firm = await Firm.found(server, ["Bernd"])
        anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
        try:
            await settle(firm)
            mail = {
                "kind": "smtp",
                "host": "127.0.0.1",
                "port": mails.port,
                "tls": "none",
                "sender": "funk@firma.example",
            }
            await anna.alarm_settings.put_gateway({"name": "Mail", "channel": "mail", "via": mail}, None)
            https = {"kind": "https", "url": f"https://localhost:{web.port}/", "body": "{text}"}
            await anna.alarm_settings.put_gateway({"name": "SMS", "channel": "sms", "via": https}, "x")
            content = Alarm(os.urandom(16), 3, "Stromausfall")
            key = await anna.alarm_settings.policy_named("Notfall")
            await persist(anna, lambda: anna.alarms.raise_([firm.group], content, policy=key))
            kills = 0
            while True:
                await asyncio.sleep(rng.uniform(0.1, 0.9))
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
                kills += 1
                await reconnect(anna)
                info = await anna.alarms.info(content.alarm)
                if len(info.sends) == 3 and all(s.state == "sent" for s in info.sends):
                    break
            await reconnect(bernd)
            await persist(bernd, lambda: bernd.alarms.report(content.alarm, Stage.ACKNOWLEDGED, COMING))
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await reconnect(anna)
            info = await anna.alarms.info(content.alarm)
            while info.status != Status.REACHED:
                info = await anna.alarms.info(content.alarm)
            marks = [(m.kind, m.number) for m in info.marks]
            assert [n for kind, n in marks if kind == "escalated"] == [1, 2]
            rounds = [n for kind, n in marks if kind == "repeated"]
            assert rounds == list(range(1, len(rounds) + 1))
            assert rounds
            assert (marks[0], marks[-1]) == (("raised", 0), ("reached", 0))
            assert info.people[0].code == COMING
            # A message under way when its sender was killed may come twice, but never as another message.
            assert len({m["Message-ID"] for _, m in mails.mails}) == 2
            keys = {
                line for head, _ in web.requests for line in head.split("\r\n") if line.startswith("idempotency-key")
            }
            assert len(keys) == 1
            assert kills > 1
        finally:
            for client in firm.clients.values():
                await client.close()
            server.stop()


async def test_an_alarm_raised_into_a_dying_server_is_raised_once(tmp_path: Path) -> None:
    server = Serving(Cli(tmp_path))
    firm = await Firm.found(server, ["Bernd"])
    anna = firm.clients["Anna"]
    rng = random.Random(5)
    try:
        for _ in range(6):
            content = Alarm(os.urandom(16), 3, "Probe")

            async def kill(delay: float) -> None:
                await asyncio.sleep(delay)
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)

            killing = asyncio.create_task(kill(rng.uniform(0, 0.05)))
            while True:
                try:
                    await anna.alarms.raise_([firm.group], content)
                    break
                except NoConnection:
                    await reconnect(anna)
            await killing
            await reconnect(anna)
            info = await anna.alarms.info(content.alarm)
            assert (info.called, [m.kind for m in info.marks]) == (1, ["raised"])
        assert len(await anna.alarms.recent()) == 6
    finally:
        for client in firm.clients.values():
            await client.close()
        server.stop()
