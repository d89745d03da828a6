"""The organisation's and people's chains as this device knows them: verified by itself, never taken back. [M11]"""

from collections.abc import Iterable

from werkfunk.domain.roles import Role
from werkfunk.protocol import organisation as org
from werkfunk.protocol import user as usr
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.identity import Profile, open_profile
from werkfunk.protocol.organisation import OrganisationState
from werkfunk.protocol.statements import parse
from werkfunk.protocol.user import UserState
from werkfunk.sdk.errors import NotAllowed, Unsafe, Usage
from werkfunk.sdk.local import Local
from werkfunk.sdk.transport import Transport
from werkfunk.wire import api


def replay_user(statements: Iterable[bytes], state: UserState | None = None) -> UserState | None:
    """Verify and apply statements of a user chain. Raises Unsafe."""
    try:
        for data in statements:
            state = usr.apply(state, data)
    except ProtocolError as error:
        raise Unsafe("a person's keys do not fit together", error.code) from error
    return state


def replay_organisation(
    statements: Iterable[bytes], users: dict[bytes, UserState], state: OrganisationState | None = None
) -> OrganisationState | None:
    """Verify and apply statements of an organisation chain. Raises Unsafe."""
    try:
        for data in statements:
            state = org.apply(state, data, users)
    except ProtocolError as error:
        raise Unsafe("the organisation's history does not fit together", error.code) from error
    return state


class Chains:
    """See the module."""

    def __init__(self, local: Local, transport: Transport) -> None:
        self._local = local
        self._transport = transport
        self.users: dict[bytes, UserState] = {}
        self.organisation: OrganisationState | None = None

    def load(self) -> None:
        """Replay what is stored; it was verified when it came."""
        organisation = self._local.require("organisation")
        for (chain,) in self._local.rows("SELECT DISTINCT chain FROM chain"):
            if chain == organisation:
                continue
            state: UserState | None = None
            for data in self._local.chain(chain):
                state = usr.apply(state, data, verify=False)
            if state is not None:
                self.users[state.id] = state
        for data in self._local.chain(organisation):
            self.organisation = org.apply(self.organisation, data, self.users, verify=False)

    @property
    def founded(self) -> OrganisationState:
        """The organisation."""
        if self.organisation is None:
            raise Usage("the profile is incomplete; join again in an empty folder")
        return self.organisation

    def keep_user(self, state: UserState, statements: Iterable[bytes]) -> None:
        """Store verified statements that end in `state`."""
        batch = list(statements)
        for number, data in enumerate(batch, state.length - len(batch)):
            self._local.extend_chain(state.id, number, data)
        self.users[state.id] = state

    def keep_organisation(self, state: OrganisationState, statements: Iterable[bytes]) -> None:
        """Store verified statements that end in `state`."""
        batch = list(statements)
        for number, data in enumerate(batch, state.length - len(batch)):
            self._local.extend_chain(state.id, number, data)
        self.organisation = state

    async def refresh_user(self, user: bytes) -> UserState:
        """Fetch what is new of a person's chain. Raises Unsafe if it does not extend what is known."""
        known = self.users.get(user)
        after = known.length if known else 0
        answer = await self._transport.call("user_chain", api.Chain, ids={"user": user}, query={"after": after})
        if known is not None and answer.length < known.length:
            raise Unsafe("the server shows an older state of a person's keys than it did before", "chain_shortened")
        state = replay_user(answer.statements, known)
        if state is None or state.id != user:
            raise Unsafe("the server shows another person's keys", "chain_swapped")
        if answer.statements:
            with self._local.transaction():
                self.keep_user(state, answer.statements)
        return state

    async def refresh(self) -> None:
        """Fetch everything new: people, their chains, the organisation's."""
        found = await self._transport.call("people", api.People)
        for person in found.people:
            known = self.users.get(person.user)
            if known is None or known.length < person.chain_length:
                await self.refresh_user(person.user)
            elif known.length > person.chain_length:
                raise Unsafe("the server shows an older state of a person's keys than it did before", "chain_shortened")
            if person.profile:
                self._local.run(
                    "INSERT INTO profile (user, profile, verified) VALUES (?, ?, 0)"
                    " ON CONFLICT (user) DO UPDATE SET profile = excluded.profile WHERE profile <> excluded.profile",
                    person.user,
                    person.profile,
                )
        await self.refresh_organisation()
        # A guest is not shown everybody, but makes the holders' boxes as everybody does.
        listed = {person.user for person in found.people}
        for user in self.holders():
            if user not in listed:
                await self.refresh_user(user)

    def holders(self) -> tuple[bytes, ...]:
        """The archive's holders now; none while it is off."""
        return self.founded.holders_at(self.founded.length)

    async def refresh_organisation(self) -> None:
        """Fetch what is new of the organisation's chain."""
        known = self.founded
        answer = await self._transport.call("organisation_chain", api.Chain, query={"after": known.length})
        if answer.length < known.length:
            raise Unsafe("the server shows an older organisation than it did before", "chain_shortened")
        if not answer.statements:
            return
        await self._signers(answer.statements)
        state = replay_organisation(answer.statements, self.users, known)
        assert state is not None
        with self._local.transaction():
            self.keep_organisation(state, answer.statements)

    async def _signers(self, statements: list[bytes]) -> None:
        """Know the newest chain of whoever signed the statements."""
        for data in statements:
            try:
                statement = parse(data)
            except ProtocolError as error:
                raise Unsafe("the organisation's history does not fit together", error.code) from error
            head = statement.anchors.user
            known = self.users.get(statement.signer.user)
            if head is not None and (known is None or known.length <= head.number):
                await self.refresh_user(statement.signer.user)

    # -- people

    def name(self, user: bytes) -> str:
        """The name that the person signed; an id's beginning where it is not known."""
        profile = self.profile(user)
        return profile.name if profile else f"({user.hex()[:8]})"

    def profile(self, user: bytes) -> Profile | None:
        """The person's profile, if it matches what the person signed. [M19]"""
        row = self._local.row("SELECT profile FROM profile WHERE user = ?", user)
        state = self.users.get(user)
        return open_profile(row[0], state.profile) if row and state else None

    def people(self) -> dict[bytes, Role]:
        """Everybody in the organisation whose chain is known."""
        return {user: role for user, role in self.founded.people().items() if user in self.users}

    def find(self, person: str) -> bytes:
        """A person by unique name or id. Raises Usage."""
        named = [user for user in self.people() if self.name(user) == person]
        if len(named) == 1:
            return named[0]
        if len(named) > 1:
            ids = ", ".join(user.hex() for user in named)
            raise Usage(f"there are {len(named)} people called {person!r}; use an id: {ids}")
        folded = [user for user in self.people() if self.name(user).casefold() == person.casefold()]
        if len(folded) == 1:
            return folded[0]
        known = [user for user in self.people() if len(person) >= 8 and user.hex().startswith(person.lower())]
        if len(known) == 1:
            return known[0]
        raise Usage(f"there is nobody called {person!r}")


def not_member(error: NotAllowed) -> bool:
    """Whether the server says that something is not (or no longer) ours to see."""
    return error.code == "not_found"
