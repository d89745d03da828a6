"""Each proof once; a device that floods is refused by itself; what is void is forgotten."""

import pytest

from werkfunk.domain.errors import Code, Failure
from werkfunk.services.replays import Replays

LOUD, QUIET = b"l" * 16, b"q" * 16


def name(number: int) -> bytes:
    return number.to_bytes(32, "little")


def refused(replays: Replays, device: bytes, number: int, period: int, now: int) -> Code | None:
    try:
        replays.once(device, name(number), period, now)
    except Failure as failure:
        return failure.code
    return None


def test_a_proof_is_taken_once_while_its_nonce_is_taken() -> None:
    replays = Replays(10)
    assert refused(replays, QUIET, 1, 5, 5) is None
    assert refused(replays, QUIET, 1, 5, 5) is Code.PROOF_REPLAYED
    assert refused(replays, QUIET, 1, 5, 6) is Code.PROOF_REPLAYED
    assert refused(replays, LOUD, 1, 5, 6) is None, "another device's"


def test_a_flood_of_one_device_stops_nobody_else() -> None:
    replays = Replays(1_000)
    assert [refused(replays, LOUD, n, 1, 1) for n in range(1_000)] == [None] * 1_000
    assert refused(replays, LOUD, 1_001, 1, 1) is Code.RATE_LIMITED
    assert refused(replays, LOUD, 3, 1, 1) is Code.PROOF_REPLAYED, "none is forgotten for it"
    assert refused(replays, QUIET, 1_001, 1, 1) is None
    assert refused(replays, LOUD, 1_001, 2, 2) is None, "the next nonce is free"


def test_void_periods_are_forgotten() -> None:
    replays = Replays(10)
    for period in range(100):
        replays.once(QUIET, name(0), period, period)
    assert len(replays._used) == 2


def test_most_is_for_each_device() -> None:
    replays = Replays(1)
    for number in range(1_000):
        replays.once(number.to_bytes(16, "big"), name(0), 1, 1)
    with pytest.raises(Failure):
        replays.once(bytes(16), name(1), 1, 1)
