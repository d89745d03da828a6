"""Rates are for each device: one that floods is told so, a second one of the same address notices nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from faults.test_slow_reader import seal
from malicious.conftest import Firm, founded
from werkfunk.protocol.events import parse_event
from werkfunk.wire import frames

from .raw import code, once, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
BURST = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slow(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firm]:
    settings = {"events_per_second": 1, "events_burst": BURST, "requests_per_second": 1, "requests_burst": BURST}
    async with founded(tmp_path_factory.mktemp("slow"), **settings) as firm:
        yield firm


async def test_messages(slow: Firm) -> None:
    anna, bernd = slow.clients["Anna"], slow.clients["Bernd"]
    one, other = await signed_in(anna), await signed_in(bernd)
    events = [seal(anna, slow.group, str(number)) for number in range(3 * BURST)]
    for event in events:
        await one.send(frames.Send(event))
    answers = {}
    while len(answers) < len(events):
        frame = await one.next()
        if isinstance(frame, frames.Ack):
            answers[frame.message_id] = "ack"
        elif isinstance(frame, frames.Refused):
            answers[frame.reference] = frame.code
    given = [answers[parse_event(event).header.message_id] for event in events]
    assert given[0] == "ack"
    assert set(given) == {"ack", "rate_limited"}
    await other.send(frames.Send(seal(bernd, slow.group, "ich bin nicht gemeint")))
    while isinstance(answer := await other.next(), frames.Event):
        pass
    assert isinstance(answer, frames.Ack)
    await one.send(frames.Ping(1))
    assert (await one.until(frames.Pong)).value == 1, "too fast is no reason to close"
    for wire in (one, other):
        await wire.socket.close()


async def test_requests(slow: Firm) -> None:
    bernd, clara = slow.clients["Bernd"], slow.clients["Clara"]
    for _ in range(20 * BURST):
        answer = await once(bernd, "GET", "/v1/people")
        if answer.status_code != 200:
            break
    assert (answer.status_code, code(answer)) == (429, "rate_limited")
    assert (await once(clara, "GET", "/v1/people")).status_code == 200


async def test_requests_of_an_address_that_is_not_signed_in(slow: Firm) -> None:
    async with httpx.AsyncClient(base_url=slow.base, trust_env=False) as http:
        for path in ("/v1/people", "/v1/maps"):
            for _ in range(20 * BURST):
                answer = await http.get(path)
                if answer.status_code == 429:
                    break
            assert code(answer) == "rate_limited"
    assert (await once(slow.clients["Clara"], "GET", "/v1/people")).status_code == 200, "a device at the same address"


async def refused(http: httpx.AsyncClient, forwarded: str) -> bool:
    """Whether this address, as a proxy names it, may not ask any more."""
    answer = await http.get("/v1/people", headers={"X-Forwarded-For": forwarded})
    return answer.status_code == 429


async def exhaust(http: httpx.AsyncClient, forwarded: str) -> None:
    for _ in range(20 * BURST):
        if await refused(http, forwarded):
            return
    raise AssertionError("never refused")


async def shares(http: httpx.AsyncClient, forwarded: str) -> bool:
    """Whether this address stands on what another one has used up: meanwhile a little has come back, a share is BURST."""
    for _ in range(BURST // 2):
        if await refused(http, forwarded):
            return True
    return False


async def test_behind_a_proxy_each_address_has_its_own_rate(slow: Firm) -> None:
    async with httpx.AsyncClient(base_url=slow.base, trust_env=False) as http:
        await exhaust(http, "203.0.113.5")
        assert not await refused(http, "203.0.113.6")
        assert await shares(http, "198.51.100.1, 203.0.113.5"), "what the client itself wrote stands before"
        await exhaust(http, "2001:db8:1:2::5")
        assert await shares(http, "2001:db8:1:2:ffff::6"), "the same /64"


async def test_a_header_from_anybody_else_counts_nothing(tmp_path: Path) -> None:
    settings = {"requests_per_second": 1, "requests_burst": BURST, "proxies": "192.0.2.1"}
    async with founded(tmp_path, **settings) as firm, httpx.AsyncClient(base_url=firm.base, trust_env=False) as http:
        await exhaust(http, "203.0.113.5")
        assert await shares(http, "203.0.113.6")
