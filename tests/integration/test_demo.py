"""The demonstration: a part of its story is played for real, served, and somebody signs in by a printed link."""

import asyncio
import re
import signal
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest

from tools.demo.drawings import PHOTOS
from tools.demo.fill import fill, story
from tools.demo.firm import firm_of, people_of
from tools.demo.script import ZONE, Calendar, Chat, in_order, read
from werkfunk.protocol.content import Details, Photo, Text
from werkfunk.sdk import account
from werkfunk.sdk.client import Client
from werkfunk.sdk.places import point

ROOT = Path(__file__).parents[2]


CREW = ("sabine", "murat", "jana", "ali", "piotr", "lukas")


def part() -> list[Chat]:
    """Three conversations of a few people: the last two days, and the drill."""
    chats = [chat for chat in story() if chat.key in ("alle", "lindenweg", "murat-jana")]
    for chat in chats:
        chat.who = [name for name in chat.who if name in CREW]
        chat.lines = [line for line in chat.lines if line.who in CREW and (line.day >= -1 or line.sign == "!")]
    return chats


class Shown:
    """`python -m tools.demo` at work. As a context it ends what a failed test leaves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def start(self) -> dict[str, str]:
        """Until it has printed its links; gives them by name."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tools.demo", "--folder", str(self.folder), "--listen", "127.0.0.1:0",
            cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        found: dict[str, str] = {}
        name = ""
        assert self.process.stdout is not None
        while len(found) < 3:
            line = (await self.process.stdout.readline()).decode()
            assert line, "it ended before it had printed its links"
            if person := re.fullmatch(r"  (.+) \(.+\)\n", line):
                name = person[1]
            elif "/#d=" in line:
                found[name] = line.strip()
        return found

    async def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return await self.process.wait()


async def test_somebody_signs_in_by_a_printed_link(tmp_path: Path) -> None:
    folder = tmp_path / "shown"
    await fill(folder, datetime.now(UTC), part())
    async with Shown(folder) as shown:
        links = await shown.start()
        assert list(links) == ["Sabine Wendel", "Murat Yıldız", "Jana Hoffmann"]
        await account.join(links["Jana Hoffmann"], tmp_path / "jana", "", "Tablet")
        async with Client(tmp_path / "jana") as jana:
            messages = await jana.connect()
            assert {jana.core.logs.title(m.conversation) for m in messages} == {
                "Lindenweg 4",
                "Alle bei Wendel",
                "Murat Yıldız",
            }
            assert len(jana.core.chains.people()) == len(CREW)
            now = account.now()
            assert all(m.at < now for m in messages), "nothing was said in the future"
            days = {datetime.fromtimestamp(m.at / 1000, ZONE).date() for m in messages}
            assert len(days) >= 3
            assert any(isinstance(m.content, Photo) and m.content.files[0].thumbnail for m in messages)
            site = jana.find_conversation("Lindenweg 4")
            assert jana.core.logs.details(site) == Details(
                "Lindenweg 4", "Lindenweg 4, 34125 Kassel", point(51.3163, 9.4931)
            )
            assert {jana.core.chains.name(spot.user) for spot in await jana.places.team(site)} == {
                "Ali Demir",
                "Piotr Nowak",
                "Murat Yıldız",
            }
            (drill,) = await jana.alarms.recent()
            assert (drill.drill, drill.called) == (True, len(CREW) - 1)
        assert await shown.stop() == 0
        again = await shown.start()
        assert again["Jana Hoffmann"] != links["Jana Hoffmann"]
        async with Client(tmp_path / "jana") as jana:
            jana.core.transport.base = again["Jana Hoffmann"].partition("/#")[0]
            assert [m for m in await jana.connect() if isinstance(m.content, Text)] == [], "nothing is played twice"
        assert await shown.stop() == 0


def test_the_story_is_whole() -> None:
    chats, people = story(), people_of(firm_of())
    assert Counter(chat.kind for chat in chats) == {"site": 4, "group": 3, "direct": 3}
    assert len(people) == 12
    assert {person.role.name for person in people} == {"OWNER", "ADMIN", "SITE_LEAD", "MEMBER", "GUEST"}
    assert len(in_order(chats)) > 150
    for chat in chats:
        members = set(chat.who)
        assert members <= {person.key for person in people}, chat.key
        for line in chat.lines:
            assert line.who in members, line
            if line.sign == "[":
                name = line.text.partition("]")[0]
                assert name.endswith(".pdf") or name in PHOTOS, line
    assert {line.day for chat in chats for line in chat.lines} >= {-14, -7, 0}


def test_a_line_that_is_not_understood_is_said() -> None:
    with pytest.raises(ValueError, match="7 Uhr murat Moin"):
        read("x", "7 Uhr murat Moin")


def test_nothing_lies_in_the_future_on_any_day_at_any_hour() -> None:
    last = max(line.minutes for line in in_order(story()) if line.day == 0)
    for hours in range(24 * 8):
        now = datetime(2026, 10, 22, tzinfo=ZONE) + timedelta(hours=hours)
        calendar = Calendar(now, last)
        moments = [datetime.fromtimestamp(calendar.at(day, last) / 1000, ZONE) for day in (-14, -1, 0)]
        assert moments == sorted(moments)
        assert moments[-1] < now
        assert now - moments[-1] < timedelta(days=4)
        assert all(moment.weekday() < 5 and moment.hour * 60 + moment.minute == last for moment in moments)
