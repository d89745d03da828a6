"""The server's clock jumps, forward by a year and back by two: people go on talking, nothing is lost, no proof is new again.

A real process whose time of day libfaketime bends; its monotonic clock runs on, as a machine's does when somebody sets the time.
"""

import asyncio
import os
from pathlib import Path

import pytest

from e2e.process import Cli, Serving
from packages import need
from werkfunk.domain.roles import Role
from werkfunk.protocol.content import Text
from werkfunk.sdk import account
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.wire import api

from .firm import Firm

LIBRARY = Path(f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketimeMT.so.1")
DAYS = (0, 400, -400, 0)


class Clock:
    """The time of day that the server's process sees."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.jump(0)

    def jump(self, days: int) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(f"{days:+d}d\n")
        new.rename(self.path)

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.path), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
        }  # fmt: skip


async def test_people_go_on_talking_while_the_servers_clock_jumps(tmp_path: Path) -> None:
    need("faketime")
    clock = Clock(tmp_path / "clock")
    server = Serving(Cli(tmp_path))
    server.environment = clock.environment()
    firm = await Firm.found(server, ["Bernd", "Clara"])
    try:
        transport = firm.clients["Anna"].core.transport
        sent: list[str] = []
        await transport.call("people", api.People)
        used = transport.proof("GET", "/v1/people", transport._token)
        headers = {"authorization": f"DPoP {transport._token}", "dpop": used}
        assert (await transport._http.get(transport.base + "/v1/people", headers=headers)).status_code == 200
        for days in DAYS:
            clock.jump(days)
            again = await transport._http.get(transport.base + "/v1/people", headers=headers)
            assert again.status_code == 401, "a used proof is void at any time of day"
            for name, client in firm.clients.items():
                text = f"{name} am Tag {days}"
                await client.send(firm.group, text)
                sent.append(text)
                assert len((await client.core.transport.call("people", api.People)).people) == 3

        for client in firm.clients.values():
            await client.core.catch_up(firm.group)
        at = [m.at for m in firm.clients["Bernd"].core.logs.messages(firm.group, 0)]
        assert at == sorted(at), "a log's time never goes backwards"
        assert max(at) - min(at) > 390 * 86_400_000, "the clock did jump"
        state = firm.clients["Anna"].core.state(firm.group)
        assert state.generation <= 2, "one new generation for the year that seemed to pass, none else"

        clock.jump(-400)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        for name, client in firm.clients.items():
            await client.connect()
            await client.send(firm.group, f"{name} nach dem Neustart")
            sent.append(f"{name} nach dem Neustart")
        for name, client in firm.clients.items():
            await client.core.catch_up(firm.group)
            texts = [m.content.text for m in client.core.logs.messages(firm.group, 0) if isinstance(m.content, Text)]
            assert texts == sent, name
            assert not client.core.logs.blocked(firm.group)
            assert not client.core.logs.warning(firm.group)
    finally:
        await firm.close()


async def test_a_device_whose_own_clock_is_years_behind_takes_part(tmp_path: Path) -> None:
    firm = await Firm.found(Serving(Cli(tmp_path)), ["Bernd"], clock=lambda: 1_500_000_000_000)
    try:
        await firm.clients["Anna"].send(firm.group, "Es ist 2017")
        await firm.clients["Bernd"].core.catch_up(firm.group)
        assert [text for _, text in firm.texts("Bernd")] == ["Es ist 2017"]
        assert firm.clients["Bernd"].core.state(firm.group).generation == 1
    finally:
        await firm.close()


@pytest.mark.parametrize("days", [400, -400])
async def test_a_wrong_clock_takes_the_servers_time(tmp_path: Path, days: int) -> None:
    """Otherwise one wrong clock would end everybody's invitations: a chain's clock is the largest time in it."""
    wrong = days * 86_400_000
    firm = await Firm.found(Serving(Cli(tmp_path)), [], clock=account.ServerClock(lambda: now() + wrong))
    try:
        anna = firm.clients["Anna"]
        open_link = await anna.office.invite(Role.MEMBER, 1, anna.core.clock() + 3_600_000)
        other = await anna.office.invite(Role.ADMIN, 1, anna.core.clock() + 3_600_000)
        late = account.ServerClock(lambda: now() + wrong)
        await account.join(other, tmp_path / "Bernd", "Bernd", "Test", late)
        await account.join(open_link, tmp_path / "Clara", "Clara", "Test")
        async with Client(tmp_path / "Clara") as clara:
            await clara.connect()
            chains = clara.core.chains
            times = [chains.founded.clock, *(state.clock for state in chains.users.values())]
            assert all(abs(time - now()) < 600_000 for time in times)
            await anna.core.chains.refresh()
            await anna.add(firm.group, [clara.core.keys.user])
            await anna.send(firm.group, "Wie spät ist es?")
            await clara.connect()
            assert [text for _, text in firm.texts("Anna")] == ["Wie spät ist es?"]
    finally:
        await firm.close()
