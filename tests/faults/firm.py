"""People of a firm as client library objects, and the server as a process that can be killed."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Self

from e2e.process import Serving
from werkfunk.domain.roles import Role
from werkfunk.protocol.content import Text
from werkfunk.sdk import account
from werkfunk.sdk.account import Clock, now
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NoConnection

TITLE = "Baustelle"


class Firm:
    """See the module."""

    def __init__(self, server: Serving) -> None:
        self.server = server
        self.clients: dict[str, Client] = {}
        self.group = b""

    @classmethod
    async def found(cls, server: Serving, names: list[str], clock: Clock = now) -> Self:
        """`clock` is what the people's devices show."""
        server.start()
        firm = cls(server)
        folder = server.cli.folder
        await account.join(server.setup, folder / "Anna", "Anna", "Test", clock)
        anna = firm.clients["Anna"] = Client(folder / "Anna", clock)
        await anna.connect()
        link = await anna.office.invite(Role.MEMBER, max(1, len(names)), now() + 3_600_000)
        for name in names:
            await account.join(link, folder / name, name, "Test", clock)
            firm.clients[name] = Client(folder / name, clock)
            await firm.clients[name].connect()
        members = [client.core.keys.user for name, client in firm.clients.items() if name != "Anna"]
        firm.group = await anna.create(TITLE, members)
        for name in names:
            await firm.clients[name].connect()
        return firm

    async def close(self) -> None:
        for client in self.clients.values():
            await client.close()
        self.server.stop()

    def texts(self, name: str) -> list[tuple[int, str]]:
        """(seq, text) of every text in the group as this person's device has it."""
        messages = self.clients[name].core.logs.messages(self.group, 0)
        return [(m.seq, m.content.text) for m in messages if isinstance(m.content, Text)]


async def persist(client: Client, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Do `work`; where the connection breaks, connect again (which sends what waits) until it holds."""
    while True:
        try:
            return await work()
        except NoConnection:
            await reconnect(client)


async def reconnect(client: Client) -> None:
    while True:
        with contextlib.suppress(NoConnection):
            await client.connect()
            return
        await asyncio.sleep(0.05)
