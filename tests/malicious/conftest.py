"""A real server in the test's loop, and people whose clients talk to it through a tampering hand."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from werkfunk.adapters.clock import Clock, system_clock
from werkfunk.adapters.config import Config
from werkfunk.app import Server
from werkfunk.domain.roles import Role
from werkfunk.protocol.links import SetupLink, to_url
from werkfunk.sdk import account
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.services.setup import prepare
from werkfunk.storage import keys
from werkfunk.storage.sqlite.store import SqliteStore


class Firm:
    """A running server with Anna (owner), Bernd and Clara, each with a connected client, in one group."""

    def __init__(self, base: str, folder: Path, server: Server) -> None:
        self.base = base
        self.server = server
        self.folder = folder
        self.clients: dict[str, Client] = {}
        self.group = b""

    async def join(self, name: str, link: str) -> Client:
        await account.join(link, self.folder / name, name, "Test")
        client = self.clients[name] = Client(self.folder / name)
        await client.connect()
        return client

    async def invite(self, name: str) -> Client:
        link = await self.clients["Anna"].office.invite(Role.MEMBER, 1, now() + 3_600_000)
        return await self.join(name, link)

    async def people(self) -> tuple[Client, Client]:
        """Anna and Bernd, both caught up."""
        anna, bernd = self.clients["Anna"], self.clients["Bernd"]
        for client in (anna, bernd):
            await client.core.chains.refresh()
            await client.core.catch_up(self.group)
        return anna, bernd


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


PLENTY: dict[str, Any] = {"requests_burst": 10_000, "events_burst": 10_000}


@contextlib.asynccontextmanager
async def founded(
    tmp_path: Path, clock: Clock = system_clock, make: Callable[..., Server] = Server, **settings: Any
) -> AsyncIterator[Firm]:
    """A firm on a server with this clock and these settings."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    key = keys.create(data / "server.key")
    store = SqliteStore(data, key)
    secret = await prepare(store, "Elektro Huber", "Anna")
    await store.close()
    config = Config(listen=f"127.0.0.1:{free_port()}", **{**PLENTY, **settings})
    server = make(data, config, key, clock)
    ready = asyncio.Event()
    running = asyncio.create_task(server.serve(lambda port: ready.set()))
    await ready.wait()
    firm = Firm(config.origins()[0], tmp_path, server)
    anna = await firm.join("Anna", to_url(firm.base, SetupLink(secret)))
    bernd = await firm.invite("Bernd")
    clara = await firm.invite("Clara")
    firm.group = await anna.create("Baustelle", [bernd.core.keys.user, clara.core.keys.user])
    for client in (bernd, clara):
        await client.connect()
    yield firm
    for client in firm.clients.values():
        await client.close()
    server.stop()
    await running


@pytest.fixture
async def firm(tmp_path: Path) -> AsyncIterator[Firm]:
    async with founded(tmp_path) as firm:
        yield firm
