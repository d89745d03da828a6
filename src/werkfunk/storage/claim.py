"""One server for a data folder: two would each number a conversation's messages by themselves (docs/decisions/0003)."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from werkfunk.storage.store import StoreError


class InUse(StoreError):
    """Another server works with this data folder."""


@contextmanager
def claimed(data: Path) -> Iterator[None]:
    """Hold the folder. The system gives it back when the process ends, however it ends. Raises InUse."""
    with (data / "server.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"another Werkfunk runs with {data}; stop it first, or name another folder") from None
        yield
