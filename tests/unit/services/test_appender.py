"""The append queue: bounded, in order, many at a time, and nothing more once it closes."""

from pathlib import Path

import pytest

from werkfunk.domain.errors import Code, Failure
from werkfunk.protocol.kdf import sha256
from werkfunk.services.appender import BATCH_MAX, QUEUE_MAX, Appender
from werkfunk.storage.keys import Keys
from werkfunk.storage.sqlite.store import SqliteStore
from werkfunk.storage.store import Append, Appended, StatementWrite

ROOM, DEVICE = b"r" * 16, b"d" * 16


def item(number: int) -> Append:
    data = number.to_bytes(8, "big")
    write = StatementWrite(create=True, generation=1) if number == 0 else None
    return Append(
        ROOM, DEVICE, number.to_bytes(16, "big"), int(number == 0), number, data, sha256(data), statement=write
    )


async def test_a_full_queue_is_busy_and_takes_again_when_it_is_written(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, Keys(bytes(32)))
    results: list[Appended | Failure] = []
    batches: list[int] = []
    appender = Appender(store, lambda: batches.append(len(results)), lambda error: pytest.fail(str(error)))
    for number in range(QUEUE_MAX):
        appender.submit(item(number), results.append)
    with pytest.raises(Failure) as busy:
        appender.submit(item(QUEUE_MAX), results.append)
    assert busy.value.code is Code.BUSY
    assert results == []
    running = appender._running
    assert running is not None
    await running
    assert [result.seq for result in results if isinstance(result, Appended)] == list(range(1, QUEUE_MAX + 1))
    assert batches == list(range(BATCH_MAX, QUEUE_MAX + 1, BATCH_MAX))
    appender.submit(item(QUEUE_MAX), results.append)
    await appender.close()
    last = results[-1]
    assert isinstance(last, Appended)
    assert last.seq == QUEUE_MAX + 1
    with pytest.raises(Failure) as closed:
        appender.submit(item(QUEUE_MAX + 1), results.append)
    assert closed.value.code is Code.UNAVAILABLE
    await store.close()
