"""Devices that wait to be scanned (docs/protocol.md, 11.1): their public keys, and the answers to them, by handle.

In memory only, for a quarter of an hour; who waits while the server restarts shows a new code. A handle is derived from
a nonce that only the new device and whoever scanned it know, so there is nothing to list and nothing to guess.
"""

from collections.abc import Callable
from dataclasses import dataclass

from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.limits import OFFERS_MAX, TICKET_MS
from werkfunk.wire import api


@dataclass(slots=True)
class _Waiting:
    offer: api.Offer
    ends: int
    box: bytes | None = None


class Offers:
    """See the module. `clock` gives ms."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._waiting: dict[bytes, _Waiting] = {}

    def put(self, handle: bytes, offer: api.Offer) -> api.Empty:
        """Leave a new device's keys. Raises Failure CONFLICT (other keys lie there) or BUSY."""
        self._forget()
        known = self._waiting.get(handle)
        if known is not None and known.offer != offer:
            raise Failure(Code.CONFLICT)
        if known is None:
            if len(self._waiting) >= OFFERS_MAX:
                raise Failure(Code.BUSY)
            self._waiting[handle] = _Waiting(offer, self._clock() + TICKET_MS)
        return api.Empty()

    def offer(self, handle: bytes) -> api.Offer:
        """The keys. Raises Failure NOT_FOUND."""
        return self._find(handle).offer

    def answer(self, handle: bytes, answer: api.OfferAnswer) -> api.Empty:
        """Leave the answer. Raises Failure NOT_FOUND, or CONFLICT: it has one already."""
        waiting = self._find(handle)
        if waiting.box is not None and waiting.box != answer.box:
            raise Failure(Code.CONFLICT)
        waiting.box = answer.box
        return api.Empty()

    def answered(self, handle: bytes) -> api.OfferAnswer:
        """The answer, without a box while there is none. Raises Failure NOT_FOUND."""
        return api.OfferAnswer(box=self._find(handle).box)

    def _find(self, handle: bytes) -> _Waiting:
        self._forget()
        found = self._waiting.get(handle)
        if found is None:
            raise Failure(Code.NOT_FOUND)
        return found

    def _forget(self) -> None:
        now = self._clock()
        # Added in the order of their ends.
        while self._waiting and (first := next(iter(self._waiting.items())))[1].ends <= now:
            del self._waiting[first[0]]
