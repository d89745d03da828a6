"""Random scenarios with the app's engine and the client library in one organisation: each opens what the other made.

A scenario is a seed; it fails the same way again. Every act is also done to a plain model of the conversation, and in
the end every member's every device shows exactly the model.
"""

import asyncio
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from e2e.process import Serving

from .conftest import MakeEngine
from .people import Browser, Library, Line, Person, Place, View

SEEDS = [int(seed) for seed in os.environ.get("CROSS_SEEDS", "1 2").split()]
STEPS = 24
WORDS = [
    "Kran",
    "Gerüst",
    "Leiter",
    "Kabel",
    "Sicherung",
    "Bohrer",
    "Estrich",
    "Fenster",
    "äöüß",
    "🏗️",
    "👷",
    "„Zitat“",
    "<b>fett</b>",
    "&",
    "'so'",
    "\\",
    "%",
]
ACTS = {
    "say": 8, "reply": 3, "edit": 3, "erase": 2, "react": 4, "file": 2, "rename": 1, "remove": 1, "add": 2, "leave": 1,
    "device": 2, "recover": 1, "storm": 2, "check": 2,
}  # fmt: skip


class Story:
    """The model, and everybody who takes part."""

    def __init__(self, seed: int, server: Serving, engine: MakeEngine) -> None:
        self.rng = random.Random(seed)
        self.server = server
        self.make_engine = engine
        self.folder: Path = server.cli.folder
        self.people: dict[str, list[Person]] = {}
        self.lines: dict[str, Line] = {}
        self.spoken: dict[Person, list[str]] = {}
        self.data: dict[str, bytes] = {}
        self.members: set[str] = set()
        self.title, self.site = "", ""
        self.place: Place = None
        self.log: list[str] = []

    async def begin(self, kinds: dict[str, str]) -> None:
        """Everybody joins; the first founds the organisation and leads the conversation."""
        link = self.server.setup
        for name, kind in kinds.items():
            joining = Browser(await self.make_engine(), name) if kind == "app" else Library(self.folder / name, name)
            person = await joining.join(link)
            self.people[person.user] = [person]
            if len(self.people) < len(kinds):
                link = await self.lead.invite()
        await self.lead.settle()
        self.title, self.site = "Baustelle Süd", self.rng.choice(["", "Lindenweg 3"])
        self.members = set(self.people)
        self.conversation = await self.lead.create(self.title, self.site, list(self.people))
        await self.settle()

    @property
    def lead(self) -> Person:
        return next(iter(self.people.values()))[0]

    async def someone(self) -> Person:
        """Any device of a member, once it has heard that it is one."""
        device = self.rng.choice(self.people[self.rng.choice(sorted(self.members))])
        await device.await_member(self.conversation)
        return device

    def text(self) -> str:
        return " ".join(self.rng.choices(WORDS, k=self.rng.randint(1, 12)))

    def line(self, **having: object) -> Line | None:
        found = [one for one in self.lines.values() if all(getattr(one, k) == v for k, v in having.items())]
        return self.rng.choice(found) if found else None

    async def settle(self) -> None:
        for devices in self.people.values():
            for device in devices:
                await device.settle()

    async def step(self) -> None:
        act = self.rng.choices(list(ACTS), list(ACTS.values()))[0]
        self.log.append(act)
        await getattr(self, f"do_{act}")()

    async def do_say(self) -> None:
        who, text = await self.someone(), self.text()
        name = await who.say(self.conversation, text)
        self.lines[name] = Line(name, who.user, text)
        await who.settle()

    async def do_reply(self) -> None:
        to = self.line()
        if to is None:
            return
        who, text = await self.someone(), self.text()
        await who.settle()
        name = await who.say(self.conversation, text, to.id)
        self.lines[name] = Line(name, who.user, text, reply=to.id)
        await who.settle()

    async def do_edit(self) -> None:
        who = await self.someone()
        line = self.line(sender=who.user, deleted=False)
        if line is None:
            return
        text = self.text()
        await who.settle()
        await who.edit(self.conversation, line.id, text)
        self.lines[line.id] = replace(line, text=text, edited=True)
        await who.settle()

    async def do_erase(self) -> None:
        who = await self.someone()
        line = self.line(sender=who.user, deleted=False)
        if line is None:
            return
        await who.settle()
        await who.erase(self.conversation, line.id)
        self.lines[line.id] = Line(line.id, line.sender, "", deleted=True)
        await who.settle()

    async def do_react(self) -> None:
        who, line = await self.someone(), self.line(deleted=False)
        if line is None:
            return
        text = self.rng.choice(["👍", "❤️", "✅", ""])
        await who.settle()
        await who.react(self.conversation, line.id, text)
        others = {(user, old) for user, old in line.reactions if user != who.user}
        self.lines[line.id] = replace(line, reactions=frozenset(others | ({(who.user, text)} if text else set())))
        await who.settle()

    async def do_file(self) -> None:
        who, text = await self.someone(), self.text()
        data = self.rng.randbytes(self.rng.choice([0, 1, 65_535, 65_536, 200_000, 1_500_000]))
        name = f"Plan {len(self.lines)}.bin"
        message = await who.send_file(self.conversation, text, name, data)
        self.data[message] = data
        self.lines[message] = Line(message, who.user, text, files=((name, len(data)),))
        await who.settle()

    async def do_rename(self) -> None:
        self.title = self.text()
        self.place = self.rng.choice([None, (51.3127, 9.4797), (-33.8601234, 151.2098765)])
        await self.lead.rename(self.conversation, self.title, self.site, self.place)
        await self.lead.settle()

    async def do_remove(self) -> None:
        others = sorted(self.members - {self.lead.user})
        if len(others) < 2:
            return
        gone = self.rng.choice(others)
        # What they have said is under way no more: it would be refused, rightly, and the model has it.
        for device in self.people[gone]:
            await device.settle()
        await self.lead.remove(self.conversation, gone)
        self.members.discard(gone)

    async def do_leave(self) -> None:
        others = sorted(self.members - {self.lead.user})
        if len(others) < 2:
            return
        gone = self.rng.choice(others)
        device = self.rng.choice(self.people[gone])
        await device.settle()
        await device.leave(self.conversation)
        self.members.discard(gone)

    async def do_add(self) -> None:
        outside = sorted(set(self.people) - self.members)
        if not outside:
            return
        new = self.rng.choice(outside)
        await self.lead.settle()
        await self.lead.add(self.conversation, new)
        self.members.add(new)
        await self.lead.settle()

    async def do_storm(self) -> None:
        """Everybody talks at once, while the lead takes somebody in or out: generations change under the talkers."""

        async def talk(who: Person) -> None:
            for text in [self.text() for _ in range(3)]:
                name = await who.say(self.conversation, text)
                self.lines[name] = Line(name, who.user, text)
                self.spoken.setdefault(who, []).append(name)

        talkers = [self.rng.choice(self.people[user]) for user in sorted(self.members - {self.lead.user})]
        for talker in talkers:
            await talker.await_member(self.conversation)
        outside = sorted(set(self.people) - self.members)
        if outside:
            self.members.add(outside[0])
        change = self.lead.add(self.conversation, outside[0]) if outside else self.do_rename()
        await asyncio.gather(change, *map(talk, talkers))

    async def do_device(self) -> None:
        """A further device, of the other kind."""
        user = self.rng.choice(sorted(self.people))
        devices = self.people[user]
        if len(devices) > 2:
            return
        link = await self.rng.choice(devices).device_link()
        if isinstance(devices[0], Browser):
            new: Person = await Library(self.folder / f"more{len(self.log)}", "").join(link)
        else:
            new = await Browser(await self.make_engine(), "").join(link)
        assert new.user == user
        devices.append(new)

    async def do_recover(self) -> None:
        """With the printed code, on a device of the other kind."""
        user = self.rng.choice(sorted(self.people))
        devices = self.people[user]
        if len(devices) > 2:
            return
        if isinstance(devices[0], Browser):
            base = f"http://localhost:{self.server.port}"
            code = await devices[0].recovery_code()
            new: Person = await Library(self.folder / f"back{len(self.log)}", "").recover(code, base)
        else:
            assert isinstance(devices[0], Library)
            new = await Browser(await self.make_engine(), "").recover(devices[0].recovery)
        assert new.user == user
        devices.append(new)

    async def do_check(self) -> None:
        """Every device of every member shows the model, in the same order, and its files are what was sent."""
        # Everybody has sent what they said; only then has everybody all of it.
        await self.settle()
        await self.settle()
        order = [line.id for line in (await self.lead.view(self.conversation)).lines]
        assert sorted(order) == sorted(self.lines), self.log
        for said in self.spoken.values():
            assert sorted(said, key=order.index) == said, "a device's own messages keep their order"
        lines = tuple(self.lines[name] for name in order)
        wanted = View(self.title, self.site, self.place, frozenset(self.members), lines)
        for user in sorted(self.members):
            for device in self.people[user]:
                await device.await_view(self.conversation, wanted)
        for message, data in self.data.items():
            if not self.lines[message].deleted:
                assert await (await self.someone()).fetch(self.conversation, message) == data


@pytest.mark.parametrize("lead", ["app", "library"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_everybody_sees_the_same(seed: int, lead: str, server: Serving, engine: MakeEngine) -> None:
    story = Story(seed, server, engine)
    other = "library" if lead == "app" else "app"
    try:
        await story.begin({"Anna": lead, "Bernd": other, "Clara": lead, "Dora": other})
        for _ in range(STEPS):
            await story.step()
        await story.do_check()
    finally:
        # What was done, for whoever reads a failure.
        print(*story.log)
        for devices in story.people.values():
            for device in devices:
                await device.close()
