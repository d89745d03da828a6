"""Organisation and people: the signed chains, in memory as verified states, in the store as statements.

One lock guards all writing, so a statement is applied to exactly the state that it will follow. Order of every change:
apply (pure), write and commit, change memory, then tell.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable

from werkfunk.adapters.clock import Clock
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.roles import Operation, Role, Subject, permitted
from werkfunk.protocol import organisation as org
from werkfunk.protocol import user as usr
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.identity import open_profile, profile_commitment
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.organisation import OrganisationState
from werkfunk.protocol.statements import ChainKind, Statement, body_of, parse
from werkfunk.protocol.user import UserState
from werkfunk.storage.store import ChainWrite, Store, StoreError
from werkfunk.wire import api

Told = Callable[[ChainKind, bytes, int], None]


def refused(error: ProtocolError) -> Failure:
    """A protocol refusal as a Failure; races are `stale`, so that the client tries again."""
    if error.code in ("number_not_next", "previous_mismatch", "generation_not_next", "pin_stale"):
        return Failure(Code.STALE, error.code)
    if error.code == "not_permitted":
        return Failure(Code.FORBIDDEN, error.code)
    return Failure(Code.PROTOCOL, error.code)


class Directory:
    """See the module."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self.organisation: OrganisationState | None = None
        self.users: dict[bytes, UserState] = {}
        self._owner_of: dict[bytes, bytes] = {}
        self.told: Told = lambda kind, chain, length: None
        self.epoch = 0
        """Grows with every change; whoever caches something judged by the chains compares it."""

    async def load(self) -> None:
        """Replay the chains from the store, without verifying again what was verified when it came."""
        for chain in await self._store.chain_ids(ChainKind.USER):
            user: UserState | None = None
            for data in await self._store.chain(chain):
                user = usr.apply(user, data, verify=False)
            if user is not None:
                self._keep(user)
        for chain in await self._store.chain_ids(ChainKind.ORGANISATION):
            for data in await self._store.chain(chain):
                self.organisation = org.apply(self.organisation, data, self.users, verify=False)

    def _keep(self, user: UserState) -> None:
        self.users[user.id] = user
        for device in user.devices:
            self._owner_of[device] = user.id
        self.epoch += 1

    # -- who asks

    def founded(self) -> OrganisationState:
        """The organisation's state. Raises Failure NOT_FOUND before the set-up."""
        if self.organisation is None:
            raise Failure(Code.NOT_FOUND, "not set up yet")
        return self.organisation

    def subject(self, device: bytes) -> Subject:
        """Who a device is now. Raises Failure UNAUTHENTICATED for an unknown device."""
        owner = self._owner_of.get(device)
        if owner is None or self.organisation is None:
            raise Failure(Code.UNAUTHENTICATED)
        active = self.users[owner].devices[device].revoked is None
        return Subject(owner, device, self.organisation.role(owner), active)

    def signing_key(self, device: bytes) -> bytes:
        """A device's public signing key. Raises Failure UNAUTHENTICATED."""
        owner = self._owner_of.get(device)
        if owner is None:
            raise Failure(Code.UNAUTHENTICATED)
        return self.users[owner].devices[device].record.signing

    def require(self, subject: Subject, operation: Operation, *, member: bool = False) -> None:
        """The one decision, with its reason. Raises Failure."""
        if permitted(subject, operation, member=member):
            return
        if not subject.device_active:
            raise Failure(Code.DEVICE_REVOKED)
        if subject.role is None:
            raise Failure(Code.PERSON_REMOVED)
        raise Failure(Code.FORBIDDEN)

    # -- set-up and joining

    async def setup_info(self, secret: bytes) -> api.SetupInfo:
        """The names given to `init`, for whoever holds the set-up secret."""
        await self._check_setup(secret)
        name = await self._store.meta("organisation_name") or b""
        owner = await self._store.meta("owner_name") or b""
        return api.SetupInfo(organisation_name=name.decode(), owner_name=owner.decode())

    async def _check_setup(self, secret: bytes) -> None:
        expected = await self._store.meta("setup_secret_hash")
        if expected is None or not hmac.compare_digest(expected, hashlib.sha256(secret).digest()):
            raise Failure(Code.NOT_FOUND)
        if self.organisation is not None:
            raise Failure(Code.SETUP_DONE)

    async def setup(self, body: api.Setup) -> api.Joined:
        """Found the organisation; the first with the set-up secret wins."""
        async with self._lock:
            await self._check_setup(body.secret)
            try:
                user = usr.apply(None, body.user_genesis)
                state = org.apply(None, body.organisation_genesis, {user.id: user})
            except ProtocolError as error:
                raise refused(error) from error
            if user.organisation:
                raise Failure(Code.PROTOCOL, "genesis_form")
            write = self._user_write(user, parse(body.user_genesis), body.user_genesis, body.boxes, body.profile)
            self._check_profile(body.organisation_profile, state.profile)
            founded = ChainWrite(ChainKind.ORGANISATION, state.id, 0, body.organisation_genesis)
            founded.meta = {"organisation_profile": body.organisation_profile}
            await self._commit([write, founded])
            self._keep(user)
            self.organisation = state
        return self._joined(user, state)

    async def invitation(self, invite: bytes) -> api.Invitation:
        """What the holder of a live invite needs to check it; no names but the organisation's."""
        state = self.organisation
        found = state.invites.get(invite) if state else None
        if state is None or found is None:
            raise Failure(Code.NOT_FOUND)
        if found.revoked or found.used >= found.invite.uses or self._clock() > found.invite.expires:
            raise Failure(Code.EXPIRED)
        return api.Invitation(
            organisation=await self._store.chain(state.id),
            users=await self._chains(list(state.anchors)),
            organisation_profile=await self._store.meta("organisation_profile") or b"",
        )

    async def _chains(self, users: list[bytes]) -> dict[str, list[bytes]]:
        return {user.hex(): await self._store.chain(user) for user in users}

    async def join(self, body: api.Join) -> api.Joined:
        """Enrol a newcomer with an invite."""
        async with self._lock:
            state = self.founded()
            try:
                user = usr.apply(None, body.user_genesis)
                after = org.apply(state, body.enrolment, {**self.users, user.id: user})
                enrolled = body_of(parse(body.enrolment), org.KINDS)
            except ProtocolError as error:
                raise refused(error) from error
            if not isinstance(enrolled, org.Enrolled):
                raise Failure(Code.FORBIDDEN)
            if self._clock() > state.invites[enrolled.invite].invite.expires:
                raise Failure(Code.EXPIRED)
            write = self._user_write(user, parse(body.user_genesis), body.user_genesis, body.boxes, body.profile)
            await self._commit([write, ChainWrite(ChainKind.ORGANISATION, state.id, after.length - 1, body.enrolment)])
            self._keep(user)
            self.organisation = after
        self.told(ChainKind.ORGANISATION, after.id, after.length)
        return self._joined(user, after)

    @staticmethod
    def _joined(user: UserState, state: OrganisationState) -> api.Joined:
        return api.Joined(
            organisation=state.id, user=user.id, organisation_length=state.length, user_length=user.length
        )

    # -- chains

    async def organisation_chain(self, after: int) -> api.Chain:
        """The organisation's statements from `after` on."""
        state = self.founded()
        return api.Chain(statements=await self._store.chain(state.id, after), length=state.length)

    async def organisation_profile(self) -> api.OrganisationProfile:
        """The organisation's name."""
        return api.OrganisationProfile(profile=await self._store.meta("organisation_profile") or b"")

    async def user_chain(self, user: bytes, after: int) -> api.Chain:
        """A person's statements from `after` on; the caller has checked that the asker may see the person."""
        state = self.users.get(user)
        if state is None:
            raise Failure(Code.NOT_FOUND)
        return api.Chain(statements=await self._store.chain(user, after), length=state.length)

    async def people(self, users: list[bytes]) -> api.People:
        """Roles and profiles."""
        state = self.founded()
        profiles = await self._store.profiles(users)
        return api.People(
            people=[
                api.Person(
                    user=user,
                    role=state.role(user),
                    profile=profiles.get(user, b""),
                    chain_length=self.users[user].length,
                )
                for user in users
                if user in self.users
            ]
        )

    async def picture(self, user: bytes) -> api.Picture:
        """A person's sealed picture; the caller has checked that the asker may see the person."""
        found = await self._store.picture(user)
        if not found:
            raise Failure(Code.NOT_FOUND)
        return api.Picture(picture=found)

    async def extend_organisation(self, subject: Subject, body: api.OrganisationStatement) -> api.Extended:
        """Append a statement to the organisation's chain."""
        async with self._lock:
            state = self.founded()
            try:
                statement = parse(body.statement)
                after = org.apply(state, body.statement, self.users)
                change = body_of(statement, org.KINDS)
            except ProtocolError as error:
                raise refused(error) from error
            if statement.signer.device != subject.device or isinstance(change, org.Enrolled):
                raise Failure(Code.FORBIDDEN, "signed by another device")
            # Anchors judge by an old head what this server knows to be revoked since.
            self.require(self.subject(subject.device), Operation.EXTEND_ORGANISATION_CHAIN)
            write = ChainWrite(ChainKind.ORGANISATION, state.id, after.length - 1, body.statement)
            if isinstance(change, org.ProfileChanged):
                self._check_profile(body.profile or b"", change.profile)
                write.meta = {"organisation_profile": body.profile or b""}
            await self._commit([write])
            self.organisation = after
            self.epoch += 1
        self.told(ChainKind.ORGANISATION, after.id, after.length)
        return api.Extended(length=after.length)

    async def extend_user(self, subject: Subject, body: api.UserStatement) -> api.Extended:
        """Append a statement, signed by the asking device, to the asker's own chain."""
        async with self._lock:
            self.require(self.subject(subject.device), Operation.EXTEND_OWN_CHAIN)
            if self._parse(body.statement).signer.device != subject.device:
                raise Failure(Code.FORBIDDEN, "signed by another device")
            return await self._extend(subject.user, body)

    async def recovery(self, handle: bytes) -> api.Recovery:
        """What the holder of a recovery code or ticket needs."""
        user, recipient = await self._found(handle)
        sealed = await self._store.seal(user, recipient)
        state = self.founded()
        if sealed is None:
            raise Failure(Code.NOT_FOUND)
        return api.Recovery(
            user=user,
            user_chain=await self._store.chain(user),
            organisation=await self._store.chain(state.id),
            users=await self._chains([name for name in state.anchors if name != user]),
            generation=sealed[0],
            box=sealed[1],
        )

    async def recover(self, handle: bytes, body: api.UserStatement) -> api.Extended:
        """Add a device with a recovery code or ticket."""
        async with self._lock:
            user, recipient = await self._found(handle)
            statement = self._parse(body.statement)
            if statement.signer.recipient != recipient:
                raise Failure(Code.FORBIDDEN)
            if self.founded().role(user) is None:
                raise Failure(Code.PERSON_REMOVED)
            return await self._extend(user, body)

    async def _found(self, handle: bytes) -> tuple[bytes, bytes]:
        found = await self._store.handle(handle)
        if found is None:
            raise Failure(Code.NOT_FOUND)
        user, recipient, expires = found
        if expires and self._clock() > expires:
            raise Failure(Code.EXPIRED)
        return user, recipient

    @staticmethod
    def _parse(data: bytes) -> Statement:
        try:
            return parse(data)
        except ProtocolError as error:
            raise refused(error) from error

    async def _extend(self, user: bytes, body: api.UserStatement) -> api.Extended:
        state = self.users[user]
        try:
            statement = parse(body.statement)
            after = usr.apply(state, body.statement)
        except ProtocolError as error:
            raise refused(error) from error
        write = self._user_write(after, statement, body.statement, body.boxes, body.profile)
        if write.profile is not None:
            write.picture = await self._picture(after, body.profile or b"", body.picture)
        await self._commit([write])
        self._keep(after)
        self.told(ChainKind.USER, after.id, after.length)
        return api.Extended(length=after.length)

    def _user_write(
        self,
        after: UserState,
        statement: Statement,
        data: bytes,
        boxes: list[api.SealedBox],
        profile: bytes | None,
    ) -> ChainWrite:
        """The statement's write; the boxes beside it must be exactly those that it names."""
        body = body_of(statement, usr.KINDS)
        write = ChainWrite(ChainKind.USER, after.id, statement.number, data)
        named: dict[bytes, bytes] = {}
        match body:
            case usr.Genesis():
                named = dict(body.boxes.seals)
                write.handles = [(r.handle, after.id, r.id, 0) for r in body.recovery]
            case usr.DeviceAdded():
                named = {body.seal[0]: body.seal[1]}
                used = statement.signer.recipient
                if used is not None and used not in after.recovery:
                    write.drop_recipients = [used]
            case usr.DeviceRevoked() | usr.Rotated():
                named = dict(body.boxes.seals)
                write.replace_seals = True
            case usr.RecoveryChanged():
                named = dict(body.boxes.seals if body.boxes else body.seals)
                write.replace_seals = body.boxes is not None
                write.drop_recipients = list(body.removed)
                write.handles = [(r.handle, after.id, r.id, 0) for r in body.added]
            case usr.TicketOpened():
                named = {body.seal[0]: body.seal[1]}
                write.handles = [(body.ticket.handle, after.id, body.ticket.id, body.expires)]
        given = {box.recipient: sha256(box.box) for box in boxes}
        if given != named or len(boxes) != len(named):
            raise Failure(Code.PROTOCOL, "boxes_mismatch")
        write.seals = [(after.id, box.recipient, after.box.number, box.box) for box in boxes]
        if isinstance(body, usr.Genesis | usr.ProfileChanged):
            self._check_profile(profile or b"", body.profile)
            write.profile = (after.id, profile or b"")
        return write

    async def _picture(self, user: UserState, profile: bytes, given: bytes | None) -> bytes:
        """The picture that the profile names: given with it or held already. Empty where it names none. [M41]"""
        shown = open_profile(profile, user.profile)
        found = given if given is not None else await self._store.picture(user.id)
        if shown is None or shown.picture is None:
            if given is not None:
                raise Failure(Code.PROTOCOL, "picture_hash")
            return b""
        if sha256(found) != shown.picture:
            raise Failure(Code.PROTOCOL, "picture_hash")
        return found

    @staticmethod
    def _check_profile(profile: bytes, commitment: bytes) -> None:
        if profile_commitment(profile) != commitment:
            raise Failure(Code.PROTOCOL, "profile_mismatch")

    async def _commit(self, writes: list[ChainWrite]) -> None:
        try:
            await self._store.write_chains(writes)
        except StoreError as error:
            if str(error) == "taken":
                raise Failure(Code.STALE) from error
            raise

    async def seal(self, subject: Subject) -> api.Seals:
        """The asking device's sealed seed."""
        found = await self._store.seal(subject.user, subject.device)
        if found is None:
            raise Failure(Code.NOT_FOUND)
        return api.Seals(generation=found[0], box=found[1])


def can_see(state: OrganisationState, user: bytes) -> bool:
    """Whether the person sees everybody (guests see only those with whom they share a conversation)."""
    return state.role(user) not in (None, Role.GUEST)
