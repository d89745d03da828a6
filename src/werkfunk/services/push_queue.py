"""What waits to be posted to push services: bounded, one entry a device and topic, tried again with growing pauses.

A newer notice of the same device and topic takes the place of one that still waits: who looks again after an hour
needs to hear of a conversation once. Kept in memory only: a push is a knock on the door, the message itself is in the log.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from werkfunk.adapters.push_sender import Answer, Posting, Target

QUEUE_MAX = 10_000
AT_ONCE = 16
PAUSES_S: tuple[float, ...] = (2, 10, 60, 300, 900)
PAUSE_MAX_S = 3_600

Key = tuple[bytes, str]
"""Device and topic."""
Post = Callable[[Target, Posting], Awaitable[Answer]]
Find = Callable[[bytes], Target | None]
"""The device's subscription now, or None: it may be gone since the notice was queued."""
Ended = Callable[[bytes, Target, str, int], None]
"""Device, target, result (`sent`, `gone`, `refused`, `retried`, `dropped`) and status."""


@dataclass(slots=True)
class _Job:
    posting: Posting
    tries: int = 0


class PushQueue:
    """See the module."""

    def __init__(self, post: Post, find: Find, ended: Ended, pauses: tuple[float, ...] = PAUSES_S) -> None:
        self._post = post
        self._find = find
        self._ended = ended
        self._pauses = pauses
        self._loop = asyncio.get_running_loop()
        self._ready: OrderedDict[Key, _Job] = OrderedDict()
        self._paused: dict[Key, tuple[_Job, asyncio.TimerHandle]] = {}
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._behind: dict[Key, Posting] = {}
        """What is to follow the posting of the same key that runs now."""
        self._closing = False

    def __len__(self) -> int:
        return len(self._ready) + len(self._paused) + len(self._behind)

    def put(self, device: bytes, posting: Posting) -> bool:
        """Queue a posting; False when there is no room."""
        key = device, posting.topic
        if self._closing:
            return False
        if key in self._paused:
            # The pause that the service needs still counts.
            self._paused[key][0].posting = posting
        elif key in self._ready:
            self._ready[key].posting = posting
        elif key in self._behind:
            self._behind[key] = posting
        elif len(self) >= QUEUE_MAX:
            return False
        elif key in self._running:
            self._behind[key] = posting
        else:
            self._ready[key] = _Job(posting)
            self._start()
        return True

    def forget(self, device: bytes) -> None:
        """Drop what waits for a device."""
        for waiting in (self._ready, self._behind):
            for key in [key for key in waiting if key[0] == device]:
                del waiting[key]
        for key in [key for key in self._paused if key[0] == device]:
            self._paused.pop(key)[1].cancel()

    def _start(self) -> None:
        while self._ready and len(self._running) < AT_ONCE:
            key, job = self._ready.popitem(last=False)
            self._running[key] = self._loop.create_task(self._run(key, job))

    async def _run(self, key: Key, job: _Job) -> None:
        target = self._find(key[0])
        again: float | None = None
        try:
            if target is not None:
                again = self._settle(key[0], job, target, await self._post(target, job.posting))
        finally:
            del self._running[key]
            newer = self._behind.pop(key, None)
            if again is not None:
                later = _Job(newer or job.posting, job.tries + 1)
                self._paused[key] = later, self._loop.call_later(again, self._resume, key)
            elif newer is not None:
                self._ready[key] = _Job(newer)
            self._start()

    def _resume(self, key: Key) -> None:
        self._ready[key] = self._paused.pop(key)[0]
        self._start()

    def _settle(self, device: bytes, job: _Job, target: Target, answer: Answer) -> float | None:
        """Tell the result; gives the pause before the next try, or None when this was the last."""
        if not answer.later:
            done = 200 <= answer.status < 300
            self._ended(device, target, "sent" if done else "gone" if answer.gone else "refused", answer.status)
            return None
        if job.tries >= len(self._pauses) or self._closing:
            self._ended(device, target, "dropped", answer.status)
            return None
        self._ended(device, target, "retried", answer.status)
        return max(self._pauses[job.tries], min(answer.retry_after, PAUSE_MAX_S))

    async def close(self, seconds: float) -> None:
        """Give what is due `seconds` to leave, drop the rest."""
        self._closing = True
        for _, timer in self._paused.values():
            timer.cancel()
        self._paused.clear()
        ends = self._loop.time() + seconds
        while self._running and self._loop.time() < ends:
            await asyncio.wait(list(self._running.values()), timeout=ends - self._loop.time())
        self._ready.clear()
        self._behind.clear()
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
