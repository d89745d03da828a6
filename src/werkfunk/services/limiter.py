"""Token buckets: so many at once, so many a second. Kept in memory only; addresses are never stored."""

from collections import OrderedDict
from collections.abc import Callable

KEYS_MAX = 10_000


class Limiter:
    """A bucket for each key; the oldest keys are forgotten."""

    def __init__(self, rate: float, burst: float, seconds: Callable[[], float]) -> None:
        """Allow `rate` a second and `burst` at once; `seconds` is a monotonic clock."""
        self._rate = rate
        self._burst = burst
        self._seconds = seconds
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def allow(self, key: object, cost: float = 1.0) -> bool:
        """Take `cost` from the key's bucket, if it is there."""
        now = self._seconds()
        level, since = self._buckets.pop(key, (self._burst, now))
        level = min(self._burst, level + (now - since) * self._rate)
        allowed = level >= cost
        self._buckets[key] = (level - cost if allowed else level, now)
        if len(self._buckets) > KEYS_MAX:
            self._buckets.popitem(last=False)
        return allowed
