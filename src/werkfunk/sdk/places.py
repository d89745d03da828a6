"""Places: one sent as a message, and live ones, which others see for a while and nobody keeps (docs/protocol.md, 7).

A live place is shared anew by each call, always with an end. This device keeps none: `team` asks for the newest ones.
"""

from dataclasses import dataclass

from werkfunk.protocol.content import Place, Point
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.organisation import Ruling
from werkfunk.protocol.places import LONGEST_MS, POLICY, LivePlace, allowed, read_live_place
from werkfunk.protocol.slots import SlotType
from werkfunk.sdk.core import Core
from werkfunk.sdk.errors import NotAllowed, Usage
from werkfunk.sdk.office import Office
from werkfunk.sdk.outbox import Outbox
from werkfunk.sdk.slots import Slots
from werkfunk.wire import frames

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

    def __init__(self, core: Core, office: Office, outbox: Outbox, slots: Slots) -> None:
        self._core = core
        self._office = office
        self._outbox = outbox
        self._slots = slots

    @property
    def allowed(self) -> bool:
        """Whether the organisation allows live places."""
        return allowed(self._core.chains.founded.policies)

    def rulings(self) -> list[Ruling]:
        """Who has allowed or forbidden live places, and when; the newest first."""
        return [one for one in reversed(self._core.chains.founded.rulings) if one.policy == POLICY]

    async def allow(self, wanted: bool) -> None:
        """Allow or forbid live places for everybody: a statement that all can see. Raises NotAllowed for members."""
        await self._office.set_policies({POLICY: int(wanted)})

    async def send(
        self, conversation: bytes, latitude: float, longitude: float, *, accuracy: float = 0, label: str = ""
    ) -> frames.Ack:
        """Send a place as a message: degrees, metres. Raises Usage for what is not on the earth, else as `send`."""
        at = point(latitude, longitude)
        place = Place(at.latitude, at.longitude, round(accuracy * 100) or None, label or None)
        return await self._outbox.send(conversation, place)

    async def share(
        self, conversation: bytes, latitude: float, longitude: float, *, ends: int, accuracy: float = 0
    ) -> None:
        """Show the members where this person is, until `ends` (ms). Raises Usage, NotAllowed `location_forbidden`."""
        if not self.allowed:
            raise NotAllowed("the organisation does not allow sharing where one is", "location_forbidden")
        time = self._core.clock()
        if not 0 < ends - time <= LONGEST_MS:
            raise Usage("sharing must end, within 16 hours", "place_form")
        at = point(latitude, longitude)
        await self._write(conversation, LivePlace(ends, time, at.latitude, at.longitude, round(accuracy * 100) or None))

    async def stop(self, conversation: bytes) -> None:
        """Take the place away."""
        await self._write(conversation, LivePlace(0, self._core.clock()))

    async def team(self, conversation: bytes) -> list[Spot]:
        """Where the members are who share it now, the newest first. Nobody while the organisation forbids it. [M40]"""
        await self._core.chains.refresh()
        if not self.allowed:
            return []
        found: dict[bytes, tuple[int, Spot]] = {}
        async for user, slot in self._slots.newest(conversation, SlotType.LIVE_PLACE):
            try:
                place = read_live_place(slot.value)
            except ProtocolError:
                # Of a newer version, or broken: the next one tells.
                continue
            if place.ends > self._core.clock() and place.latitude is not None and place.longitude is not None:
                metres = (place.accuracy or 0) / 100
                spot = Spot(user, place.latitude / E7, place.longitude / E7, metres, place.time, place.ends)
                if slot.counter > found.get(user, (-1, spot))[0]:
                    found[user] = (slot.counter, spot)
        return sorted((spot for _, spot in found.values()), key=lambda spot: -spot.time)

    async def _write(self, conversation: bytes, place: LivePlace) -> None:
        await self._slots.write(conversation, SlotType.LIVE_PLACE, place.time, place.to_map())


def point(latitude: float, longitude: float) -> Point:
    """Degrees as the protocol has them. Raises Usage for what is not on the earth."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Usage("there is no such place on the earth", "place_form")
    return Point(round(latitude * E7), round(longitude * E7))
