"""The clock, handed in wherever time matters, so that tests can jump it."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Milliseconds since 1970 UTC."""


def system_clock() -> int:
    """The machine's clock, in ms."""
    return time.time_ns() // 1_000_000
