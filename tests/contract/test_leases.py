"""A lease has one holder over all nodes, and frees itself when the holder has vanished."""

import asyncio

from werkfunk.storage.store import Store

from .test_store import ROOM, store

__all__ = ["store"]
ONE, OTHER = b"1" * 16, b"2" * 16


async def test_one_holder_at_a_time(store: Store) -> None:
    assert await store.take_lease(ROOM, ONE, 1_000, 2_000)
    assert not await store.take_lease(ROOM, OTHER, 1_999, 9_000)
    assert await store.take_lease(b"other", OTHER, 1_999, 9_000)


async def test_its_holder_prolongs_it_and_gives_it_back(store: Store) -> None:
    assert await store.take_lease(ROOM, ONE, 1_000, 2_000)
    assert await store.take_lease(ROOM, ONE, 1_500, 3_000)
    assert not await store.take_lease(ROOM, OTHER, 2_500, 9_000)
    await store.drop_lease(ROOM, OTHER)
    assert not await store.take_lease(ROOM, OTHER, 2_500, 9_000), "only its holder gives a lease back"
    await store.drop_lease(ROOM, ONE)
    assert await store.take_lease(ROOM, OTHER, 2_500, 9_000)


async def test_it_frees_itself_and_who_was_late_has_lost_it(store: Store) -> None:
    assert await store.take_lease(ROOM, ONE, 1_000, 2_000)
    assert await store.take_lease(ROOM, OTHER, 2_000, 3_000)
    assert not await store.take_lease(ROOM, ONE, 2_001, 4_000)


async def test_of_many_that_race_one_wins(store: Store) -> None:
    names = [bytes([n]) * 16 for n in range(20)]
    won = await asyncio.gather(*(store.take_lease(ROOM, name, 1_000, 2_000) for name in names))
    assert sum(won) == 1
