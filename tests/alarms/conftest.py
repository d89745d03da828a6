"""A firm on a server whose clock the test moves, with real sinks for what leaves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from malicious.conftest import Firm, founded
from werkfunk.adapters.clock import system_clock
from werkfunk.sdk.client import Client
from werkfunk.wire import frames

from .sinks import MailSink, WebSink, mail_sink, web_sink


class Shifted:
    """The system's clock and what the test has added."""

    def __init__(self) -> None:
        self.offset = 0

    def __call__(self) -> int:
        return system_clock() + self.offset


class AlarmFirm:
    """The firm, its clock and its sinks."""

    def __init__(self, firm: Firm, clock: Shifted, mails: MailSink, web: WebSink) -> None:
        self.firm, self.clock, self.mails, self.web = firm, clock, mails, web
        self.anna, self.bernd, self.clara = (firm.clients[name] for name in ("Anna", "Bernd", "Clara"))
        self.ears = {name: Ear(client) for name, client in firm.clients.items()}

    def pass_time(self, seconds: float) -> None:
        self.clock.offset += int(seconds * 1000)
        self.firm.server.alarm_clock.pulse.wake()

    async def newcomer(self, name: str) -> Client:
        client = await self.firm.invite(name)
        self.ears[name] = Ear(client)
        return client


class Ear:
    """Listens for a client, and keeps the alarm frames that it hears."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.heard: list[frames.Alarm | frames.AlarmBoard] = []
        self._news = asyncio.Condition()
        client.alarms.heard = self.heard.append
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for _ in self.client.listen():
            pass

    async def until(self, kind: type, **wanted: object) -> frames.Alarm | frames.AlarmBoard:
        """The first frame of a kind with these values, heard already or to come; it and those before are forgotten."""
        while True:
            for place, frame in enumerate(self.heard):
                if isinstance(frame, kind) and all(getattr(frame, name) == value for name, value in wanted.items()):
                    del self.heard[: place + 1]
                    return frame
            await asyncio.sleep(0.01)


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AlarmFirm]:
    clock = Shifted()
    async with mail_sink() as mails, web_sink(tmp_path) as web:
        monkeypatch.setenv("SSL_CERT_FILE", str(web.certificate))
        settings = {"gateway_hosts": "127.0.0.1 localhost", "gateway_private": "yes", "alarms_per_minute": 1000}
        async with founded(tmp_path, clock, **settings) as firm:
            made = AlarmFirm(firm, clock, mails, web)
            yield made
            for ear in made.ears.values():
                ear.task.cancel()
            await asyncio.gather(*(ear.task for ear in made.ears.values()), return_exceptions=True)
