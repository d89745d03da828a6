"""The append queue: everything that waits goes into one durable commit, then acks and fan-out (DESIGN section 3).

    submit -> queue -> [one commit at a time, on the store's thread] -> done(result) in order -> after the batch: flush

`done` is called with an Appended or a Failure, on the loop, after the commit, never inside a transaction. The queue is
bounded: beyond it a sender is told `busy` and nothing is taken.
"""

import asyncio
from collections.abc import Callable

from werkfunk.domain.errors import Code, Failure
from werkfunk.storage.store import Append, Appended, Store, StoreFull

QUEUE_MAX = 8_192
BATCH_MAX = 1_024

Done = Callable[[Appended | Failure], None]


class Appender:
    """See the module. `after_batch` is called when all of a commit's `done` have been called."""

    def __init__(self, store: Store, after_batch: Callable[[], None], fault: Callable[[BaseException], None]) -> None:
        self._store = store
        self._after_batch = after_batch
        self._fault = fault
        self._queue: list[tuple[Append, Done]] = []
        self._running: asyncio.Task[None] | None = None
        self._closing = False

    def submit(self, item: Append, done: Done) -> None:
        """Queue an event. Raises Failure BUSY or UNAVAILABLE when it is not taken."""
        if self._closing:
            raise Failure(Code.UNAVAILABLE)
        if len(self._queue) >= QUEUE_MAX:
            raise Failure(Code.BUSY)
        self._queue.append((item, done))
        if self._running is None:
            # A task starts at the next turn of the loop, so all that this turn brings shares the commit.
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._queue:
                batch = self._queue[:BATCH_MAX]
                del self._queue[:BATCH_MAX]
                await self._commit(batch)
        finally:
            self._running = None

    async def _commit(self, batch: list[tuple[Append, Done]]) -> None:
        results: list[Appended] | None = None
        failure = Failure(Code.INTERNAL)
        try:
            results = await self._store.append([item for item, _ in batch])
        except StoreFull:
            failure = Failure(Code.STORAGE_FULL)
        except Exception as error:
            self._fault(error)
        for index, (_, done) in enumerate(batch):
            try:
                done(results[index] if results is not None else failure)
            except Exception as error:
                self._fault(error)
        self._after_batch()

    async def close(self) -> None:
        """Take nothing more and finish what waits."""
        self._closing = True
        while self._running is not None:
            await self._running
