"""The statements of a conversation's log (docs/protocol.md, 4.3): members, roles, generations, grants."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from werkfunk.domain.limits import MEMBERS_MAX, PIN_GRACE_MS, REKEY_EVENTS, REKEY_MS
from werkfunk.domain.roles import Role
from werkfunk.protocol.errors import ChainRefused
from werkfunk.protocol.generation import Generation, Holder, Recipient
from werkfunk.protocol.organisation import OrganisationState
from werkfunk.protocol.records import (
    ID32,
    Record,
    at,
    between,
    boolean,
    each,
    one_of,
    pair,
    record,
    uint,
)
from werkfunk.protocol.statements import (
    ChainKind,
    ChainState,
    Empty,
    Head,
    Statement,
    body_of,
    check_place,
    parse,
    verify_signature,
)
from werkfunk.protocol.user import UserState


class Kind(IntEnum):
    """What a conversation is."""

    DIRECT = 1
    GROUP = 2
    SITE = 3


class MemberRole(IntEnum):
    """A member's role in one conversation."""

    LEAD = 1
    MEMBER = 2


MEMBER = pair(ID32, one_of(MemberRole))


@dataclass(frozen=True, slots=True)
class Created(Record):
    """Kind 0."""

    kind: Kind = at(0, one_of(Kind))
    confidential: bool = at(1, boolean)
    history: bool = at(2, boolean)
    members: tuple[tuple[bytes, MemberRole], ...] = at(3, each(MEMBER, MEMBERS_MAX, 1))
    generation: Generation = at(4, record(Generation))


@dataclass(frozen=True, slots=True)
class MembersChanged(Record):
    """Kind 1."""

    added: tuple[tuple[bytes, MemberRole], ...] = at(0, each(MEMBER, MEMBERS_MAX))
    removed: tuple[bytes, ...] = at(1, each(ID32, MEMBERS_MAX))
    generation: Generation = at(2, record(Generation))


@dataclass(frozen=True, slots=True)
class RoleChanged(Record):
    """Kind 2."""

    user: bytes = at(0, ID32)
    role: MemberRole = at(1, one_of(MemberRole))


@dataclass(frozen=True, slots=True)
class SettingsChanged(Record):
    """Kind 3."""

    history: bool = at(0, boolean)


@dataclass(frozen=True, slots=True)
class Rekeyed(Record):
    """Kind 4."""

    generation: Generation = at(0, record(Generation))


@dataclass(frozen=True, slots=True)
class Granted(Record):
    """Kind 5."""

    user: bytes = at(0, ID32)
    box_generation: int = at(1, uint)
    first: int = at(2, uint)
    last: int = at(3, uint)
    box: bytes = at(4, ID32)


@dataclass(frozen=True, slots=True)
class HolderFailed(Record):
    """Kind 7."""

    generation: int = at(0, uint)
    index: int = at(1, between(1, 3))


KINDS: Mapping[int, type[Record]] = {
    0: Created,
    1: MembersChanged,
    2: RoleChanged,
    3: SettingsChanged,
    4: Rekeyed,
    5: Granted,
    6: Empty,
    7: HolderFailed,
}
LEAVE = 6


@dataclass(frozen=True, slots=True)
class Member:
    """A member: role, and the first generation made for them."""

    role: MemberRole
    since: int


@dataclass(frozen=True, slots=True)
class MadeGeneration:
    """A generation with the statement that made it: its hash, and its time by the chain's clock."""

    record: Generation
    statement: bytes
    time: int

    def recipient(self, user: bytes) -> Recipient | None:
        """The recipient's entry."""
        return next((r for r in self.record.recipients if r.user == user), None)

    def holder(self, user: bytes) -> Holder | None:
        """The holder's entry."""
        return next((h for h in self.record.holders if h.user == user), None)


@dataclass(frozen=True, slots=True)
class ConversationState(ChainState):
    """Who is in a conversation, and every generation's public half."""

    kind: Kind
    confidential: bool
    history: bool
    members: Mapping[bytes, Member]
    left: frozenset[bytes]
    """Members who left or were found removed; a rekey is due."""
    generations: Mapping[int, MadeGeneration]
    grants: tuple[Granted, ...]
    failures: tuple[HolderFailed, ...]
    organisation_anchor: int
    anchors: Mapping[bytes, int]
    """Newest user head number named in this log, as signer or as recipient."""

    @property
    def generation(self) -> int:
        """The newest generation's number."""
        return len(self.generations)

    @property
    def newest(self) -> MadeGeneration:
        """The newest generation."""
        return self.generations[self.generation]

    def is_member(self, user: bytes) -> bool:
        """Whether the user belongs to the conversation and has not left."""
        return user in self.members and user not in self.left

    def leads(self, organisation: OrganisationState, number: int | None = None) -> frozenset[bytes]:
        """Who leads; every member who is not a guest if no lead is left. A guest leads a direct conversation only.

        Args:
            organisation: the newest known state.
            number: the organisation statement by which it is judged; as the organisation is now if it is left out.
        """
        number = organisation.length if number is None else number
        roles = {user: organisation.role_at(user, number) for user in self.members if user not in self.left}
        guests = self.kind is Kind.DIRECT
        able = frozenset(
            user for user, role in roles.items() if role is not None and (guests or role is not Role.GUEST)
        )
        return frozenset(user for user in able if self.members[user].role is MemberRole.LEAD) or able

    def entitled(self, user: bytes, number: int) -> bool:
        """Whether the user may have the parts of a generation: as its recipient, or by a grant. [M27]"""
        made = self.generations.get(number)
        if made is None or not self.is_member(user):
            return False
        if made.recipient(user) is not None:
            return True
        return any(grant.user == user and grant.first <= number <= grant.last for grant in self.grants)


def apply(
    state: ConversationState | None,
    data: bytes,
    organisation: OrganisationState,
    users: Mapping[bytes, UserState],
    *,
    verify: bool = True,
) -> ConversationState:
    """Apply a signed statement to a conversation.

    Args:
        state: the state before, None for `created`.
        data: the COSE_Sign1 bytes.
        organisation: the newest known state; the statement may name an older head of it.
        users: the newest known states of signer, members and holders.
        verify: False only when replaying one's own store.

    Raises:
        ProtocolError: the statement breaks a rule; the state before stays valid.
    """
    statement = parse(data)
    check_place(ChainKind.CONVERSATION, state, statement)
    body = body_of(statement, KINDS)
    signer = statement.signer
    user = users.get(signer.user)
    if user is None:
        raise ChainRefused("unknown_user")
    if signer.device is None or signer.recipient is not None:
        raise ChainRefused("signer_form")
    org_head = organisation.require(statement.anchors.organisation)
    user_head = user.require(statement.anchors.user)
    if (statement.anchors.log is None) != (state is None):
        raise ChainRefused("anchor_missing" if state else "anchor_unexpected")
    device = user.device_at(signer.device, user_head.number)
    if verify:
        verify_signature(data, device.signing)
    if state is not None and (
        org_head.number < state.organisation_anchor or user_head.number < state.anchors.get(user.id, 0)
    ):
        raise ChainRefused("anchor_backwards")
    role = organisation.role_at(user.id, org_head.number)
    if role is None:
        raise ChainRefused("not_permitted", "not in the organisation")
    view = _View(statement, organisation, users, org_head.number)
    if state is None:
        return _create(view, body, role, user_head)
    if isinstance(body, Created):
        raise ChainRefused("not_permitted", "created twice")
    if not state.is_member(user.id):
        raise ChainRefused("not_permitted", "not a member")
    state = replace(
        state,
        **state.grown(statement),
        organisation_anchor=org_head.number,
        anchors={**state.anchors, user.id: user_head.number},
    )
    return _step(view, state, body)


@dataclass(frozen=True, slots=True)
class _View:
    """What a statement is judged by: the statement, and the chains as of the heads that it names."""

    statement: Statement
    organisation: OrganisationState
    users: Mapping[bytes, UserState]
    number: int

    def role(self, user: bytes) -> Role | None:
        return self.organisation.role_at(user, self.number)


def _create(view: _View, body: Record, role: Role, user_head: Head) -> ConversationState:
    statement = view.statement
    if not isinstance(body, Created):
        raise ChainRefused("number_not_next", "not created")
    if len(statement.chain_id) != 16:
        raise ChainRefused("genesis_form")
    signer = statement.signer.user
    members = dict(body.members)
    _require(role is not Role.GUEST and members.get(signer) is MemberRole.LEAD)
    if len(members) != len(body.members):
        raise ChainRefused("members_form")
    if body.kind is Kind.DIRECT and (len(members) != 2 or MemberRole.MEMBER in members.values()):
        raise ChainRefused("members_form", "a direct conversation has two leads")
    for user, member_role in members.items():
        _check_role(view, user, member_role, direct=body.kind is Kind.DIRECT)
    state = ConversationState(
        id=statement.chain_id,
        hashes=(statement.hash,),
        clock=statement.time,
        kind=body.kind,
        confidential=body.confidential,
        history=body.history,
        members={user: Member(member_role, 1) for user, member_role in members.items()},
        left=frozenset(),
        generations={},
        grants=(),
        failures=(),
        organisation_anchor=view.number,
        anchors={signer: user_head.number},
    )
    return _generate(view, state, body.generation)


def _step(view: _View, state: ConversationState, body: Record) -> ConversationState:
    signer = view.statement.signer.user
    match body:
        case MembersChanged():
            _require(state.kind is not Kind.DIRECT and _leads(view, state, signer))
            return _generate(view, _change_members(view, state, body), body.generation)
        case RoleChanged():
            _require(state.kind is not Kind.DIRECT and _leads(view, state, signer))
            member = state.members.get(body.user)
            if member is None or not state.is_member(body.user):
                raise ChainRefused("person_unknown")
            _check_role(view, body.user, body.role)
            return replace(state, members={**state.members, body.user: replace(member, role=body.role)})
        case SettingsChanged():
            _require(_leads(view, state, signer))
            return replace(state, history=body.history)
        case Rekeyed():
            return _generate(view, state, body.generation)
        case Granted():
            return _grant(view, state, body)
        case HolderFailed():
            made = state.generations.get(body.generation)
            holder = made.holder(signer) if made else None
            _require(holder is not None and holder.index == body.index)
            return replace(state, failures=(*state.failures, body))
        case Empty():
            _require(state.kind is not Kind.DIRECT)
            return replace(state, left=state.left | {signer})
    raise ChainRefused("unknown_statement")


def _require(allowed: bool) -> None:
    if not allowed:
        raise ChainRefused("not_permitted")


def _leads(view: _View, state: ConversationState, user: bytes) -> bool:
    return user in state.leads(view.organisation, view.number)


def _check_role(view: _View, user: bytes, role: MemberRole, *, direct: bool = False) -> None:
    found = view.role(user)
    if found is None:
        raise ChainRefused("person_unknown")
    if found is Role.GUEST and role is MemberRole.LEAD and not direct:
        raise ChainRefused("not_permitted", "a guest is never lead")


def _change_members(view: _View, state: ConversationState, body: MembersChanged) -> ConversationState:
    members = dict(state.members)
    left = set(state.left)
    if not (body.added or body.removed):
        raise ChainRefused("members_form", "no change")
    for user in body.removed:
        if members.pop(user, None) is None:
            raise ChainRefused("members_form", "removed is not a member")
        left.discard(user)
    for user, role in body.added:
        if user in left:
            members.pop(user)
            left.discard(user)
        if user in members or user in body.removed:
            raise ChainRefused("members_form", "added is a member")
        _check_role(view, user, role)
        members[user] = Member(role, state.generation + 1)
    if len(members) > MEMBERS_MAX:
        raise ChainRefused("too_many")
    return replace(state, members=members, left=frozenset(left))


def _generate(view: _View, state: ConversationState, made: Generation) -> ConversationState:
    """[M20]: exactly the active members, pinned to what they are now; exactly the organisation's holders."""
    if made.number != state.generation + 1:
        raise ChainRefused("generation_not_next")
    active = {user for user in state.members if user not in state.left and view.role(user) is not None}
    named = [recipient.user for recipient in made.recipients]
    if len(named) != len(set(named)) or set(named) != active:
        raise ChainRefused("recipients_mismatch")
    anchors = dict(state.anchors)
    for recipient in made.recipients:
        _check_pin(view, anchors, recipient)
    for holder in made.holders:
        _check_pin(view, anchors, holder)
    wanted = () if state.confidential else view.organisation.holders_at(view.number)
    if [holder.user for holder in made.holders] != list(wanted) or [h.index for h in made.holders] != list(
        range(1, len(wanted) + 1)
    ):
        raise ChainRefused("holders_mismatch")
    entry = MadeGeneration(made, state.hashes[-1], state.clock)
    return replace(
        state,
        members={user: member for user, member in state.members.items() if user in active},
        left=frozenset(),
        generations={**state.generations, made.number: entry},
        anchors=anchors,
    )


def _check_pin(view: _View, anchors: dict[bytes, int], recipient: Recipient | Holder) -> None:
    user = view.users.get(recipient.user)
    if user is None:
        raise ChainRefused("unknown_user")
    head = user.require(recipient.head)
    if head.number < anchors.get(user.id, 0):
        raise ChainRefused("pin_stale")
    if recipient.box_generation != user.box_at(head.number).number:
        raise ChainRefused("pin_stale", "box generation")
    anchors[user.id] = head.number


def _grant(view: _View, state: ConversationState, body: Granted) -> ConversationState:
    member = state.members.get(body.user)
    _require(state.history and member is not None and state.is_member(body.user))
    assert member is not None
    signer = view.statement.signer.user
    if not 1 <= body.first <= body.last < member.since:
        raise ChainRefused("grant_form")
    if not all(state.entitled(signer, number) for number in range(body.first, body.last + 1)):
        raise ChainRefused("not_permitted", "grants what the signer does not hold")
    user = view.users.get(body.user)
    if user is None or not any(boxes.number == body.box_generation for _, boxes in user.boxes):
        raise ChainRefused("pin_stale")
    return replace(state, grants=(*state.grants, body))


def rekey_due(
    state: ConversationState,
    organisation: OrganisationState,
    users: Mapping[bytes, UserState],
    events: int,
    now: int,
) -> str | None:
    """Why a new generation is due before anything is sealed, or None. [M24]

    Args:
        state: the conversation.
        organisation: the newest known state.
        users: the newest known states of members and holders.
        events: how many events were logged since the newest generation.
        now: the time in ms.
    """
    made = state.newest
    if state.left or any(organisation.role(user) is None for user in state.members):
        return "member_removed"
    for recipient in made.record.recipients:
        user = users.get(recipient.user)
        if user is not None and user.newest_revocation() > recipient.head.number:
            return "device_revoked"
    wanted = () if state.confidential else organisation.holders_at(organisation.length)
    if tuple(holder.user for holder in made.record.holders) != wanted:
        return "archive_changed"
    return worn(events, now - state.newest.time)


def own_pin_stale(state: ConversationState, me: UserState) -> bool:
    """Whether the newest generation is sealed to an earlier box generation of this user than the newest one. [M23]"""
    recipient = state.newest.recipient(me.id)
    return recipient is not None and recipient.box_generation < me.box.number


def pinned_by_a_lie(state: ConversationState, me: UserState, logged: int) -> bool:
    """Whether the newest generation, logged at the server's time `logged` (ms), must have known this user's newer keys.

    Who made it in the same minutes may honestly not have seen them yet; later, an old chain was shown. [M23]
    """
    return own_pin_stale(state, me) and logged > me.box_time + PIN_GRACE_MS


def worn(events: int, age: int) -> str | None:
    """Whether a generation has served long enough (`age` in ms): "events", "age" or None."""
    if events >= REKEY_EVENTS:
        return "events"
    if age > REKEY_MS:
        return "age"
    return None
