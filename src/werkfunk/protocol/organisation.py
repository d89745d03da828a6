"""The organisation chain (docs/protocol.md, 4.1): people, roles, invites, archive, policies. Ids and keys only, no names."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from werkfunk.domain.roles import Role
from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.errors import ChainRefused, ProtocolError
from werkfunk.protocol.labels import Label
from werkfunk.protocol.records import (
    ID16,
    ID32,
    Codec,
    Record,
    at,
    between,
    boolean,
    each,
    fixed,
    mapping,
    one_of,
    text,
    uint,
)
from werkfunk.protocol.signing import check_public, verify
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

USES_MAX = 1_000
PEOPLE_MAX = 10_000


def _policy_value(value: object) -> object:
    return uint.load(value) if type(value) is int else text(200).load(value)


POLICIES = mapping(text(64), Codec(_policy_value), 64)


@dataclass(frozen=True, slots=True)
class Genesis(Record):
    """Kind 0."""

    founder: bytes = at(0, ID32)
    profile: bytes = at(1, ID32)
    nonce: bytes = at(2, ID16)


@dataclass(frozen=True, slots=True)
class Invite(Record):
    """Kind 1."""

    key: bytes = at(0, ID32)
    role: Role = at(1, one_of(Role))
    uses: int = at(2, between(1, USES_MAX))
    expires: int = at(3, uint)


@dataclass(frozen=True, slots=True)
class InviteRevoked(Record):
    """Kind 2."""

    invite: bytes = at(0, ID32)


@dataclass(frozen=True, slots=True)
class Enrolled(Record):
    """Kind 3."""

    invite: bytes = at(0, ID32)
    user: bytes = at(1, ID32)
    proof: bytes = at(2, fixed(64))


@dataclass(frozen=True, slots=True)
class RoleChanged(Record):
    """Kind 4."""

    user: bytes = at(0, ID32)
    role: Role = at(1, one_of(Role))


@dataclass(frozen=True, slots=True)
class Removed(Record):
    """Kind 5."""

    user: bytes = at(0, ID32)


@dataclass(frozen=True, slots=True)
class ArchiveSet(Record):
    """Kind 6."""

    on: bool = at(0, boolean)
    holders: tuple[bytes, ...] = at(1, each(ID32, 3))


@dataclass(frozen=True, slots=True)
class PolicySet(Record):
    """Kind 7."""

    policies: Mapping[str, int | str] = at(0, POLICIES)


@dataclass(frozen=True, slots=True)
class ProfileChanged(Record):
    """Kind 8."""

    profile: bytes = at(0, ID32)


KINDS: Mapping[int, type[Record]] = {
    0: Genesis,
    1: Invite,
    2: InviteRevoked,
    3: Enrolled,
    4: RoleChanged,
    5: Removed,
    6: ArchiveSet,
    7: PolicySet,
    8: ProfileChanged,
    9: Empty,
}


@dataclass(frozen=True, slots=True)
class OpenInvite:
    """An invite and how often it was used."""

    invite: Invite
    used: int = 0
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """A policy as one statement has set it: by whom, and when by the signer's clock (ms)."""

    policy: str
    value: int | str
    by: bytes
    time: int


@dataclass(frozen=True, slots=True)
class OrganisationState(ChainState):
    """Who belongs to the organisation, now and at each earlier statement."""

    profile: bytes
    history: Mapping[bytes, tuple[tuple[int, Role | None], ...]]
    """For each person ever enrolled: (statement number, role from then on), oldest first; None is removed."""
    invites: Mapping[bytes, OpenInvite]
    archive: tuple[tuple[int, tuple[bytes, ...]], ...]
    """(statement number, holders from then on), oldest first."""
    policies: Mapping[str, int | str]
    rulings: tuple[Ruling, ...]
    """How the policies came to be so, oldest first."""
    anchors: Mapping[bytes, int]
    """The newest user head number that each signer has named."""

    def role_at(self, user: bytes, number: int) -> Role | None:
        """The person's role at statement `number`; None if not (or no longer) there."""
        for since, role in reversed(self.history.get(user, ())):
            if since <= number:
                return role
        return None

    def role(self, user: bytes) -> Role | None:
        """The person's role now."""
        return self.role_at(user, self.length)

    def people(self) -> dict[bytes, Role]:
        """Everybody who is in the organisation now."""
        now = ((user, self.role(user)) for user in self.history)
        return {user: role for user, role in now if role is not None}

    def holders_at(self, number: int) -> tuple[bytes, ...]:
        """The archive's holders at statement `number`; empty while the archive is off."""
        return next(holders for since, holders in reversed(self.archive) if since <= number)


def enrolment_input(organisation: bytes, invite: bytes, previous: bytes, user: bytes) -> bytes:
    """What the invite key signs."""
    return tagged(Label.ENROLMENT, organisation, invite, previous, user)


def apply(
    state: OrganisationState | None,
    data: bytes,
    users: Mapping[bytes, UserState],
    *,
    verify: bool = True,
) -> OrganisationState:
    """Apply a signed statement to an organisation chain.

    Args:
        state: the state before, None for the genesis.
        data: the COSE_Sign1 bytes.
        users: the newest known states of the people who sign.
        verify: False only when replaying one's own store.

    Raises:
        ProtocolError: the statement breaks a rule; the state before stays valid.
    """
    statement = parse(data)
    check_place(ChainKind.ORGANISATION, state, statement)
    body = body_of(statement, KINDS)
    signer = statement.signer
    user = users.get(signer.user)
    if user is None or user.id != signer.user:
        raise ChainRefused("unknown_user")
    if signer.device is None or signer.recipient is not None:
        raise ChainRefused("signer_form")
    if statement.anchors.organisation or statement.anchors.log:
        raise ChainRefused("anchor_unexpected")
    anchor = user.require(statement.anchors.user)
    device = user.device_at(signer.device, anchor.number)
    if verify:
        verify_signature(data, device.signing)
    if state is None:
        return _genesis(statement, body, anchor)
    if isinstance(body, Genesis):
        raise ChainRefused("not_permitted", "a second genesis")
    if anchor.number < state.anchors.get(user.id, 0):
        raise ChainRefused("anchor_backwards")
    if isinstance(body, Enrolled):
        _check_enrolment(state, statement, body, user, verify)
        role = Role.GUEST
    else:
        found = state.role(user.id)
        if found is None:
            raise ChainRefused("not_permitted", "not in the organisation")
        role = found
    grown = replace(
        state,
        **state.grown(statement),
        anchors={**state.anchors, user.id: anchor.number},
    )
    return _step(grown, statement, body, role)


def _genesis(statement: Statement, body: Record, anchor: Head) -> OrganisationState:
    if not isinstance(body, Genesis):
        raise ChainRefused("number_not_next", "no genesis")
    if statement.chain_id or body.founder != statement.signer.user or anchor.number != 0:
        raise ChainRefused("genesis_form")
    return OrganisationState(
        id=statement.hash,
        hashes=(statement.hash,),
        clock=statement.time,
        profile=body.profile,
        history={body.founder: ((0, Role.OWNER),)},
        invites={},
        archive=((0, ()),),
        policies={},
        rulings=(),
        anchors={body.founder: 0},
    )


def _check_enrolment(
    state: OrganisationState,
    statement: Statement,
    body: Enrolled,
    user: UserState,
    verify_proof: bool,
) -> None:
    """[M13]"""
    if body.user != statement.signer.user:
        raise ChainRefused("enrolment_proof_invalid", "signed by somebody else")
    if user.organisation != state.id:
        raise ChainRefused("enrolment_other_organisation")
    if body.user in state.history:
        raise ChainRefused("id_reused")
    found = state.invites.get(body.invite)
    if found is None:
        raise ChainRefused("invite_unknown")
    if found.revoked:
        raise ChainRefused("invite_revoked")
    if found.used >= found.invite.uses:
        raise ChainRefused("invite_overused")
    # The clock is that of EARLIER statements: a newcomer with a wrong clock is not locked out by its own.
    if state.clock > found.invite.expires:
        raise ChainRefused("invite_expired")
    if len(state.history) >= PEOPLE_MAX:
        raise ChainRefused("too_many")
    if verify_proof:
        try:
            message = enrolment_input(state.id, body.invite, statement.previous, body.user)
            verify(found.invite.key, body.proof, message)
        except ProtocolError as error:
            raise ChainRefused("enrolment_proof_invalid", error.code) from error


def _step(state: OrganisationState, statement: Statement, body: Record, role: Role) -> OrganisationState:
    signer = statement.signer.user
    match body:
        case Invite():
            _require(_above(role, body.role))
            if body.role < Role.MEMBER and body.uses != 1:
                raise ChainRefused("invite_uses", "a role above member is invited once")
            try:
                check_public(body.key)
            except ProtocolError as error:
                raise ChainRefused("registration_invalid", error.code) from error
            return replace(state, invites={**state.invites, statement.hash: OpenInvite(body)})
        case InviteRevoked():
            _require(role <= Role.ADMIN)
            found = state.invites.get(body.invite)
            if found is None:
                raise ChainRefused("invite_unknown")
            return replace(
                state,
                invites={**state.invites, body.invite: replace(found, revoked=True)},
            )
        case Enrolled():
            found = state.invites[body.invite]
            state = replace(
                state,
                invites={
                    **state.invites,
                    body.invite: replace(found, used=found.used + 1),
                },
            )
            return _with_role(state, body.user, found.invite.role)
        case RoleChanged():
            now = _present(state, body.user)
            _require(_above(role, now) and _above(role, body.role))
            return _with_role(state, body.user, body.role)
        case Removed():
            now = _present(state, body.user)
            _require(_above(role, now) or body.user == signer)
            return _with_role(state, body.user, None)
        case ArchiveSet():
            _require(role is Role.OWNER)
            return _set_archive(state, body)
        case PolicySet():
            _require(role <= Role.ADMIN)
            said = (Ruling(name, value, signer, statement.time) for name, value in body.policies.items())
            return replace(state, policies={**state.policies, **body.policies}, rulings=(*state.rulings, *said))
        case ProfileChanged():
            _require(role is Role.OWNER)
            return replace(state, profile=body.profile)
        case Empty():
            return state
    raise ChainRefused("unknown_statement")


def _require(allowed: bool) -> None:
    if not allowed:
        raise ChainRefused("not_permitted")


def _above(mine: Role, theirs: Role) -> bool:
    """An owner stands above everybody, an admin above site lead, member and guest, others above nobody."""
    return mine is Role.OWNER or (mine is Role.ADMIN and theirs > Role.ADMIN)


def _present(state: OrganisationState, user: bytes) -> Role:
    role = state.role(user)
    if role is None:
        raise ChainRefused("person_unknown")
    return role


def _with_role(state: OrganisationState, user: bytes, role: Role | None) -> OrganisationState:
    number = state.length - 1
    before = state.history.get(user, ())
    state = replace(state, history={**state.history, user: (*before, (number, role))})
    if Role.OWNER not in state.people().values():
        raise ChainRefused("last_owner")
    return state


def _set_archive(state: OrganisationState, body: ArchiveSet) -> OrganisationState:
    if body.on:
        roles = [state.role(user) for user in body.holders]
        if len(set(body.holders)) != 3 or any(role in (None, Role.GUEST) for role in roles):
            raise ChainRefused("holders_form")
    elif body.holders:
        raise ChainRefused("holders_form")
    return replace(state, archive=(*state.archive, (state.length - 1, body.holders)))
