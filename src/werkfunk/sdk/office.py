"""The organisation and the own devices: invitations, roles, further devices, verification of people."""

import os
from collections.abc import Sequence

from werkfunk.domain.roles import Role
from werkfunk.protocol import author, author_user
from werkfunk.protocol import organisation as org
from werkfunk.protocol.boxes import check_box_public
from werkfunk.protocol.codes import verification_number
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.identity import Profile, RecipientKeys
from werkfunk.protocol.links import DeviceLink, InviteLink, OfferLink, parse_url, to_url
from werkfunk.protocol.offers import check_offer, offer_handle, seal_answer
from werkfunk.protocol.records import Record
from werkfunk.protocol.seeds import open_label
from werkfunk.protocol.statements import Empty
from werkfunk.sdk.account import sealed
from werkfunk.sdk.core import RACES, Core
from werkfunk.sdk.errors import NotAllowed, SdkError, Unsafe, Usage
from werkfunk.sdk.statements import refused
from werkfunk.wire import api

TICKET_MS = 14 * 60 * 1000


class Office:
    """See the module."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def invite(self, role: Role, uses: int, expires: int) -> str:
        """An invitation's link; `expires` in ms."""
        await self._core.chains.refresh()
        seed = os.urandom(32)
        for attempt in range(RACES):
            try:
                made, invite = author.invite(
                    self._core.chains.founded, self._core.keys.author(), seed, role, uses, expires, self._core.clock()
                )
            except ProtocolError as error:
                raise refused(error) from error
            if await self._extend_organisation(made.data, last=attempt == RACES - 1):
                return to_url(self._core.transport.base, InviteLink(self._core.chains.founded.id, invite, seed))
        raise SdkError("the organisation keeps changing; please try again")

    def invites(self) -> dict[bytes, org.OpenInvite]:
        """Invitations that still let people in, by their hash."""
        state = self._core.chains.founded
        time = max(self._core.clock(), state.clock)
        return {
            name: found
            for name, found in state.invites.items()
            if not found.revoked and found.used < found.invite.uses and found.invite.expires > time
        }

    async def withdraw(self, invite: bytes) -> None:
        """Withdraw an invitation: nobody comes in by it any more."""
        await self._organisation(org.InviteRevoked(invite))

    async def remove_person(self, user: bytes) -> None:
        """Remove a person from the organisation."""
        await self._organisation(org.Removed(user))

    async def change_role(self, user: bytes, role: Role) -> None:
        """Give a person another role."""
        await self._organisation(org.RoleChanged(user, role))

    async def set_policies(self, policies: dict[str, int | str]) -> None:
        """Set policies of the organisation; those not named stay. Everybody sees the statement."""
        await self._organisation(org.PolicySet(policies))

    async def set_archive(self, holders: Sequence[bytes]) -> None:
        """Switch the archive on with its three holders, or off with none; every conversation then makes new keys."""
        await self._organisation(org.ArchiveSet(bool(holders), tuple(holders)))

    async def _organisation(self, body: Record) -> None:
        await self._core.chains.refresh()
        for attempt in range(RACES):
            try:
                made = author.extend_organisation(
                    self._core.chains.founded, self._core.keys.author(), self._core.clock(), body
                )
            except ProtocolError as error:
                raise refused(error) from error
            if await self._extend_organisation(made.data, last=attempt == RACES - 1):
                return

    async def _extend_organisation(self, data: bytes, *, last: bool) -> bool:
        body = api.OrganisationStatement(statement=data)
        try:
            await self._core.transport.call("extend_organisation", api.Extended, body)
        except NotAllowed as error:
            if error.code != "stale" or last:
                raise
            await self._core.chains.refresh_organisation()
            return False
        await self._core.chains.refresh_organisation()
        return True

    def devices(self) -> list[tuple[bytes, str, str]]:
        """The person's devices: (id, label, "active" or "revoked")."""
        state = self._core.chains.users[self._core.keys.user]
        seeds = self._core.keys.seeds()
        return [
            (name, open_label(seeds, device.record), "active" if device.revoked is None else "revoked")
            for name, device in state.devices.items()
        ]

    async def add_device(self) -> str:
        """A link that lets one further device join within a quarter of an hour."""
        return to_url(self._core.transport.base, await self._ticket())

    async def take_device(self, code: str) -> None:
        """Let in the device that shows this code. [M42]

        Raises:
            Usage: not such a code, of another server, or with broken keys. NotAllowed: it is not shown any more.
            Unsafe: other keys.
        """
        try:
            base, shown = parse_url(code)
        except ProtocolError as error:
            raise Usage("this is not a device's code, or it was cut off") from error
        if not isinstance(shown, OfferLink) or base != self._core.transport.base:
            raise Usage("this is not the code of a device that waits at this server")
        handle = {"handle": offer_handle(shown)}
        offered = await self._core.transport.call("offer", api.Offer, ids=handle)
        try:
            check_offer(shown, offered.signing, offered.box)
        except ProtocolError as error:
            raise Unsafe("the server shows other keys than the device does", error.code) from error
        try:
            check_box_public(offered.box)
        except ProtocolError as error:
            # These are the keys that the code stands for: it is the new device that made them wrong, not the server.
            raise Usage("the new device's keys are broken; show a new code there", error.code) from error
        answer = seal_answer(shown, offered.box, await self._ticket())
        await self._core.transport.call("answer_offer", api.Empty, api.OfferAnswer(box=answer), ids=handle)

    async def _ticket(self) -> DeviceLink:
        await self._core.chains.refresh()
        me = self._core.keys.author()
        seed = os.urandom(16)
        ticket = RecipientKeys(seed)
        try:
            made = author_user.open_ticket(
                me.user,
                me.ref,
                me.key,
                ticket,
                await self._core.keys.seed(),
                max(self._core.clock(), me.user.clock) + TICKET_MS,
                self._core.clock(),
            )
        except ProtocolError as error:
            raise refused(error) from error
        await self._extend_user(made)
        organisation = self._core.chains.founded
        return DeviceLink(organisation.id, organisation.head, made.state.id, made.state.head, seed)

    async def revoke_device(self, device: bytes) -> None:
        """Revoke a device: new box keys for the person, and a mark in the organisation's chain."""
        await self._core.chains.refresh()
        me = self._core.keys.author()
        fresh = os.urandom(32)
        try:
            made = author_user.revoke_device(
                me.user, me.ref, me.key, device, (await self._core.keys.seed(), fresh), self._core.clock(), os.urandom
            )
        except ProtocolError as error:
            raise refused(error) from error
        await self._extend_user(made)
        self._core.local.run(
            "INSERT INTO seed (generation, seed) VALUES (?, ?) ON CONFLICT DO NOTHING", made.state.box.number, fresh
        )
        await self._organisation(Empty())

    async def set_profile(self, profile: Profile, picture: bytes | None = None) -> None:
        """Take another name or picture; `picture` is the sealed one that the profile names, where it is new."""
        me = self._core.keys.author()
        signed = profile.seal(os.urandom(16))
        made = author_user.change_profile(me.user, me.ref, me.key, signed, self._core.clock())
        await self._extend_user(made, signed, picture)
        await self._core.chains.refresh()

    async def _extend_user(
        self, made: author_user.Made, profile: bytes | None = None, picture: bytes | None = None
    ) -> None:
        body = api.UserStatement(statement=made.data, boxes=sealed(made.boxes), profile=profile, picture=picture)
        await self._core.transport.call("extend_user", api.Extended, body)
        with self._core.local.transaction():
            self._core.chains.keep_user(made.state, [made.data])

    def verification_number(self, user: bytes) -> str:
        """The number that this person's devices show too."""
        return verification_number(self._core.chains.founded.id, self._core.keys.user, user)

    def verify(self, user: bytes, number: str) -> None:
        """Mark a person as verified. Raises Unsafe if the number is another."""
        if "".join(number.split()) != "".join(self.verification_number(user).split()):
            raise Unsafe("the number is not the same: this may not be the person you think", "verification_mismatch")
        self._core.local.run(
            "INSERT INTO profile (user, profile, verified) VALUES (?, ?, 1)"
            " ON CONFLICT (user) DO UPDATE SET verified = 1",
            user,
            b"",
        )

    def is_verified(self, user: bytes) -> bool:
        """Whether the person was marked as verified."""
        row = self._core.local.row("SELECT verified FROM profile WHERE user = ?", user)
        return bool(row and row[0])
