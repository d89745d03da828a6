"""Sends what waits for gateways: held by one node at a time, tried again with growing pauses, given up after a while.

A message whose sender dies in the middle is tried again under the same id (the mail's Message-ID, the request's
Idempotency-Key): for an alarm, twice is better than never.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import msgspec

from werkfunk.adapters.clock import Clock
from werkfunk.adapters.outgoing import TIMEOUT_S, Outside, SendFailed
from werkfunk.domain import gateways
from werkfunk.domain.alarms import OPEN
from werkfunk.domain.gateways import Contact
from werkfunk.services.alarm_settings import AlarmSettings, StoredGateway
from werkfunk.services.pulse import Pulse, seconds_until
from werkfunk.storage.alarms import FAILED, SENT, WAITING, AlarmStore, SendRow

AT_ONCE = 20
ATTEMPTS = 6
PAUSE_MS = 5_000
HOLD_MS = (TIMEOUT_S + 10) * 1_000


class AlarmSender:
    """See the module."""

    def __init__(
        self,
        store: AlarmStore,
        settings: AlarmSettings,
        outside: Outside,
        clock: Clock,
        fault: Callable[[BaseException], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._outside = outside
        self._clock = clock
        self._fault = fault
        self.pulse = Pulse(self.turn, fault)
        """Runs the turns."""
        self.settled: Callable[[bytes], None] = lambda alarm: None
        """Told of the alarm when one of its messages has gone out or failed for good."""

    async def turn(self) -> float:
        """Send all that is to be sent now; gives the seconds until the next look."""
        while True:
            now = self._clock()
            batch = await self._store.claim(now, now + HOLD_MS, AT_ONCE)
            if not batch:
                break
            stored = await self._settings.stored_gateways()
            await asyncio.gather(*(self._one(send, stored) for send in batch))
        return seconds_until(await self._store.next_send(), self._clock())

    async def _one(self, send: SendRow, stored: dict[bytes, StoredGateway]) -> None:
        try:
            await self._deliver(send, stored.get(send.gateway))
            outcome = replace(send, state=SENT, error="")
        except SendFailed as error:
            if error.again and send.attempts < ATTEMPTS:
                pause = PAUSE_MS * 2 ** (send.attempts - 1)
                await self._store.settle(replace(send, state=WAITING, time=self._clock() + pause, error=error.code))
                return
            outcome = replace(send, state=FAILED, error=error.code)
        except Exception as error:
            self._fault(error)
            outcome = replace(send, state=FAILED, error="internal")
        await self._store.settle(replace(outcome, time=self._clock()))
        self.settled(send.alarm)

    async def _deliver(self, send: SendRow, stored: StoredGateway | None) -> None:
        row = await self._store.get(send.alarm)
        if row is None or row.state.status not in OPEN:
            raise SendFailed("ended", again=False)
        if stored is None:
            raise SendFailed("no_gateway", again=False)
        person = (await self._store.people([send.user])).get(send.user)
        contact = msgspec.json.decode(person.contact, type=Contact) if person and person.contact else Contact()
        to = contact.address(stored.gateway.channel)
        if to is None:
            raise SendFailed("no_contact", again=False)
        text = gateways.text(row.level, drill=row.drill)
        await self._outside.send(stored.gateway, stored.secret, to, text, int(row.level), send.id.hex())
