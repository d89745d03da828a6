"""A small world for the protocol's tests: Anna, Jörg and Charlie, made through the real path, the same each time."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from werkfunk.domain.roles import Role
from werkfunk.protocol import author, author_user, conversation, messages, slots
from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.content import Content
from werkfunk.protocol.events import Event, EventKind, Header, parse_event
from werkfunk.protocol.generation import Parts
from werkfunk.protocol.identity import Profile, RecipientKeys
from werkfunk.protocol.organisation import OrganisationState
from werkfunk.protocol.signing import SigningKey
from werkfunk.protocol.statements import LogSeen, SignerRef
from werkfunk.protocol.user import UserState

LOG = LogSeen(1, bytes(32))


class Dice:
    """Randomness that is the same in each run."""

    def __init__(self, name: str = "dice") -> None:
        self.name = name
        self.thrown = 0

    def __call__(self, size: int) -> bytes:
        self.thrown += 1
        return hashlib.shake_256(f"{self.name} {self.thrown}".encode()).digest(size)


def flips(data: bytes) -> Any:
    """`data` with each bit changed in turn."""
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


@dataclass
class Person:
    """A person with one device."""

    state: UserState
    key: SigningKey
    box: BoxKey
    seed: bytes

    @property
    def author(self) -> author.Author:
        return author.Author(self.state, next(iter(self.state.active())), self.key)


def make_person(name: str, organisation: bytes = b"") -> Person:
    dice = Dice(name)
    key, box = SigningKey(dice(32)), BoxKey(dice(32))
    seed = dice(32)
    recovery = RecipientKeys(dice(16))
    profile = Profile(name).seal(dice(16))
    made = author_user.genesis(organisation, author_user.NewDevice(key, box, "Handy"), recovery, profile, seed, 1, dice)
    return Person(made.state, key, box, seed)


@dataclass
class World:
    """Anna (owner) and Jörg (member) share a conversation; Charlie is in the organisation, not in the conversation."""

    anna: Person
    joerg: Person
    charlie: Person
    organisation: OrganisationState
    state: conversation.ConversationState
    parts: dict[int, Parts]
    boxes: list[Any]
    dice: Dice = field(default_factory=Dice)

    @property
    def users(self) -> dict[bytes, UserState]:
        return {p.state.id: p.state for p in (self.anna, self.joerg, self.charlie)}

    def secret(self, generation: int | None = None) -> bytes:
        number = generation or self.state.generation
        return self.parts[number].secret(self.state.id, number)

    def desk(self, person: Person | None = None) -> author.Desk:
        return author.Desk((person or self.anna).author, self.organisation, self.users, 10, self.dice)

    def rekey(self) -> None:
        made = self.desk().rekey(self.state, LOG)
        self.state, self.boxes = made.state, made.boxes
        assert made.parts
        self.parts[made.state.generation] = made.parts

    def header(self, person: Person, **changed: Any) -> Header:
        who = person.author
        header = Header(self.state.id, self.state.generation, who.device, self.dice(16), EventKind.MESSAGE)
        return replace(header, **changed)

    def message(self, person: Person, content: Content, header: Header | None = None, **changed: Any) -> Event:
        header = header or self.header(person)
        arguments = {
            "secret": self.secret(header.generation),
            "header": header,
            "key": person.key,
            "generation_hash": self.state.generations[header.generation].statement,
            "user_head": person.state.head,
            "log": LOG,
            "time": 1_795_430_400_000,
            "content": content,
            "iv": self.dice(12),
        }
        return parse_event(messages.seal_message(**{**arguments, **changed}))

    def open(self, event: Event, secret: bytes | None = None) -> messages.Opened:
        return messages.open_message(secret or self.secret(event.header.generation), event, self.state, self.users)

    def slot(self, person: Person, counter: int, value: dict[int, Any], slot_type: int = 1, **changed: Any) -> Event:
        secret = changed.pop("secret", self.secret())
        tag = slots.slot_tag(secret, self.state.id, self.state.generation, person.state.id, slot_type)
        header = self.header(person, kind=EventKind.SLOT, slot_tag=changed.pop("tag", tag))
        arguments = {
            "secret": secret,
            "header": header,
            "key": person.key,
            "generation_hash": self.state.newest.statement,
            "user_head": person.state.head,
            "counter": counter,
            "slot_type": slot_type,
            "value": value,
            "iv": self.dice(12),
        }
        return parse_event(slots.seal_slot(**{**arguments, **changed}))


def make_world() -> World:
    dice = Dice("world")
    anna = make_person("Anna")
    founded = author.found_organisation(anna.author, Profile("Elektro").seal(dice(16)), 1, dice)
    organisation = founded.state
    people = []
    for name in ("Jörg", "Charlie"):
        person = make_person(name, organisation.id)
        seed = dice(32)
        invited, invite = author.invite(organisation, anna.author, seed, Role.MEMBER, 1, 10_000, 2)
        organisation = author.enrol(invited.state, person.author, invite, seed, 3).state
        people.append(person)
    joerg, charlie = people
    world = World(anna, joerg, charlie, organisation, None, {}, [])  # type: ignore[arg-type]
    members = {anna.state.id: conversation.MemberRole.LEAD, joerg.state.id: conversation.MemberRole.MEMBER}
    made = world.desk().create(dice(16), conversation.Kind.GROUP, members)
    assert made.parts
    world.state, world.boxes, world.parts = made.state, made.boxes, {1: made.parts}
    return world


def revoke_first_device(person: Person) -> tuple[Person, SigningKey]:
    """`person` with a second device, after the first was revoked; and the revoked device's key."""
    dice = Dice("revoke")
    key, box = SigningKey(dice(32)), BoxKey(dice(32))
    first = person.author.device
    ref = SignerRef(person.state.id, first)
    device = author_user.NewDevice(key, box, "Neu")
    added = author_user.add_device(person.state, ref, person.key, device, person.seed, 20, dice)
    second = next(d for d in added.state.active() if d != first)
    ref = SignerRef(person.state.id, second)
    new_seed = dice(32)
    revoked = author_user.revoke_device(added.state, ref, key, first, (person.seed, new_seed), 21, dice)
    return Person(revoked.state, key, box, new_seed), person.key
