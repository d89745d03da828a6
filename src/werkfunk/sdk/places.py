"""Places: one sent as a message, and live ones, which others see for a while and nobody keeps (docs/protocol.md, 7).

A live place is shared anew by each call, always with an end. This device keeps none: `team` asks for the newest ones.
"""

import os
from dataclasses import dataclass

from werkfunk.protocol.content import Place
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import EventKind, Header, parse_event
from werkfunk.protocol.places import LONGEST_MS, POLICY, LivePlace, allowed, read_live_place
from werkfunk.protocol.slots import SlotType, open_slot, seal_slot, slot_tag
from werkfunk.sdk.account import now
from werkfunk.sdk.core import RACES, Core
from werkfunk.sdk.errors import NotAllowed, SdkError, Usage
from werkfunk.sdk.office import Office
from werkfunk.sdk.outbox import Outbox
from werkfunk.wire import api, frames

E7 = 10_000_000


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a person is: degrees, metres (0: not said), ms since 1970 UTC."""

    user: bytes
    latitude: float
    longitude: float
    accuracy: float
    time: int
    ends: int


class Places:
    """See the module."""

    def __init__(self, core: Core, office: Office, outbox: Outbox) -> None:
        self._core = core
        self._office = office
        self._outbox = outbox

    @property
    def allowed(self) -> bool:
        """Whether the organisation allows live places."""
        return allowed(self._core.chains.founded.policies)

    async def allow(self, wanted: bool) -> None:
        """Allow or forbid live places for everybody: a statement that all can see. Raises NotAllowed for members."""
        await self._office.set_policies({POLICY: int(wanted)})

    async def send(
        self, conversation: bytes, latitude: float, longitude: float, *, accuracy: float = 0, label: str = ""
    ) -> frames.Ack:
        """Send a place as a message: degrees, metres. Raises Usage for what is not on the earth, else as `send`."""
        north, east = _degrees(latitude, longitude)
        place = Place(north, east, round(accuracy * 100) or None, label or None)
        return await self._outbox.send(conversation, place)

    async def share(
        self, conversation: bytes, latitude: float, longitude: float, *, ends: int, accuracy: float = 0
    ) -> None:
        """Show the members where this person is, until `ends` (ms). Raises Usage, NotAllowed `location_forbidden`."""
        if not self.allowed:
            raise NotAllowed("the organisation does not allow sharing where one is", "location_forbidden")
        time = now()
        if not 0 < ends - time <= LONGEST_MS:
            raise Usage("sharing must end, within 16 hours", "place_form")
        north, east = _degrees(latitude, longitude)
        await self._write(conversation, LivePlace(ends, time, north, east, round(accuracy * 100) or None))

    async def stop(self, conversation: bytes) -> None:
        """Take the place away."""
        await self._write(conversation, LivePlace(0, now()))

    async def team(self, conversation: bytes) -> list[Spot]:
        """Where the members are who share it now, the newest first. Nobody while the organisation forbids it. [M40]"""
        await self._core.chains.refresh()
        if not self.allowed:
            return []
        state = await self._outbox.ready(conversation)
        parts = self._core.keys.parts(conversation, state.generation)
        assert parts is not None, "`ready` holds them"
        secret = parts.secret(conversation, state.generation)
        answer = await self._core.transport.call("slots", api.Slots, ids={"conversation": conversation})
        found: dict[bytes, tuple[int, Spot]] = {}
        for data in answer.events:
            try:
                user, slot = open_slot(secret, parse_event(data), state, self._core.chains.users, -1)
                if slot.type != SlotType.LIVE_PLACE or not state.is_member(user):
                    continue
                place = read_live_place(slot.value)
            except ProtocolError:
                # Of a newer version, or broken: the next one tells.
                continue
            if place.ends > now() and place.latitude is not None and place.longitude is not None:
                metres = (place.accuracy or 0) / 100
                spot = Spot(user, place.latitude / E7, place.longitude / E7, metres, place.time, place.ends)
                if slot.counter > found.get(user, (-1, spot))[0]:
                    found[user] = (slot.counter, spot)
        return sorted((spot for _, spot in found.values()), key=lambda spot: -spot.time)

    async def _write(self, conversation: bytes, place: LivePlace) -> None:
        me = self._core.keys
        for attempt in range(RACES):
            self._outbox.check_safe(conversation)
            state = await self._outbox.ready(conversation)
            parts = me.parts(conversation, state.generation)
            assert parts is not None, "`ready` holds them"
            secret = parts.secret(conversation, state.generation)
            tag = slot_tag(secret, conversation, state.generation, me.user, int(SlotType.LIVE_PLACE))
            message_id = os.urandom(16)
            header = Header(conversation, state.generation, me.device, message_id, EventKind.SLOT, tag)
            # Two devices of a person write the same slot: the time keeps the counter growing for both.
            event = seal_slot(
                secret, header, me.signing, state.newest.statement, self._core.chains.users[me.user].head,
                place.time, int(SlotType.LIVE_PLACE), place.to_map(), os.urandom(12),
            )  # fmt: skip
            try:
                await self._core.channel.send(frames.WriteSlot(event), message_id)
                return
            except NotAllowed as error:
                if error.code != "rekey_required" or attempt == RACES - 1:
                    raise
                await self._core.chains.refresh()
                await self._core.catch_up(conversation)
        raise SdkError("the conversation keeps changing; please try again")


def _degrees(latitude: float, longitude: float) -> tuple[int, int]:
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Usage("there is no such place on the earth", "place_form")
    return round(latitude * E7), round(longitude * E7)
