"""Rates are for each device: one that floods is told so, a second one of the same address notices nothing."""

from collections.abc import AsyncIterator

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
