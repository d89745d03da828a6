"""Work whose next moment is known from what is stored: it sleeps until then, or is woken."""

import asyncio
from collections.abc import Awaitable, Callable

LOOK_S = 30
"""It looks at least so often: a wall clock may be set."""
LEAST_S = 0.01


class Pulse:
    """Does `turn` again and again; a turn gives the seconds until the next one. A turn that fails does not end it."""

    def __init__(self, turn: Callable[[], Awaitable[float]], fault: Callable[[BaseException], None]) -> None:
        self._turn = turn
        self._fault = fault
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    async def run(self) -> None:
        """Do what is due, for ever."""
        while True:
            self._woken.clear()
            wait = float(LOOK_S)
            try:
                wait = await self._turn()
            except Exception as error:
                self._fault(error)
            try:
                async with asyncio.timeout(wait):
                    await self._woken.wait()
            except TimeoutError:
                pass


def seconds_until(moment: int | None, now: int) -> float:
    """How long to sleep until a stored moment (ms), None: nothing waits."""
    if moment is None:
        return LOOK_S
    return min(LOOK_S, max(LEAST_S, (moment - now) / 1000))
