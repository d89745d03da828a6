"""Becoming somebody: found an organisation, join it, add a device, come back with the recovery code.

Each makes the keys here, checks what the server shows against the link, and leaves a complete profile or none.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from werkfunk.protocol import author, author_user
from werkfunk.protocol.author_user import NewDevice
from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.codes import decode_recovery, encode_recovery
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.generation import Sealed
from werkfunk.protocol.identity import Profile, RecipientKeys, device_id
from werkfunk.protocol.links import DeviceLink, InviteLink, OfferLink, SetupLink, parse_url, to_url
from werkfunk.protocol.offers import make_offer, offer_handle, open_answer
from werkfunk.protocol.organisation import OrganisationState
from werkfunk.protocol.seeds import all_seeds, open_seed
from werkfunk.protocol.signing import SigningKey
from werkfunk.protocol.statements import SignerRef
from werkfunk.protocol.user import UserState
from werkfunk.sdk.chains import replay_organisation, replay_user
from werkfunk.sdk.errors import NotAllowed, SdkError, Unsafe, Usage
from werkfunk.sdk.local import Local
from werkfunk.sdk.transport import Transport
from werkfunk.wire import api

RACES = 20
TOLERANCE_MS = 3 * 60_000
"""A clock that is off by less needs no correction: everybody's is."""
POLL_S = 1.0
"""How often a device that waits asks whether it was scanned."""


Clock = Callable[[], int]
"""Milliseconds since 1970 UTC."""


def now() -> int:
    """The time in ms."""
    return time.time_ns() // 1_000_000


class ServerClock:
    """This machine's time, or the server's where the machine's clock is plainly wrong; the app does the same.

    A chain's clock is the largest time in it: one wrong clock would end everybody's invitations, or make them end at once.
    """

    def __init__(self, own: Clock = now) -> None:
        self._own = own
        self.off = 0
        """How far the server's clock is ahead of this machine's (ms), 0 within tolerance."""

    def __call__(self) -> int:
        """The time (ms)."""
        return self._own() + self.off

    def heard(self, server_time: int) -> None:
        """The server has said what time it is (ms)."""
        off = server_time - self._own()
        self.off = off if abs(off) > TOLERANCE_MS else 0


def listening(clock: Clock | None, transport: Transport) -> Clock:
    """The clock to sign by: the one given, or this machine's, which takes the server's time from each answer."""
    clock = clock or ServerClock()
    if isinstance(clock, ServerClock):
        transport.heard = clock.heard
    return clock


@dataclass(frozen=True, slots=True)
class Joined:
    """Who one is now; `recovery` is the printed code, empty for a further device."""

    organisation: bytes
    user: bytes
    device: bytes
    recovery: str


class _Device:
    """A device's fresh keys."""

    def __init__(self, label: str) -> None:
        self.seed, self.box_seed = os.urandom(32), os.urandom(32)
        self.new = NewDevice(SigningKey(self.seed), BoxKey(self.box_seed), label)
        self.id = device_id(self.new.key.public)


def sealed(boxes: list[Sealed]) -> list[api.SealedBox]:
    """Boxes as they travel."""
    return [api.SealedBox(recipient=box.recipient, box=box.box, index=box.index) for box in boxes]


async def join(link: str, folder: Path, name: str, label: str, clock: Clock | None = None) -> Joined:
    """Redeem a set-up link, an invitation or a device's link; `clock` as in `Client`.

    Raises:
        Usage: not a link. NotAllowed: used up, expired. Unsafe: what the server shows does not fit the link.
    """
    try:
        base, parsed = parse_url(link)
    except ProtocolError as error:
        raise Usage("this is not a Werkfunk link, or it was cut off") from error
    async with _entering(base, folder) as (local, transport):
        clock = listening(clock, transport)
        match parsed:
            case SetupLink():
                return await _found(local, transport, parsed, name, label, clock)
            case InviteLink():
                return await _enrol(local, transport, parsed, name, label, clock)
            case DeviceLink():
                return await _return(local, transport, RecipientKeys(parsed.seed), _Device(label), parsed, clock)
            case OfferLink():
                raise Usage("this is the code of a device that waits; an active device takes it with: devices add CODE")


async def recover(code: str, base: str, folder: Path, label: str, clock: Clock | None = None) -> Joined:
    """Come back with nothing but the printed code."""
    try:
        seed = decode_recovery(code)
    except ProtocolError as error:
        raise Usage("the recovery code has a typing mistake", error.code) from error
    async with _entering(base, folder) as (local, transport):
        clock = listening(clock, transport)
        return await _return(local, transport, RecipientKeys(seed), _Device(label), None, clock)


async def offer(base: str, folder: Path, label: str, show: Callable[[str], None], clock: Clock | None = None) -> Joined:
    """Show a code by `show`, wait until an active device of a person has scanned it, and become that person's device.

    Raises:
        NotAllowed: `expired`: nobody has scanned it. Unsafe: what the server shows does not fit the answer.
    """
    device = _Device(label)
    shown = make_offer(device.new.key.public, device.new.box.public, os.urandom(32))
    handle = {"handle": offer_handle(shown)}
    async with _entering(base, folder) as (local, transport):
        clock = listening(clock, transport)
        body = api.Offer(signing=device.new.key.public, box=device.new.box.public)
        await transport.call("make_offer", api.Empty, body, ids=handle)
        show(to_url(base, shown))
        answer = await _answer(transport, handle)
        try:
            link = open_answer(shown, device.new.box, answer)
        except ProtocolError as error:
            raise Unsafe("the answer is not of a device that has scanned this code", error.code) from error
        return await _return(local, transport, RecipientKeys(link.seed), device, link, clock)


@contextlib.asynccontextmanager
async def _entering(base: str, folder: Path) -> AsyncIterator[tuple[Local, Transport]]:
    """A new profile and the way to the server; what comes to nothing leaves no profile."""
    local = Local(folder, create=True)
    transport = Transport(base)
    try:
        yield local, transport
    except BaseException:
        local.destroy()
        raise
    finally:
        await transport.close()
    local.close()


async def _answer(transport: Transport, handle: dict[str, bytes]) -> bytes:
    while True:
        try:
            answer = await transport.call("offer_answer", api.OfferAnswer, ids=handle)
        except NotAllowed as error:
            if error.code == "not_found":
                raise NotAllowed("nobody has taken the code in time; show a new one", "expired") from error
            raise
        if answer.box is not None:
            return answer.box
        await asyncio.sleep(POLL_S)


async def _found(local: Local, transport: Transport, link: SetupLink, name: str, label: str, clock: Clock) -> Joined:
    info = await transport.call("setup_info", api.SetupInfo, ids={"secret": link.secret})
    device, recovery, seed = _Device(label), os.urandom(16), os.urandom(32)
    profile = Profile(name or info.owner_name or "Inhaberin").seal(os.urandom(16))
    organisation_profile = Profile(info.organisation_name).seal(os.urandom(16))
    made = author_user.genesis(b"", device.new, RecipientKeys(recovery), profile, seed, clock(), os.urandom)
    me = author.Author(made.state, next(iter(made.state.devices)), device.new.key)
    founded = author.found_organisation(me, organisation_profile, clock(), os.urandom)
    body = api.Setup(
        secret=link.secret,
        user_genesis=made.data,
        organisation_genesis=founded.data,
        boxes=sealed(made.boxes),
        profile=profile,
        organisation_profile=organisation_profile,
    )
    await transport.call("setup", api.Joined, body)
    _keep(local, transport.base, founded.state, [founded.data], made.state, {made.state.id: [made.data]}, device)
    _keep_seeds(local, {1: seed})
    _keep_profile(local, made.state.id, profile)
    return Joined(founded.state.id, made.state.id, me.device, encode_recovery(recovery))


async def _enrol(local: Local, transport: Transport, link: InviteLink, name: str, label: str, clock: Clock) -> Joined:
    if not name:
        raise Usage("please give your name with --name")
    device, recovery, seed = _Device(label), os.urandom(16), os.urandom(32)
    profile = Profile(name).seal(os.urandom(16))
    # Asked before anything is signed: the answer also says what time it is.
    state, statements, chains = await _invitation(transport, link)
    made = author_user.genesis(
        link.organisation, device.new, RecipientKeys(recovery), profile, seed, clock(), os.urandom
    )
    me = author.Author(made.state, next(iter(made.state.devices)), device.new.key)
    for _ in range(RACES):
        try:
            enrolled = author.enrol(state, me, link.invite, link.seed, clock())
        except ProtocolError as error:
            raise NotAllowed("the invitation is used up, revoked or expired", error.code) from error
        body = api.Join(user_genesis=made.data, enrolment=enrolled.data, boxes=sealed(made.boxes), profile=profile)
        try:
            await transport.call("join", api.Joined, body)
        except NotAllowed as error:
            if error.code == "stale":
                state, statements, chains = await _invitation(transport, link)
                continue
            raise
        chains[made.state.id] = [made.data]
        _keep(local, transport.base, enrolled.state, [*statements, enrolled.data], made.state, chains, device)
        _keep_seeds(local, {1: seed})
        _keep_profile(local, made.state.id, profile)
        return Joined(enrolled.state.id, made.state.id, me.device, encode_recovery(recovery))
    raise SdkError("too many people are joining at once; please try again")


async def _invitation(
    transport: Transport, link: InviteLink
) -> tuple[OrganisationState, list[bytes], dict[bytes, list[bytes]]]:
    """The organisation, its statements and its people's chains, found to fit the link."""
    answer = await transport.call("invitation", api.Invitation, ids={"invite": link.invite})
    users, chains = _people(answer.users)
    state = replay_organisation(answer.organisation, users)
    if state is None or state.id != link.organisation:
        raise Unsafe("the server shows another organisation than the link", "organisation_mismatch")
    found = state.invites.get(link.invite)
    if found is None or found.invite.key != SigningKey(link.seed).public:
        raise Unsafe("the invitation is not in the organisation's history", "invite_unknown")
    return state, answer.organisation, chains


async def _return(
    local: Local, transport: Transport, keys: RecipientKeys, device: _Device, link: DeviceLink | None, clock: Clock
) -> Joined:
    """Add this device with a recovery code or (with its link) a ticket."""
    for _ in range(RACES):
        found = await transport.call("recovery", api.Recovery, ids={"handle": keys.handle})
        user = replay_user(found.user_chain)
        if user is None or user.id != found.user or (link is not None and user.id != link.user):
            raise Unsafe("the server shows another person's keys", "chain_swapped")
        if keys.id not in user.recovery and keys.id not in user.tickets:
            raise NotAllowed("the code is used up or was replaced", "expired")
        users, chains = _people(found.users)
        users[user.id] = user
        state = replay_organisation(found.organisation, users)
        if state is None or state.role(user.id) is None or user.organisation not in (b"", state.id):
            raise Unsafe("the server shows another organisation", "organisation_mismatch")
        if link is not None and not (
            state.id == link.organisation and state.knows(link.organisation_head) and user.knows(link.user_head)
        ):
            raise Unsafe("the server shows an older history than the link", "chain_shortened")
        try:
            seed = open_seed(keys.box, user, keys.id, found.box)
            seeds = all_seeds(user, seed)
            signer = SignerRef(user.id, recipient=keys.id)
            made = author_user.add_device(user, signer, keys.key, device.new, seed, clock(), os.urandom)
        except ProtocolError as error:
            if error.code == "ticket_expired":
                raise NotAllowed("the code has expired; make a new one", "expired") from error
            raise Unsafe("the sealed keys do not fit together", error.code) from error
        body = api.UserStatement(statement=made.data, boxes=sealed(made.boxes))
        try:
            await transport.call("recover", api.Extended, body, ids={"handle": keys.handle})
        except NotAllowed as error:
            if error.code == "stale":
                continue
            raise
        chains[user.id] = [*found.user_chain, made.data]
        _keep(local, transport.base, state, found.organisation, made.state, chains, device)
        _keep_seeds(local, seeds)
        return Joined(state.id, user.id, device.id, "")
    raise SdkError("the account is changing elsewhere; please try again")


def _people(chains: dict[str, list[bytes]]) -> tuple[dict[bytes, UserState], dict[bytes, list[bytes]]]:
    users: dict[bytes, UserState] = {}
    kept: dict[bytes, list[bytes]] = {}
    for name, statements in chains.items():
        state = replay_user(statements)
        if state is None or state.id.hex() != name:
            raise Unsafe("the server shows another person's keys", "chain_swapped")
        users[state.id] = state
        kept[state.id] = statements
    return users, kept


def _keep(
    local: Local,
    base: str,
    organisation: OrganisationState,
    statements: list[bytes],
    me: UserState,
    chains: dict[bytes, list[bytes]],
    device: "_Device",
) -> None:
    with local.transaction():
        for chain, data in ((organisation.id, statements), *chains.items()):
            for number, statement in enumerate(data):
                local.extend_chain(chain, number, statement)
        for key, value in (
            ("organisation", organisation.id),
            ("user", me.id),
            ("device", device.id),
            ("device_seed", device.seed),
            ("device_box_seed", device.box_seed),
            ("base", base.encode()),
        ):
            local.put(key, value)


def _keep_seeds(local: Local, seeds: dict[int, bytes]) -> None:
    for generation, seed in seeds.items():
        local.run("INSERT INTO seed (generation, seed) VALUES (?, ?) ON CONFLICT DO NOTHING", generation, seed)


def _keep_profile(local: Local, user: bytes, profile: bytes) -> None:
    local.run("INSERT INTO profile (user, profile, verified) VALUES (?, ?, 0)", user, profile)
