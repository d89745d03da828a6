"""Live places: where somebody is, for a while, in a slot that the next one overwrites (docs/protocol.md, 7). [M40]"""

from collections.abc import Mapping
from dataclasses import dataclass

from werkfunk.protocol.cbor import Value
from werkfunk.protocol.content import LATITUDE, LONGITUDE
from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.records import Record, at, uint

POLICY = "live_location"
"""The organisation's policy: 1 allows live places, anything else and nothing said forbids them."""
LONGEST_MS = 16 * 3_600_000
"""The furthest end of a live place: no working day is longer."""


@dataclass(frozen=True, slots=True)
class LivePlace(Record):
    """Degrees times 10^7, accuracy in cm; `ends` and `time` in ms since 1970 UTC. `ends` 0: it is over, and says no place."""

    ends: int = at(3, uint)
    time: int = at(4, uint)
    latitude: int | None = at(0, LATITUDE, optional=True)
    longitude: int | None = at(1, LONGITUDE, optional=True)
    accuracy: int | None = at(2, uint, optional=True)


def read_live_place(value: Value) -> LivePlace:
    """Read a slot's value.

    Raises:
        EncodingRefused: `record_form`; `place_form`: a place without an end, an end without a place, or too far ahead.
    """
    place = LivePlace.from_map(value)
    if place.ends == 0:
        right = place.latitude is None and place.longitude is None and place.accuracy is None
    else:
        right = place.latitude is not None and place.longitude is not None and 0 < place.ends - place.time <= LONGEST_MS
    if not right:
        raise EncodingRefused("place_form")
    return place


def allowed(policies: Mapping[str, int | str]) -> bool:
    """Whether the organisation allows live places. Whether anybody shares one, each person decides anew every time."""
    return policies.get(POLICY) == 1
