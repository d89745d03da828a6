"""A Hypothesis state machine: people, devices, removals, concurrent rekeys, lost boxes.

After every step, with every key that each device (a revoked one too) could ever have learned: everyone entitled reads
everything, nobody else anything.
"""

import random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from werkfunk.domain.roles import Role
from werkfunk.protocol import author, author_user, messages, seeds
from werkfunk.protocol import conversation as conv
from werkfunk.protocol.author import Author, Desk
from werkfunk.protocol.author_user import NewDevice
from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.content import Text
from werkfunk.protocol.conversation import ConversationState, MemberRole
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import Event, EventKind, Header, parse_event
from werkfunk.protocol.generation import Parts, Sealed, open_box, open_repair, seal_repair
from werkfunk.protocol.grants import open_grant
from werkfunk.protocol.identity import Profile, RecipientKeys, device_id
from werkfunk.protocol.organisation import OrganisationState
from werkfunk.protocol.signing import SigningKey
from werkfunk.protocol.statements import LogSeen, SignerRef
from werkfunk.protocol.user import UserState

SEEN = LogSeen(0, bytes(32))
CONVERSATION = b"c" * 16


class Device:
    """A device's keys, and every user box seed that it ever learned."""

    def __init__(self, rng: random.Random) -> None:
        self.key = SigningKey(rng.randbytes(32))
        self.box = BoxKey(rng.randbytes(32))
        self.id = device_id(self.key.public)
        self.seeds: dict[int, bytes] = {}


class Person:
    """A person: the chain's state, devices (revoked ones are kept), and the parts each device opened."""

    def __init__(self, state: UserState, device: Device) -> None:
        self.state = state
        self.devices = {device.id: device}

    def active(self) -> Device:
        return self.devices[next(iter(self.state.active()))]

    def learn(self, boxes: list[Sealed]) -> None:
        """Every active device opens the newest seed."""
        for box in boxes:
            device = self.devices.get(box.recipient)
            if device is not None:
                seed = seeds.open_seed(device.box, self.state, device.id, box.box)
                device.seeds |= seeds.all_seeds(self.state, seed)


class Conversations(RuleBasedStateMachine):
    """See the module."""

    @initialize(seed=st.integers(0, 2**32))
    def found(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.time = 1_000
        self.people: list[Person] = []
        founder = self._person(b"")
        made = author.found_organisation(
            self._author(founder), Profile("Firma").seal(self.rng.randbytes(16)), 1, self.rng.randbytes
        )
        self.organisation: OrganisationState = made.state
        for _ in range(2):
            self.enrol()
        members = {p.state.id: MemberRole.LEAD for p in self.people[:2]}
        created = self._desk(founder).create(CONVERSATION, conv.Kind.GROUP, members)
        self.state: ConversationState = created.state
        self.boxes: list[tuple[int, Sealed]] = [(1, box) for box in created.boxes]
        self.grants: list[tuple[conv.Granted, bytes]] = []
        self.repairs: list[tuple[int, bytes, int, bytes]] = []
        self.lost: set[tuple[int, bytes]] = set()
        self.parts: dict[int, Parts] = {1: created.parts} if created.parts else {}
        self.sent: list[tuple[Event, str]] = []
        self.entitled: dict[int, set[bytes]] = {1: set(members)}

    # -- what people do

    def _person(self, organisation: bytes) -> Person:
        device = Device(self.rng)
        seed = self.rng.randbytes(32)
        made = author_user.genesis(
            organisation,
            NewDevice(device.key, device.box, "Handy"),
            RecipientKeys(self.rng.randbytes(16)),
            Profile("N").seal(self.rng.randbytes(16)),
            seed,
            1,
            self.rng.randbytes,
        )
        person = Person(made.state, device)
        person.learn(made.boxes)
        self.people.append(person)
        return person

    def _author(self, person: Person) -> Author:
        device = person.active()
        return Author(person.state, device.id, device.key)

    def _users(self) -> dict[bytes, UserState]:
        return {person.state.id: person.state for person in self.people}

    def _desk(self, person: Person) -> Desk:
        self.time += 1
        return Desk(self._author(person), self.organisation, self._users(), self.time, self.rng.randbytes)

    def _find(self, user: bytes) -> Person:
        return next(person for person in self.people if person.state.id == user)

    def _members(self) -> list[Person]:
        present = self.organisation.people()
        return [self._find(user) for user in self.state.members if user not in self.state.left and user in present]

    def _pick(self, people: list[Person], index: int) -> Person:
        return people[index % len(people)]

    @precondition(lambda self: len(self.people) < 6)
    @rule()
    def enrol(self) -> None:
        me = self._author(self.people[0])
        seed = self.rng.randbytes(32)
        made, invite = author.invite(self.organisation, me, seed, Role.MEMBER, 1, 10**12, self.time)
        newcomer = self._person(made.state.id)
        self.organisation = author.enrol(made.state, self._author(newcomer), invite, seed, self.time).state

    def _accept(self, made: author.MadeConversation) -> None:
        """The server applies and stores; members' boxes lie there for whoever asks."""
        self.state = conv.apply(self.state, parse_event(made.event).body, self.organisation, self._users())
        if made.parts is not None:
            number = self.state.generation
            self.parts[number] = made.parts
            self.entitled[number] = set(self.state.members)
            self.boxes += [(number, box) for box in made.boxes]

    @rule(index=st.integers(0, 9), granted=st.booleans())
    def add(self, index: int, granted: bool) -> None:
        present = self.organisation.people()
        outside = [p for p in self.people if p.state.id in present and not self.state.is_member(p.state.id)]
        if not outside:
            return
        joiner = self._pick(outside, index)
        adder = self.people[0]
        if adder not in self._members():
            return
        self._accept(self._desk(adder).change_members(self.state, SEEN, {joiner.state.id: MemberRole.MEMBER}))
        if granted:
            earlier = {n: p for n, p in self.parts.items() if n < self.state.generation}
            try:
                made = self._desk(adder).grant(self.state, SEEN, joiner.state.id, earlier)
            except ProtocolError as error:
                # The adder may have been away in between, and then does not hold everything.
                if error.code not in ("not_permitted", "grant_form"):
                    raise
                return
            self._accept(made)
            self.grants.append((self.state.grants[-1], made.boxes[0].box))
            for number in earlier:
                self.entitled[number].add(joiner.state.id)

    @rule(index=st.integers(0, 9))
    def remove(self, index: int) -> None:
        members = self._members()
        gone = self._pick(members, index)
        if gone is self.people[0] or self.people[0] not in members:
            return
        self._accept(self._desk(self.people[0]).change_members(self.state, SEEN, {}, [gone.state.id]))

    @rule(index=st.integers(0, 9))
    def leave(self, index: int) -> None:
        member = self._pick(self._members(), index)
        if member is not self.people[0]:
            self._accept(self._desk(member).leave(self.state, SEEN))

    @rule(index=st.integers(0, 9))
    def add_device(self, index: int) -> None:
        person = self._pick(self.people, index)
        if len(person.state.active()) >= 3:
            return
        device, old = Device(self.rng), person.active()
        made = author_user.add_device(
            person.state,
            SignerRef(person.state.id, old.id),
            old.key,
            NewDevice(device.key, device.box, "PC"),
            old.seeds[person.state.box.number],
            self.time,
            self.rng.randbytes,
        )
        person.state = made.state
        person.devices[device.id] = device
        person.learn(made.boxes)

    @rule(index=st.integers(0, 9))
    def revoke_device(self, index: int) -> None:
        person = self._pick(self.people, index)
        active = list(person.state.active())
        if len(active) < 2:
            return
        keeper = person.devices[active[0]]
        made = author_user.revoke_device(
            person.state,
            SignerRef(person.state.id, keeper.id),
            keeper.key,
            active[1],
            (keeper.seeds[person.state.box.number], self.rng.randbytes(32)),
            self.time,
            self.rng.randbytes,
        )
        person.state = made.state
        person.learn(made.boxes)

    @rule(one=st.integers(0, 9), two=st.integers(0, 9))
    def rekey_at_once(self, one: int, two: int) -> None:
        """Two members make the next generation from the same state: the second is refused and discards its parts."""
        members = self._members()
        first = self._desk(self._pick(members, one)).rekey(self.state, SEEN)
        second = self._desk(self._pick(members, two)).rekey(self.state, SEEN)
        self._accept(first)
        try:
            self._accept(second)
        except ProtocolError as error:
            if error.code != "number_not_next":
                raise
        else:
            raise AssertionError("two generations of one number")

    @rule(index=st.integers(0, 9))
    def lose_a_box(self, index: int) -> None:
        """A member's box of the newest generation is lost on the server."""
        if self._members():
            self.lost.add((self.state.generation, self._pick(self._members(), index).state.id))

    @rule()
    def repair(self) -> None:
        """A member that holds the parts answers, for whoever is entitled. [M27]"""
        for number, user in sorted(self.lost):
            if not self.state.entitled(user, number):
                continue
            record = self.state.generations[number].record
            generation, box = seal_repair(CONVERSATION, record, self.parts[number], self._find(user).state)
            self.repairs.append((number, user, generation, box))
            self.lost.discard((number, user))

    @rule(index=st.integers(0, 9))
    def send(self, index: int) -> None:
        sender = self._pick(self._members(), index)
        if conv.rekey_due(self.state, self.organisation, self._users(), 1, self.time) is not None:
            self._accept(self._desk(sender).rekey(self.state, SEEN))
        device = sender.active()
        number = self.state.generation
        header = Header(CONVERSATION, number, device.id, self.rng.randbytes(16), EventKind.MESSAGE)
        text = f"Nr. {len(self.sent)}"
        data = messages.seal_message(
            self.parts[number].secret(CONVERSATION, number),
            header,
            device.key,
            self.state.newest.statement,
            sender.state.head,
            SEEN,
            self.time,
            Text(text),
            self.rng.randbytes(12),
        )
        self.sent.append((parse_event(data), text))

    # -- what must hold

    def _reachable(self, person: Person, device: Device) -> dict[int, Parts]:
        """Every generation's parts that a device can open from everything that lies on the server."""
        found: dict[int, Parts] = {}
        keys = {number: BoxKey(seed) for number, seed in device.seeds.items()}
        records = {number: made.record for number, made in self.state.generations.items()}
        for number, box in self.boxes:
            recipient = self.state.generations[number].recipient(box.recipient)
            if recipient is None or (number, box.recipient) in self.lost:
                continue
            for key in keys.values():
                try:
                    found[number] = open_box(key, CONVERSATION, records[number], recipient, box.box)
                except ProtocolError:
                    continue
        for grant, box in self.grants:
            for key in keys.values():
                try:
                    span = (grant.first, grant.last)
                    found |= open_grant(
                        key, CONVERSATION, records, span, grant.user, grant.box_generation, box, grant.box
                    )
                except ProtocolError:
                    continue
        for number, user, generation, box in self.repairs:
            for key in keys.values():
                try:
                    found[number] = open_repair(key, CONVERSATION, records[number], user, generation, box)
                except ProtocolError:
                    continue
        return found

    @invariant()
    def entitled_read_everything_nobody_else_anything(self) -> None:
        users = self._users()
        for person in self.people:
            for device in person.devices.values():
                active = device.id in person.state.active()
                reachable = self._reachable(person, device)
                may = {number for number, who in self.entitled.items() if person.state.id in who}
                assert set(reachable) <= may, "somebody else's generation opened"
                if not active:
                    continue
                lacking = {number for number, user in self.lost if user == person.state.id}
                assert may - lacking <= set(reachable), "an entitled member cannot read"
                for event, text in self.sent:
                    parts = reachable.get(event.header.generation)
                    if parts is not None:
                        secret = parts.secret(CONVERSATION, event.header.generation)
                        opened = messages.open_message(secret, event, self.state, users)
                        assert opened.content == Text(text)

    @invariant()
    def a_revoked_device_opens_nothing_made_after_the_next_rekey(self) -> None:
        for person in self.people:
            for device in person.devices.values():
                state = person.state.devices[device.id]
                if state.revoked is None:
                    continue
                for number in self._reachable(person, device):
                    recipient = self.state.generations[number].recipient(person.state.id)
                    assert recipient is None or recipient.head.number < state.revoked


Conversations.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestConversations = Conversations.TestCase
