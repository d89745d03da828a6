"""`python -m tools.demo`: fill the demonstration's folder if there is none, serve it, and print links that sign in as its people.

make run DEMO=1                    in ./data-demo, on LISTEN
"""

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from tools.demo.fill import fill, story
from tools.demo.firm import firm_of, people_of, serving
from werkfunk.adapters.clock import system_clock
from werkfunk.adapters.config import Config
from werkfunk.adapters.logs import configure
from werkfunk.sdk.client import Client
from werkfunk.sdk.local import Local
from werkfunk.storage import keys

LIVE_MS = 8 * 3_600_000


async def make(folder: Path) -> None:
    """Fill the folder: all of it or none."""
    sys.stdout.write("Der Vorführbetrieb wird angelegt, das dauert etwa eine halbe Minute …\n")
    sys.stdout.flush()
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    await fill(part, datetime.now(UTC), story())
    part.rename(folder)


async def client_of(folder: Path, key: str, base: str) -> Client:
    """A person's client, connected to where the server is this time."""
    profile = folder / "people" / key
    local = Local(profile)
    local.put("base", base.encode())
    local.close()
    client = Client(profile)
    await client.connect()
    return client


async def links(folder: Path, base: str) -> None:
    """Print a link for each person who has one in the story; each signs one further device in, once, within 14 minutes."""
    for person in people_of(firm_of()):
        if person.link:
            async with await client_of(folder, person.key, base) as client:
                sys.stdout.write(f"\n  {person.name} ({person.job})\n  {await client.office.add_device()}\n")
    sys.stdout.flush()


async def share_places(folder: Path, base: str) -> None:
    """Some of the crew show where they are, for the hours of a demonstration."""
    for entry in firm_of()["live"]:
        async with await client_of(folder, entry["who"], base) as client:
            title = next(chat.title for chat in story() if chat.key == entry["chat"])
            latitude, longitude = entry["at"]
            ends = system_clock() + LIVE_MS
            await client.places.share(client.find_conversation(title), latitude, longitude, ends=ends, accuracy=9)


async def run(folder: Path, listen: str) -> None:
    """Serve until a signal."""
    data = folder / "server"
    stop = asyncio.Event()
    config = Config(listen=listen, push=False)
    async with serving(data, keys.load(data / "server.key"), config, system_clock) as base:
        # After the server has set its own: here the clients go first.
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await share_places(folder, base)
        sys.stdout.write(
            f"\nDie Vorführung läuft auf {base} (beenden mit Strg+C). Anmelden als, je einmal und binnen 14 Minuten:\n"
        )
        await links(folder, base)
        await stop.wait()


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo")
    parser.add_argument("--folder", type=Path, default=Path("data-demo"))
    parser.add_argument("--listen", default="127.0.0.1:8470")
    given = parser.parse_args()
    configure("error")
    with contextlib.suppress(KeyboardInterrupt):
        if not given.folder.exists():
            uvloop.run(make(given.folder))
        uvloop.run(run(given.folder, given.listen))


if __name__ == "__main__":
    main()
