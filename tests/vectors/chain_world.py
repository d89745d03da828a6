"""A firm and a conversation for the vectors of chains, and forgers of statements that no builder would make."""

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from p1_operations import Bytes

from werkfunk.domain.roles import Role
from werkfunk.protocol import author, author_user
from werkfunk.protocol import conversation as conv
from werkfunk.protocol import organisation as org
from werkfunk.protocol.author import Author, Desk
from werkfunk.protocol.author_user import NewDevice
from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.cbor import encode
from werkfunk.protocol.content import Content, Text
from werkfunk.protocol.conversation import ConversationState, MemberRole
from werkfunk.protocol.events import EventKind, Header, message_id, parse_event
from werkfunk.protocol.generation import Parts, make
from werkfunk.protocol.identity import Profile, RecipientKeys, device_id
from werkfunk.protocol.messages import seal_message
from werkfunk.protocol.signing import SigningKey
from werkfunk.protocol.slots import SlotType, seal_slot, slot_tag
from werkfunk.protocol.statements import Anchors, ChainKind, Head, LogSeen, SignerRef, Statement, sign

LOG = LogSeen(1, bytes(32))
ROOM = b"c" * 16
DAY = 86_400_000


class Dice:
    def __init__(self, name: str) -> None:
        self.name, self.count = name, 0

    def __call__(self, size: int) -> bytes:
        self.count += 1
        return hashlib.shake_256(f"{self.name} {self.count}".encode()).digest(size)


class Person:
    """A person with one device; `chain` is every statement."""

    def __init__(self, name: str, organisation: bytes = b"") -> None:
        self.dice = Dice(name)
        self.key, self.box = SigningKey(self.dice(32)), BoxKey(self.dice(32))
        self.seed, self.recovery = self.dice(32), RecipientKeys(self.dice(16))
        made = author_user.genesis(
            organisation,
            NewDevice(self.key, self.box, name),
            self.recovery,
            Profile(name).seal(self.dice(16)),
            self.seed,
            1,
            self.dice,
        )
        self.state, self.chain = made.state, [made.data]
        self.device = device_id(self.key.public)
        self.boxes = {sealed.recipient: sealed.box for sealed in made.boxes}

    @property
    def ref(self) -> SignerRef:
        return SignerRef(self.state.id, self.device)

    @property
    def author(self) -> Author:
        return Author(self.state, self.device, self.key)

    def take(self, made: author_user.Made) -> None:
        self.state = made.state
        self.chain.append(made.data)
        self.boxes |= {sealed.recipient: sealed.box for sealed in made.boxes}

    def new_device(self, name: str) -> NewDevice:
        dice = Dice(name)
        return NewDevice(SigningKey(dice(32)), BoxKey(dice(32)), name)

    def add(self, name: str) -> NewDevice:
        device = self.new_device(name)
        self.take(author_user.add_device(self.state, self.ref, self.key, device, self.seed, 2, self.dice))
        return device

    def revoke(self, device: bytes, signer: SignerRef | None = None, key: Any = None) -> None:
        after = self.dice(32)
        made = author_user.revoke_device(
            self.state, signer or self.ref, key or self.key, device, (self.seed, after), 3, self.dice
        )
        self.seed = after
        self.take(made)

    def forge(self, kind: int, body: Any, signer: SignerRef | None = None, key: Any = None, **changes: Any) -> bytes:
        """A statement that no builder would make."""
        s = Statement(
            1, ChainKind.USER, self.state.id, self.state.length, self.state.hashes[-1], 5,
            signer or self.ref, Anchors(), kind, body if isinstance(body, dict) else body.to_map(),
        )  # fmt: skip
        return sign(replace(s, **changes), key or self.key)


@dataclass
class Firm:
    """Anna owns it, Bernd is a member, Clara an admin, Georg a guest; Dora was never enrolled."""

    def __init__(self) -> None:
        self.dice = Dice("firm")
        self.anna = Person("Anna")
        made = author.found_organisation(self.anna.author, Profile("Firma").seal(self.dice(16)), 1, self.dice)
        self.state, self.chain = made.state, [made.data]
        self.people = [self.anna]
        self.bernd, self.clara, self.georg = (
            self.join(n, r) for n, r in (("Bernd", Role.MEMBER), ("Clara", Role.ADMIN), ("Georg", Role.GUEST))
        )
        self.dora = Person("Dora", self.state.id)

    def take(self, made: author.MadeOrganisation) -> None:
        self.state = made.state
        self.chain.append(made.data)

    def invite(self, role: Role = Role.MEMBER, uses: int = 1, expires: int = 10**12) -> tuple[bytes, bytes]:
        seed = self.dice(32)
        made, invite = author.invite(self.state, self.anna.author, seed, role, uses, expires, 2)
        self.take(made)
        return invite, seed

    def join(self, name: str, role: Role) -> Person:
        invite, seed = self.invite(role)
        person = Person(name, self.state.id)
        self.take(author.enrol(self.state, person.author, invite, seed, 3))
        self.people.append(person)
        return person

    def do(self, who: Person, body: Any) -> None:
        self.take(author.extend_organisation(self.state, who.author, 4, body))

    def forge(self, who: Person, kind: int, body: Any, anchor: Head | None = None, **changes: Any) -> bytes:
        s = Statement(
            1, ChainKind.ORGANISATION, self.state.id, self.state.length, self.state.hashes[-1], 5, who.ref,
            Anchors(user=anchor or who.state.head), kind, body if isinstance(body, dict) else body.to_map(),
        )  # fmt: skip
        return sign(replace(s, **changes), who.key)

    def enrolment(self, person: Person, invite: bytes, seed: bytes, **wrong: bytes) -> org.Enrolled:
        message = org.enrolment_input(
            self.state.id, invite, wrong.get("previous", self.state.hashes[-1]), wrong.get("user", person.state.id)
        )
        return org.Enrolled(invite, person.state.id, SigningKey(seed).sign(message))

    def users(self) -> bytes:
        return encode([person.chain for person in [*self.people, self.dora]])

    def inputs(self, last: bytes | None = None) -> Bytes:
        return {"users": self.users(), "statements": encode([*self.chain, *([last] if last else [])])}


class Room:
    """A group of the firm: Anna leads, Bernd is in it."""

    def __init__(self, firm: Firm, **settings: bool) -> None:
        self.firm, self.time = firm, 10
        self.log: list[bytes] = []
        self.events: list[bytes] = []
        self.parts: dict[int, Parts] = {}
        members = {firm.anna.state.id: MemberRole.LEAD, firm.bernd.state.id: MemberRole.MEMBER}
        self.state: ConversationState
        self.take(self.desk(firm.anna).create(ROOM, conv.Kind.GROUP, members, **settings))

    def desk(self, who: Person) -> Desk:
        users = {person.state.id: person.state for person in self.firm.people}
        return Desk(who.author, self.firm.state, users, self.time, self.firm.dice)

    def take(self, made: author.MadeConversation) -> None:
        self.state = made.state
        self.log.append(parse_event(made.event).body)
        self.events.append(made.event)
        if made.parts:
            self.parts[made.state.generation] = made.parts

    def add(self, *people: Person) -> None:
        roles = {person.state.id: MemberRole.MEMBER for person in people}
        self.take(self.desk(self.firm.anna).change_members(self.state, LOG, roles))

    def generation(self, number: int, members: list[Person], holders: list[Person] | None = None) -> Any:
        record, _ = make(
            ROOM, number, Parts.fresh(self.firm.dice), [p.state for p in members], [p.state for p in holders or []]
        )
        return record

    def forge(self, who: Person, kind: int, body: Any, anchors: Anchors | None = None, **changes: Any) -> bytes:
        s = Statement(
            1, ChainKind.CONVERSATION, ROOM, self.state.length, self.state.hashes[-1], 20, who.ref,
            anchors or Anchors(self.firm.state.head, who.state.head, LOG), kind,
            body if isinstance(body, dict) else body.to_map(),
        )  # fmt: skip
        return sign(replace(s, **changes), who.key)

    def inputs(self, last: bytes | None = None, **more: bytes) -> Bytes:
        return {
            "users": self.firm.users(),
            "organisation": encode(self.firm.chain),
            "statements": encode([*self.log, *([last] if last else [])]),
            **more,
        }

    def message(self, who: Person, number: int, **changes: Any) -> Bytes:
        made = self.state.generations[number]
        header = Header(ROOM, number, changes.get("device", who.device), b"m" * 16, EventKind.MESSAGE)
        secret = self.parts[number].secret(ROOM, number)
        event = seal_message(
            secret, header, changes.get("key", who.key), changes.get("statement", made.statement),
            changes.get("head", who.state.head), LOG, 30, Text("Servus"), b"i" * 12,
        )  # fmt: skip
        return {**self.inputs(), "secret": secret, "event": event}

    def slot(self, who: Person, number: int, counter: int, seen: int = -1, owner: Person | None = None) -> Bytes:
        """A read marker of `who`, under the tag of `owner`; `seen` is the counter that the reader knows."""
        secret = self.parts[number].secret(ROOM, number)
        tag = slot_tag(secret, ROOM, number, (owner or who).state.id, int(SlotType.READ_MARKER))
        header = Header(ROOM, number, who.device, b"s" * 16, EventKind.SLOT, tag)
        event = seal_slot(
            secret, header, who.key, self.state.generations[number].statement, who.state.head, counter,
            int(SlotType.READ_MARKER), {0: 41}, b"i" * 12,
        )  # fmt: skip
        return {**self.inputs(), "secret": secret, "event": event, "seen": encode(seen)}

    def say(
        self,
        who: Person,
        number: int,
        content: Content | str,
        chosen: bytes,
        device: NewDevice | None = None,
        **header: bytes,
    ) -> bytes:
        """A message, logged as the server logs it; gives the event. `chosen` is what its id begins with, 8 bytes."""
        key, name = (device.key, device_id(device.key.public)) if device else (who.key, who.device)
        event = seal_message(
            self.parts[number].secret(ROOM, number),
            replace(Header(ROOM, number, name, message_id(name, chosen), EventKind.MESSAGE), **header),
            key, self.state.generations[number].statement, who.state.head, LogSeen(0, bytes(32)), 30,
            Text(content) if isinstance(content, str) else content, b"i" * 12,
        )  # fmt: skip
        self.events.append(event)
        return event

    def read(self, who: Person, lacking: Collection[int] = (), late: Collection[int] = ()) -> Bytes:
        """The whole log as a reader is served it, without the secrets of the generations in `lacking`.

        Those in `late` come when all events have been taken.
        """

        def some(numbers: Iterable[int]) -> bytes:
            return encode([[number, self.parts[number].to_bytes()] for number in sorted(numbers)])

        return {
            "users": self.firm.users(),
            "organisation": encode(self.firm.chain),
            "user": who.state.id,
            "parts": some(self.parts.keys() - set(lacking) - set(late)),
            "late": some(late),
            "events": encode([[1_000 + at, event] for at, event in enumerate(self.events)]),
        }


Build = Callable[[], Bytes]
CASES: list[tuple[str, str, str | None, str, str, Build]] = []


def case(area: str, must: str, error: str | None = None) -> Callable[[Build], Build]:
    """Register a case; the function's name is the case's, its docstring the reason."""

    def register(build: Build) -> Build:
        name = build.__name__.strip("_").replace("_", "-")
        CASES.append((area, name, error, must, (build.__doc__ or "").strip().rstrip("."), build))
        return build

    return register


def statements(person: Person, last: bytes | None = None) -> Bytes:
    return {"statements": encode([*person.chain, *([last] if last else [])])}
