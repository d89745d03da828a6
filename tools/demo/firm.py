"""The business: its people, each a client of the real library, on a server in this process whose time the story sets."""

import asyncio
import contextlib
import tomllib
from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from werkfunk.adapters.config import Config
from werkfunk.app import Server
from werkfunk.domain.roles import Role
from werkfunk.protocol.links import SetupLink, to_url
from werkfunk.sdk import account
from werkfunk.sdk.client import Client
from werkfunk.services.setup import prepare
from werkfunk.storage import keys
from werkfunk.storage.keys import Keys
from werkfunk.storage.sqlite.store import SqliteStore

STORY = files("tools.demo") / "story"
DAY_MS = 86_400_000


class Moment:
    """The clock of server and clients: it stands until the story moves it on."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> int:
        """Milliseconds since 1970 UTC."""
        return self.at


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of story/firma.toml; `link`: whom the start prints a link for."""

    key: str
    name: str
    role: Role
    job: str
    link: bool


def firm_of() -> dict[str, Any]:
    """story/firma.toml."""
    return tomllib.loads((STORY / "firma.toml").read_text())


def people_of(firm: dict[str, Any]) -> list[Person]:
    """The people, the owner first."""
    return [
        Person(one["key"], one["name"], Role[one["role"].upper()], one["job"], one.get("in", False))
        for one in firm["person"]
    ]


@contextlib.asynccontextmanager
async def serving(data: Path, key: Keys, config: Config, clock: account.Clock) -> AsyncIterator[str]:
    """The server, in this loop; gives its URL."""
    ready: asyncio.Queue[int] = asyncio.Queue()
    server = Server(data, config, key, clock)
    running = asyncio.create_task(server.serve(ready.put_nowait))
    started = asyncio.create_task(ready.get())
    await asyncio.wait((running, started), return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        started.cancel()
        await running
    try:
        yield config.origins(started.result())[0]
    finally:
        server.stop()
        await running


@contextlib.asynccontextmanager
async def founded(folder: Path, clock: Moment, wanted: AbstractSet[str]) -> AsyncIterator[dict[str, Client]]:
    """A new business in `folder`: all `wanted` have joined and are connected. Server in `server/`, profiles in `people/`."""
    data, firm = folder / "server", firm_of()
    data.mkdir(mode=0o700, parents=True)
    key = keys.create(data / "server.key")
    store = SqliteStore(data, key)
    secret = await prepare(store, firm["name"], "")
    await store.close()
    calm = Config(listen="127.0.0.1:0", push=False, requests_burst=100_000, events_burst=100_000)
    async with serving(data, key, calm, clock) as base, contextlib.AsyncExitStack() as open_clients:
        clients: dict[str, Client] = {}
        people = [person for person in people_of(firm) if person.key in wanted]
        link = to_url(base, SetupLink(secret))
        for person in people:
            if clients:
                link = await clients[people[0].key].office.invite(person.role, 1, clock() + DAY_MS)
            await account.join(link, folder / "people" / person.key, person.name, "Vorführung", clock)
            client = Client(folder / "people" / person.key, clock)
            clients[person.key] = await open_clients.enter_async_context(client)
            await client.connect()
        for client in clients.values():
            await client.core.chains.refresh()
        yield clients
