"""Make the vectors of chains: `python tests/vectors/make_chains.py`.

Statements hold hashes of HPKE boxes, which are random, so a file is kept as it is while it still gives what its case
expects; delete it to have it made anew.
"""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chain_operations import OPERATIONS
from p1_operations import HERE, Bytes, read

from werkfunk.domain.roles import Role
from werkfunk.protocol import author, author_user
from werkfunk.protocol import conversation as conv
from werkfunk.protocol import organisation as org
from werkfunk.protocol import user as usr
from werkfunk.protocol.author import Author, Desk
from werkfunk.protocol.author_user import NewDevice
from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.cbor import encode
from werkfunk.protocol.content import Text
from werkfunk.protocol.conversation import ConversationState, MemberRole
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import EventKind, Header, parse_event
from werkfunk.protocol.generation import Parts, make
from werkfunk.protocol.identity import Profile, RecipientKeys, device_id, register_device
from werkfunk.protocol.messages import seal_message
from werkfunk.protocol.seeds import make_generation, seal_seed
from werkfunk.protocol.signing import SigningKey
from werkfunk.protocol.statements import Anchors, ChainKind, Empty, Head, LogSeen, SignerRef, Statement, parse, sign

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

    @property
    def ref(self) -> SignerRef:
        return SignerRef(self.state.id, self.device)

    @property
    def author(self) -> Author:
        return Author(self.state, self.device, self.key)

    def take(self, made: author_user.Made) -> None:
        self.state = made.state
        self.chain.append(made.data)

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


# -- user chain


@case("user-chain", "M7")
def genesis() -> Bytes:
    """A person's first statement."""
    return statements(Person("Anna"))


@case("user-chain", "M15")
def two_devices() -> Bytes:
    """A second device, added by the first."""
    anna = Person("Anna")
    anna.add("PC")
    return statements(anna)


@case("user-chain", "M15")
def ticket_redeemed() -> Bytes:
    """A device adds itself with a ticket."""
    anna, ticket = Person("Anna"), RecipientKeys(b"t" * 16)
    anna.take(author_user.open_ticket(anna.state, anna.ref, anna.key, ticket, anna.seed, 1000, 2))
    ref = SignerRef(anna.state.id, recipient=ticket.id)
    anna.take(author_user.add_device(anna.state, ref, ticket.key, anna.new_device("PC"), anna.seed, 3, anna.dice))
    return statements(anna)


@case("user-chain", "M18", "not_permitted")
def ticket_used_twice() -> Bytes:
    """A ticket lets one device in."""
    anna, ticket = Person("Anna"), RecipientKeys(b"t" * 16)
    anna.take(author_user.open_ticket(anna.state, anna.ref, anna.key, ticket, anna.seed, 1000, 2))
    ref = SignerRef(anna.state.id, recipient=ticket.id)
    anna.take(author_user.add_device(anna.state, ref, ticket.key, anna.new_device("PC"), anna.seed, 3, anna.dice))
    return statements(anna, _device_added(anna, anna.new_device("Noch eins"), ref, ticket.key))


@case("user-chain", "M15", "ticket_expired")
def ticket_late() -> Bytes:
    """A ticket is open for a quarter of an hour."""
    anna, ticket = Person("Anna"), RecipientKeys(b"t" * 16)
    anna.take(author_user.open_ticket(anna.state, anna.ref, anna.key, ticket, anna.seed, 1000, 2))
    ref = SignerRef(anna.state.id, recipient=ticket.id)
    return statements(anna, _device_added(anna, anna.new_device("PC"), ref, ticket.key, time=1001))


@case("user-chain", "M15", "ticket_form")
def ticket_too_long() -> Bytes:
    """A ticket is open for at most a quarter of an hour."""
    anna, ticket = Person("Anna"), RecipientKeys(b"t" * 16)
    seal, _ = seal_seed(anna.state.id, 1, anna.seed, ticket.id, ticket.box.public)
    return statements(anna, anna.forge(5, usr.TicketOpened(ticket.record(), seal, 10**9)))


def _device_added(anna: Person, device: NewDevice, ref: SignerRef, key: Any, **changes: Any) -> bytes:
    record = register_device(device.key, device.box.public, b"", 1)
    seal, _ = seal_seed(anna.state.id, anna.state.box.number, anna.seed, record.id, record.box)
    return anna.forge(1, usr.DeviceAdded(record, seal), ref, key, **changes)


@case("user-chain", "M15")
def recovered() -> Bytes:
    """A lone new device, added with the recovery code."""
    anna = Person("Anna")
    ref = SignerRef(anna.state.id, recipient=anna.recovery.id)
    device = anna.new_device("Neu")
    anna.take(author_user.add_device(anna.state, ref, anna.recovery.key, device, anna.seed, 3, anna.dice))
    return statements(anna)


@case("user-chain", "M15", "signature_invalid")
def ghost_device() -> Bytes:
    """A server's own device, in the name of Anna's."""
    anna = Person("Anna")
    device = anna.new_device("Geist")
    return statements(anna, _device_added(anna, device, anna.ref, device.key))


@case("user-chain", "M9", "device_not_active")
def signed_by_the_new_device_itself() -> Bytes:
    """A device that is not in the chain signs its own addition."""
    anna = Person("Anna")
    device = anna.new_device("Geist")
    ref = SignerRef(anna.state.id, device_id(device.key.public))
    return statements(anna, _device_added(anna, device, ref, device.key))


@case("user-chain", "M15", "not_permitted")
def recovery_signs_a_profile() -> Bytes:
    """The recovery code adds and revokes devices, nothing else."""
    anna = Person("Anna")
    ref = SignerRef(anna.state.id, recipient=anna.recovery.id)
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), ref, anna.recovery.key))


@case("user-chain", "M16")
def device_revoked() -> Bytes:
    """A revocation makes a new box generation for who is left."""
    anna = Person("Anna")
    device = anna.add("PC")
    anna.revoke(device_id(device.key.public))
    return statements(anna)


@case("user-chain", "M9", "device_not_active")
def revoked_device_signs() -> Bytes:
    """A revoked device signs no more."""
    anna = Person("Anna")
    device = anna.add("PC")
    anna.revoke(device_id(device.key.public))
    ref = SignerRef(anna.state.id, device_id(device.key.public))
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), ref, device.key))


@case("user-chain", "M18", "id_reused")
def revoked_device_returns() -> Bytes:
    """A revoked device never returns."""
    anna = Person("Anna")
    device = anna.add("PC")
    anna.revoke(device_id(device.key.public))
    return statements(anna, _device_added(anna, device, anna.ref, anna.key))


@case("user-chain", "M16", "last_device")
def last_device_revoked_by_itself() -> Bytes:
    """The last device goes only by the recovery code."""
    anna = Person("Anna")
    after = anna.dice(32)
    boxes, _ = make_generation(
        anna.state.id, 2, after, {anna.recovery.id: anna.recovery.box.public}, (anna.seed, b"i" * 12)
    )
    return statements(anna, anna.forge(2, usr.DeviceRevoked(anna.device, boxes)))


@case("user-chain", "M16", "seals_mismatch")
def rotation_seals_to_the_revoked() -> Bytes:
    """The new seed is sealed to the revoked device too."""
    anna = Person("Anna")
    device = anna.add("PC")
    gone = device_id(device.key.public)
    to = {anna.device: anna.box.public, gone: device.box.public, anna.recovery.id: anna.recovery.box.public}
    boxes, _ = make_generation(anna.state.id, 2, anna.dice(32), to, (anna.seed, b"i" * 12))
    return statements(anna, anna.forge(2, usr.DeviceRevoked(gone, boxes)))


@case("user-chain", "M16", "seals_mismatch")
def rotation_leaves_recovery_out() -> Bytes:
    """The recovery code would open nothing any more."""
    anna = Person("Anna")
    to = {anna.device: anna.box.public}
    boxes, _ = make_generation(anna.state.id, 2, anna.dice(32), to, (anna.seed, b"i" * 12))
    return statements(anna, anna.forge(3, usr.Rotated(boxes)))


@case("user-chain", "M16", "box_generation_not_next")
def rotation_skips_a_number() -> Bytes:
    """Box generations are numbered without a gap."""
    anna = Person("Anna")
    to = {anna.device: anna.box.public, anna.recovery.id: anna.recovery.box.public}
    boxes, _ = make_generation(anna.state.id, 3, anna.dice(32), to, (anna.seed, b"i" * 12))
    return statements(anna, anna.forge(3, usr.Rotated(boxes)))


@case("user-chain", "M17", "registration_invalid")
def box_key_registered_by_another() -> Bytes:
    """The registration is another key's."""
    anna = Person("Anna")
    device, other = anna.new_device("PC"), anna.new_device("Anderes")
    record = replace(
        register_device(device.key, device.box.public, b"", 1),
        registration=register_device(other.key, device.box.public, b"", 1).registration,
    )
    seal, _ = seal_seed(anna.state.id, 1, anna.seed, record.id, record.box)
    return statements(anna, anna.forge(1, usr.DeviceAdded(record, seal)))


@case("user-chain", "M17", "device_id_invalid")
def device_id_of_another_key() -> Bytes:
    """An id belongs to its key."""
    anna = Person("Anna")
    device = anna.new_device("PC")
    record = replace(register_device(device.key, device.box.public, b"", 1), id=b"x" * 16)
    seal, _ = seal_seed(anna.state.id, 1, anna.seed, record.id, record.box)
    return statements(anna, anna.forge(1, usr.DeviceAdded(record, seal)))


@case("user-chain", "M7", "number_not_next")
def number_skipped() -> Bytes:
    """A hole in the chain."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), number=2))


@case("user-chain", "M7", "previous_mismatch")
def previous_of_a_fork() -> Bytes:
    """A statement that follows another one."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), previous=b"p" * 32))


@case("user-chain", "M7", "wrong_chain")
def another_persons_chain() -> Bytes:
    """A statement of another chain."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), chain_id=b"p" * 32))


@case("user-chain", "M8", "unknown_version")
def version_two() -> Bytes:
    """A version that is not known stops the chain."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), version=2))


@case("user-chain", "M8", "unknown_statement")
def kind_nine() -> Bytes:
    """A kind that is not known stops the chain."""
    anna = Person("Anna")
    return statements(anna, anna.forge(9, {}))


@case("user-chain", "M8", "unknown_chain_kind")
def chain_kind_seven() -> Bytes:
    """A chain kind that is not known."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, usr.ProfileChanged(bytes(32)), chain=7))


@case("user-chain", "M7", "record_form")
def unknown_key_in_the_body() -> Bytes:
    """A key that the text does not name."""
    anna = Person("Anna")
    return statements(anna, anna.forge(6, {0: bytes(32), 9: 1}))


# -- organisation chain


@case("organisation-chain", "M13")
def four_people() -> Bytes:
    """Founded, three invited and enrolled."""
    return Firm().inputs()


@case("organisation-chain", "M13", "invite_overused")
def invite_overused() -> Bytes:
    """An invite for one lets one in."""
    firm = Firm()
    invite, seed = firm.invite()
    second = Person("Emil", firm.state.id)
    firm.take(author.enrol(firm.state, firm.dora.author, invite, seed, 3))
    firm.people.append(second)
    return firm.inputs(firm.forge(second, 3, firm.enrolment(second, invite, seed)))


@case("organisation-chain", "M13", "invite_revoked")
def invite_revoked() -> Bytes:
    """A revoked invite lets nobody in."""
    firm = Firm()
    invite, seed = firm.invite()
    firm.do(firm.clara, org.InviteRevoked(invite))
    return firm.inputs(firm.forge(firm.dora, 3, firm.enrolment(firm.dora, invite, seed)))


@case("organisation-chain", "M13", "invite_expired")
def invite_expired() -> Bytes:
    """An earlier statement's time is past the expiry."""
    firm = Firm()
    invite, seed = firm.invite(expires=3)
    firm.do(firm.clara, Empty())
    return firm.inputs(firm.forge(firm.dora, 3, firm.enrolment(firm.dora, invite, seed)))


@case("organisation-chain", "M13")
def newcomers_own_clock_is_late() -> Bytes:
    """Only earlier statements' times count: a newcomer's wrong clock does not lock out."""
    firm = Firm()
    invite, seed = firm.invite(expires=100)
    return firm.inputs(firm.forge(firm.dora, 3, firm.enrolment(firm.dora, invite, seed), time=10**9))


@case("organisation-chain", "M13", "enrolment_proof_invalid")
def proof_for_another_genesis() -> Bytes:
    """The invite key proved another person."""
    firm = Firm()
    invite, seed = firm.invite()
    body = firm.enrolment(firm.dora, invite, seed, user=firm.bernd.state.id)
    return firm.inputs(firm.forge(firm.dora, 3, body))


@case("organisation-chain", "M13", "enrolment_proof_invalid")
def proof_for_an_earlier_place() -> Bytes:
    """Who loses a race signs again."""
    firm = Firm()
    invite, seed = firm.invite()
    body = firm.enrolment(firm.dora, invite, seed, previous=firm.state.hashes[-2])
    return firm.inputs(firm.forge(firm.dora, 3, body))


@case("organisation-chain", "M13", "invite_unknown")
def invite_of_the_server() -> Bytes:
    """An invite that nobody signed."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.dora, 3, firm.enrolment(firm.dora, b"i" * 32, b"s" * 32)))


@case("organisation-chain", "M13", "id_reused")
def enrolled_twice() -> Bytes:
    """A person is enrolled once."""
    firm = Firm()
    invite, seed = firm.invite()
    return firm.inputs(firm.forge(firm.bernd, 3, firm.enrolment(firm.bernd, invite, seed)))


@case("organisation-chain", "M12", "invite_uses")
def admin_invite_for_two() -> Bytes:
    """A role above member is invited once."""
    firm = Firm()
    body = org.Invite(SigningKey(b"k" * 32).public, Role.ADMIN, 2, 10**12)
    return firm.inputs(firm.forge(firm.anna, 1, body))


@case("organisation-chain", "M12", "not_permitted")
def member_invites() -> Bytes:
    """A member invites nobody."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.bernd, 1, org.Invite(SigningKey(b"k" * 32).public, Role.MEMBER, 1, 10**12)))


@case("organisation-chain", "M12", "not_permitted")
def admin_invites_an_admin() -> Bytes:
    """An admin invites only below admin."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.clara, 1, org.Invite(SigningKey(b"k" * 32).public, Role.ADMIN, 1, 10**12)))


@case("organisation-chain", "M9", "not_permitted")
def demoted_signer() -> Bytes:
    """Clara was admin when she began to write, and is a member now."""
    firm = Firm()
    firm.do(firm.anna, org.RoleChanged(firm.clara.state.id, Role.MEMBER))
    return firm.inputs(firm.forge(firm.clara, 4, org.RoleChanged(firm.bernd.state.id, Role.SITE_LEAD)))


@case("organisation-chain", "M9", "not_permitted")
def removed_person_signs() -> Bytes:
    """Who was removed signs no more."""
    firm = Firm()
    firm.do(firm.anna, org.Removed(firm.clara.state.id))
    return firm.inputs(firm.forge(firm.clara, 9, Empty()))


@case("organisation-chain", "M9", "last_owner")
def last_owner_leaves() -> Bytes:
    """An organisation has an owner."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.anna, 5, org.Removed(firm.anna.state.id)))


@case("organisation-chain", "M10", "anchor_backwards")
def anchor_backwards() -> Bytes:
    """Anna named a newer head of hers before."""
    firm = Firm()
    old = firm.anna.state.head
    firm.anna.add("PC")
    firm.do(firm.anna, Empty())
    return firm.inputs(firm.forge(firm.anna, 9, Empty(), old))


@case("organisation-chain", "M9", "anchor_unknown")
def anchor_of_a_fork() -> Bytes:
    """A head that is not in the signer's chain."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.anna, 9, Empty(), Head(0, b"h" * 32)))


@case("organisation-chain", "M9", "device_not_active")
def revoked_device_at_the_named_head() -> Bytes:
    """A device that is revoked at the head that it names."""
    firm = Firm()
    device = firm.anna.add("PC")
    firm.anna.revoke(device_id(device.key.public))
    ref = SignerRef(firm.anna.state.id, device_id(device.key.public))
    data = parse(firm.forge(firm.anna, 9, Empty()))
    return firm.inputs(sign(replace(data, signer=ref), device.key))


@case("organisation-chain", "M20", "holders_form")
def guest_as_holder() -> Bytes:
    """A holder is an active person who is not a guest."""
    firm = Firm()
    holders = (firm.anna.state.id, firm.bernd.state.id, firm.georg.state.id)
    return firm.inputs(firm.forge(firm.anna, 6, org.ArchiveSet(True, holders)))


# -- conversation log


@case("conversation-log", "M20")
def created() -> Bytes:
    """A group of two."""
    return Room(Firm()).inputs()


@case("conversation-log", "M21")
def added_and_removed_in_one() -> Bytes:
    """Changes that come together are one statement and one generation."""
    room = Room(Firm())
    roles = {room.firm.clara.state.id: MemberRole.MEMBER}
    room.take(room.desk(room.firm.anna).change_members(room.state, LOG, roles, [room.firm.bernd.state.id]))
    return room.inputs()


@case("conversation-log", "M20", "recipients_mismatch")
def recipient_missing() -> Bytes:
    """A member is left without a key."""
    room = Room(Firm())
    body = conv.Rekeyed(room.generation(2, [room.firm.anna]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "recipients_mismatch")
def recipient_extra() -> Bytes:
    """Somebody who is no member is given the key."""
    room = Room(Firm())
    body = conv.Rekeyed(room.generation(2, [room.firm.anna, room.firm.bernd, room.firm.clara]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "recipients_mismatch")
def recipient_who_left() -> Bytes:
    """Who left is no recipient."""
    room = Room(Firm())
    room.take(room.desk(room.firm.bernd).leave(room.state, LOG))
    body = conv.Rekeyed(room.generation(2, [room.firm.anna, room.firm.bernd]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "recipients_mismatch")
def recipient_removed_from_the_organisation() -> Bytes:
    """Who was removed from the organisation is no recipient."""
    room = Room(Firm())
    room.firm.do(room.firm.anna, org.Removed(room.firm.bernd.state.id))
    body = conv.Rekeyed(room.generation(2, [room.firm.anna, room.firm.bernd]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "generation_not_next")
def generation_skipped() -> Bytes:
    """Generations are numbered without a gap."""
    room = Room(Firm())
    body = conv.Rekeyed(room.generation(3, [room.firm.anna, room.firm.bernd]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "pin_stale")
def recipient_pinned_to_an_older_head() -> Bytes:
    """Bernd was pinned to a newer head before."""
    room = Room(Firm())
    old = room.firm.bernd.state
    room.firm.bernd.add("PC")
    room.take(room.desk(room.firm.anna).rekey(room.state, LOG))
    now, room.firm.bernd.state = room.firm.bernd.state, old
    body = conv.Rekeyed(room.generation(3, [room.firm.anna, room.firm.bernd]))
    room.firm.bernd.state = now
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "pin_stale")
def box_generation_not_the_newest() -> Bytes:
    """The box generation is not the newest at the named head."""
    room = Room(Firm())
    device = room.firm.bernd.add("PC")
    room.firm.bernd.revoke(device_id(device.key.public))
    made = room.generation(2, [room.firm.anna, room.firm.bernd])
    stale = tuple(replace(r, box_generation=1) for r in made.recipients)
    return room.inputs(room.forge(room.firm.anna, 4, conv.Rekeyed(replace(made, recipients=stale))))


@case("conversation-log", "M20", "holders_mismatch")
def holders_left_out() -> Bytes:
    """The archive is on, and its holders are given nothing."""
    room = _archived()
    body = conv.Rekeyed(room.generation(2, [room.firm.anna, room.firm.bernd]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20")
def holders_given() -> Bytes:
    """The archive is on; its three holders are given their boxes."""
    room = _archived()
    room.take(room.desk(room.firm.anna).rekey(room.state, LOG))
    return room.inputs()


@case("conversation-log", "M20", "holders_mismatch")
def holders_of_the_server() -> Bytes:
    """The archive is off, and somebody is given the parts all the same."""
    room = Room(Firm())
    firm = room.firm
    body = conv.Rekeyed(room.generation(2, [firm.anna, firm.bernd], [firm.anna, firm.bernd, firm.clara]))
    return room.inputs(room.forge(firm.anna, 4, body))


@case("conversation-log", "M20", "holders_mismatch")
def confidential_has_no_holders() -> Bytes:
    """A confidential conversation is outside of the archive for good."""
    room = _archived(confidential=True)
    firm = room.firm
    body = conv.Rekeyed(room.generation(2, [firm.anna, firm.bernd], [firm.anna, firm.bernd, firm.clara]))
    return room.inputs(room.forge(firm.anna, 4, body))


def _archived(**settings: bool) -> Room:
    room = Room(Firm(), **settings)
    firm = room.firm
    holders = (firm.anna.state.id, firm.bernd.state.id, firm.clara.state.id)
    firm.do(firm.anna, org.ArchiveSet(True, holders))
    return room


@case("conversation-log", "M21", "record_form")
def members_without_generation() -> Bytes:
    """A change of members without a new generation."""
    room = Room(Firm())
    return room.inputs(room.forge(room.firm.anna, 1, {0: [], 1: [room.firm.bernd.state.id]}))


@case("conversation-log", "M21", "not_permitted")
def member_removes_the_lead() -> Bytes:
    """A member who is not lead removes nobody."""
    room = Room(Firm())
    body = conv.MembersChanged((), (room.firm.anna.state.id,), room.generation(2, [room.firm.bernd]))
    return room.inputs(room.forge(room.firm.bernd, 1, body))


@case("conversation-log", "M9", "not_permitted")
def outsider_writes() -> Bytes:
    """Clara is no member, admin or not."""
    room = Room(Firm())
    return room.inputs(room.forge(room.firm.clara, 3, conv.SettingsChanged(False)))


@case("conversation-log", "M9", "not_permitted")
def guest_creates() -> Bytes:
    """A guest creates no conversation."""
    firm = Firm()
    room = Room(firm)
    record = room.generation(1, [firm.georg, firm.bernd])
    members = ((firm.georg.state.id, MemberRole.LEAD), (firm.bernd.state.id, MemberRole.MEMBER))
    body = conv.Created(conv.Kind.GROUP, False, True, members, record)
    anchors = Anchors(firm.state.head, firm.georg.state.head)
    data = room.forge(firm.georg, 0, body, anchors, number=0, previous=b"")
    return {"users": firm.users(), "organisation": encode(firm.chain), "statements": encode([data])}


@case("conversation-log", "M10", "anchor_backwards")
def organisation_anchor_backwards() -> Bytes:
    """The log has seen a newer organisation."""
    room = Room(Firm())
    old = room.firm.state.head
    room.firm.do(room.firm.clara, Empty())
    room.take(room.desk(room.firm.anna).rekey(room.state, LOG))
    anchors = Anchors(old, room.firm.anna.state.head, LOG)
    return room.inputs(room.forge(room.firm.anna, 3, conv.SettingsChanged(False), anchors))


@case("conversation-log", "M10", "anchor_backwards")
def signers_anchor_backwards() -> Bytes:
    """The signer was pinned to a newer head."""
    room = Room(Firm())
    old = room.firm.anna.state.head
    room.firm.anna.add("PC")
    room.take(room.desk(room.firm.anna).rekey(room.state, LOG))
    anchors = Anchors(room.firm.state.head, old, LOG)
    return room.inputs(room.forge(room.firm.anna, 3, conv.SettingsChanged(False), anchors))


@case("conversation-log", "M26")
def granted() -> Bytes:
    """The joiner is granted the earlier generation."""
    room = Room(Firm())
    room.add(room.firm.clara)
    room.take(room.desk(room.firm.anna).grant(room.state, LOG, room.firm.clara.state.id, {1: room.parts[1]}))
    return room.inputs()


@case("conversation-log", "M26", "not_permitted")
def granted_without_history() -> Bytes:
    """New members do not read the history here."""
    room = Room(Firm(), history=False)
    room.add(room.firm.clara)
    body = conv.Granted(room.firm.clara.state.id, 1, 1, 1, bytes(32))
    return room.inputs(room.forge(room.firm.anna, 5, body))


@case("conversation-log", "M26", "not_permitted")
def granted_by_who_does_not_hold_it() -> Bytes:
    """Clara joined late herself."""
    room = Room(Firm())
    room.add(room.firm.clara)
    room.add(room.firm.georg)
    body = conv.Granted(room.firm.georg.state.id, 1, 1, 1, bytes(32))
    return room.inputs(room.forge(room.firm.clara, 5, body))


# -- rekey due, entitlement, senders


def _due(room: Room, events: int = 0, now: int = 10) -> Bytes:
    return room.inputs(events=encode(events), now=encode(now))


@case("rekey-due", "M24")
def nothing_due() -> Bytes:
    """A fresh generation."""
    return _due(Room(Firm()))


@case("rekey-due", "M24")
def due_after_leaving() -> Bytes:
    """A member left."""
    room = Room(Firm())
    room.take(room.desk(room.firm.bernd).leave(room.state, LOG))
    return _due(room)


@case("rekey-due", "M24")
def due_after_removal() -> Bytes:
    """A member was removed from the organisation."""
    room = Room(Firm())
    room.firm.do(room.firm.anna, org.Removed(room.firm.bernd.state.id))
    return _due(room)


@case("rekey-due", "M23")
def due_after_revocation_of_the_own_device() -> Bytes:
    """Anna revoked a device of hers and finds her own pin stale."""
    room = Room(Firm())
    device = room.firm.anna.add("PC")
    room.firm.anna.revoke(device_id(device.key.public))
    return _due(room)


@case("rekey-due", "M24")
def due_after_the_archive_changed() -> Bytes:
    """The archive was switched on."""
    return _due(_archived())


@case("rekey-due", "M24")
def due_after_seven_days() -> Bytes:
    """A generation lives for seven days."""
    return _due(Room(Firm()), now=10 + 7 * DAY + 1)


@case("rekey-due", "M24")
def due_after_ten_thousand_events() -> Bytes:
    """A generation carries ten thousand events."""
    return _due(Room(Firm()), events=10_000)


@case("entitled", "M27")
def recipient_is_entitled() -> Bytes:
    """Bernd is a recipient of generation 1."""
    room = Room(Firm())
    return room.inputs(user=room.firm.bernd.state.id, generation=encode(1))


@case("entitled", "M27")
def joiner_is_not_entitled_to_what_was_before() -> Bytes:
    """A pre-join secret is requested."""
    room = Room(Firm())
    room.add(room.firm.clara)
    return room.inputs(user=room.firm.clara.state.id, generation=encode(1))


@case("entitled", "M27")
def granted_joiner_is_entitled() -> Bytes:
    """With a grant, the joiner is entitled."""
    room = Room(Firm())
    room.add(room.firm.clara)
    room.take(room.desk(room.firm.anna).grant(room.state, LOG, room.firm.clara.state.id, {1: room.parts[1]}))
    return room.inputs(user=room.firm.clara.state.id, generation=encode(1))


@case("entitled", "M27")
def removed_member_is_not_entitled() -> Bytes:
    """Who was removed is given nothing, not even what was theirs."""
    room = Room(Firm())
    room.take(room.desk(room.firm.anna).change_members(room.state, LOG, {}, [room.firm.bernd.state.id]))
    return room.inputs(user=room.firm.bernd.state.id, generation=encode(1))


@case("sender", "M30")
def from_a_member() -> Bytes:
    """Bernd writes."""
    room = Room(Firm())
    return room.message(room.firm.bernd, 1)


@case("sender", "M30", "sender_not_recipient")
def from_an_outsider() -> Bytes:
    """Clara is no recipient of the generation."""
    room = Room(Firm())
    return room.message(room.firm.clara, 1)


@case("sender", "M30", "sender_unknown")
def from_an_unknown_device() -> Bytes:
    """A device that no chain has."""
    room = Room(Firm())
    device = room.firm.bernd.new_device("Geist")
    return room.message(room.firm.bernd, 1, device=device_id(device.key.public), key=device.key)


@case("sender", "M30", "generation_mismatch")
def under_another_generations_statement() -> Bytes:
    """The statement hash is not the generation's."""
    room = Room(Firm())
    return room.message(room.firm.bernd, 1, statement=bytes(32))


@case("sender", "M23", "pin_stale")
def at_a_head_older_than_pinned() -> Bytes:
    """The own pin is stale: Bernd names a head from before his pin."""
    room = Room(Firm())
    old = room.firm.bernd.state.head
    room.firm.bernd.add("PC")
    room.take(room.desk(room.firm.anna).rekey(room.state, LOG))
    return room.message(room.firm.bernd, 2, head=old)


@case("sender", "M30", "device_not_active")
def from_a_revoked_device() -> Bytes:
    """Bernd's second device was revoked at the head that it names."""
    room = Room(Firm())
    device = room.firm.bernd.add("PC")
    room.firm.bernd.revoke(device_id(device.key.public))
    return room.message(room.firm.bernd, 1, device=device_id(device.key.public), key=device.key)


def main() -> None:
    """Write what is missing or no longer holds."""
    problems = []
    for area, name, error, must, why, build in CASES:
        path = HERE / area / f"{name}.txt"
        expect = f"error {error}" if error else "ok"
        if path.exists() and _run(area, read(path).inputs)[0] == expect:
            continue
        inputs = build()
        got, outputs = _run(area, inputs)
        if got != expect:
            problems.append(f"{area}/{name}: expected {expect}, got {got}")
            continue
        lines = [f"case: {name}", f"expect: {expect}", f"why: {why}", f"must: {must}", ""]
        lines += [f"{key} = {value.hex()}".rstrip() for key, value in inputs.items()]
        if outputs:
            lines += ["", *(f"{key} = {value.hex()}".rstrip() for key, value in outputs.items())]
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(CASES)} vectors")


def _run(area: str, inputs: Bytes) -> tuple[str, Bytes]:
    try:
        return "ok", OPERATIONS[area](inputs)
    except ProtocolError as error:
        return f"error {error.code}", {}


if __name__ == "__main__":
    main()
