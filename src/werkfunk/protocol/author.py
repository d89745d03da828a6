"""Making the statements of organisation and conversation chains. Each builder applies its own result before it returns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from werkfunk.domain.roles import Role
from werkfunk.protocol import conversation as conv
from werkfunk.protocol import organisation as org
from werkfunk.protocol.events import Event, EventKind, Header
from werkfunk.protocol.generation import Generation, Parts, Randomness, Sealed, make
from werkfunk.protocol.grants import seal_grant
from werkfunk.protocol.identity import profile_commitment
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.organisation import OrganisationState, enrolment_input
from werkfunk.protocol.records import Record
from werkfunk.protocol.signing import Signer, SigningKey
from werkfunk.protocol.statements import Anchors, ChainKind, Empty, LogSeen, SignerRef, Statement, parse, sign
from werkfunk.protocol.user import UserState

Users = Mapping[bytes, UserState]


@dataclass(frozen=True, slots=True)
class Author:
    """Who signs: a person's newest state, the device and its key."""

    user: UserState
    device: bytes
    key: Signer

    @property
    def ref(self) -> SignerRef:
        """The signer as a statement names it."""
        return SignerRef(self.user.id, self.device)


@dataclass(frozen=True, slots=True)
class MadeOrganisation:
    """A signed statement of the organisation chain and the state after it."""

    data: bytes
    state: OrganisationState


@dataclass(frozen=True, slots=True)
class MadeConversation:
    """A statement event of a conversation, the state after it, the boxes beside it, and a new generation's parts."""

    event: bytes
    state: conv.ConversationState
    boxes: list[Sealed]
    parts: Parts | None = None


def found_organisation(author: Author, profile: bytes, time: int, randomness: Randomness) -> MadeOrganisation:
    """The organisation's first statement."""
    body = org.Genesis(author.user.id, profile_commitment(profile), randomness(16))
    return _organisation(None, author, time, 0, body)


def extend_organisation(state: OrganisationState, author: Author, time: int, body: Record) -> MadeOrganisation:
    """Any statement of the organisation chain but genesis and enrolment; `Empty` is the anchor (kind 9)."""
    kind = next(number for number, known in org.KINDS.items() if known is type(body))
    return _organisation(state, author, time, kind, body)


def invite(
    state: OrganisationState, author: Author, seed: bytes, role: Role, uses: int, expires: int, time: int
) -> tuple[MadeOrganisation, bytes]:
    """An invite and its hash; `seed` is the invite key's (32 random bytes), `expires` in ms."""
    made = extend_organisation(state, author, time, org.Invite(SigningKey(seed).public, role, uses, expires))
    return made, made.state.hashes[-1]


def enrol(
    state: OrganisationState, author: Author, invite_hash: bytes, invite_seed: bytes, time: int
) -> MadeOrganisation:
    """The newcomer's enrolment, proved by the invite key."""
    message = enrolment_input(state.id, invite_hash, state.hashes[-1], author.user.id)
    body = org.Enrolled(invite_hash, author.user.id, SigningKey(invite_seed).sign(message))
    return _organisation(state, author, time, 3, body)


def _organisation(
    state: OrganisationState | None, author: Author, time: int, kind: int, body: Record
) -> MadeOrganisation:
    statement = Statement(
        1,
        ChainKind.ORGANISATION,
        state.id if state else b"",
        state.length if state else 0,
        state.hashes[-1] if state else b"",
        time,
        author.ref,
        Anchors(user=author.user.head),
        kind,
        body.to_map(),
    )
    data = sign(statement, author.key)
    return MadeOrganisation(data, org.apply(state, data, {author.user.id: author.user}))


@dataclass(frozen=True, slots=True)
class Desk:
    """What a conversation's statement is written with: the author, the newest chains, the time, randomness."""

    author: Author
    organisation: OrganisationState
    users: Users
    time: int
    randomness: Randomness

    def create(
        self,
        conversation: bytes,
        kind: conv.Kind,
        members: Mapping[bytes, conv.MemberRole],
        *,
        confidential: bool = False,
        history: bool = True,
    ) -> MadeConversation:
        """A new conversation with its first generation; the author must be among `members`, as lead."""
        parts, generation, boxes = self._generation(conversation, 1, members, confidential)
        body = conv.Created(kind, confidential, history, tuple(members.items()), generation)
        return self._write(None, conversation, None, 0, body, boxes, parts)

    def change_members(
        self,
        state: conv.ConversationState,
        log: LogSeen,
        added: Mapping[bytes, conv.MemberRole],
        removed: Sequence[bytes] = (),
    ) -> MadeConversation:
        """Add and remove people in one statement, with one new generation."""
        after = [user for user in self._active(state) if user not in removed]
        parts, generation, boxes = self._generation(
            state.id, state.generation + 1, [*after, *added], state.confidential
        )
        body = conv.MembersChanged(tuple(added.items()), tuple(removed), generation)
        return self._write(state, state.id, log, 1, body, boxes, parts)

    def rekey(self, state: conv.ConversationState, log: LogSeen) -> MadeConversation:
        """A new generation for whoever is active now."""
        parts, generation, boxes = self._generation(
            state.id, state.generation + 1, self._active(state), state.confidential
        )
        return self._write(state, state.id, log, 4, conv.Rekeyed(generation), boxes, parts)

    def grant(
        self, state: conv.ConversationState, log: LogSeen, user: bytes, held: Mapping[int, Parts]
    ) -> MadeConversation:
        """Grant the earlier generations that the author holds to a member who joined later."""
        joiner = self.users[user]
        box = seal_grant(state.id, held, joiner)
        body = conv.Granted(user, joiner.box.number, min(held), max(held), sha256(box))
        return self._write(state, state.id, log, 5, body, [Sealed(user, box)], None)

    def leave(self, state: conv.ConversationState, log: LogSeen) -> MadeConversation:
        """Leave; the next sender makes a new generation."""
        return self._write(state, state.id, log, conv.LEAVE, Empty(), [], None)

    def set_role(
        self, state: conv.ConversationState, log: LogSeen, user: bytes, role: conv.MemberRole
    ) -> MadeConversation:
        """Change a member's role."""
        return self._write(state, state.id, log, 2, conv.RoleChanged(user, role), [], None)

    def set_history(self, state: conv.ConversationState, log: LogSeen, history: bool) -> MadeConversation:
        """Set whether new members may be granted the history."""
        return self._write(state, state.id, log, 3, conv.SettingsChanged(history), [], None)

    def report_failure(
        self, state: conv.ConversationState, log: LogSeen, generation: int, index: int
    ) -> MadeConversation:
        """A holder reports a box that does not open to its commitments."""
        return self._write(state, state.id, log, 7, conv.HolderFailed(generation, index), [], None)

    def _active(self, state: conv.ConversationState) -> list[bytes]:
        return [u for u in state.members if u not in state.left and self.organisation.role(u) is not None]

    def _generation(
        self, conversation: bytes, number: int, members: Iterable[bytes], confidential: bool
    ) -> tuple[Parts, Generation, list[Sealed]]:
        parts = Parts.fresh(self.randomness)
        holders = () if confidential else self.organisation.holders_at(self.organisation.length)
        generation, boxes = make(
            conversation,
            number,
            parts,
            [self.users[user] for user in members],
            [self.users[user] for user in holders],
        )
        return parts, generation, boxes

    def _write(
        self,
        state: conv.ConversationState | None,
        conversation: bytes,
        log: LogSeen | None,
        kind: int,
        body: Record,
        boxes: list[Sealed],
        parts: Parts | None,
    ) -> MadeConversation:
        statement = Statement(
            1,
            ChainKind.CONVERSATION,
            conversation,
            state.length if state else 0,
            state.hashes[-1] if state else b"",
            self.time,
            self.author.ref,
            Anchors(self.organisation.head, self.author.user.head, log),
            kind,
            body.to_map(),
        )
        data = sign(statement, self.author.key)
        after = conv.apply(state, data, self.organisation, self.users)
        header = Header(
            conversation,
            state.generation if state else 0,
            self.author.device,
            self.randomness(16),
            EventKind.STATEMENT,
        )
        return MadeConversation(Event(header, data).to_bytes(), after, boxes, parts)


def statement_of(event: Event) -> Statement:
    """The (unverified) statement of a statement event."""
    return parse(event.body)
