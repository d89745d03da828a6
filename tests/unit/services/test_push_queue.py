"""The queue before the push services: bounded, collapsing, patient."""

import asyncio
from dataclasses import dataclass, field

import pytest

from werkfunk.adapters.push_sender import Answer, Posting, Target
from werkfunk.services import push_queue
from werkfunk.services.push_queue import PushQueue

DEVICE, OTHER = b"d" * 16, b"e" * 16
TARGET = Target("https://push.example/1", b"", b"")


def posting(text: str, topic: str = "t") -> Posting:
    return Posting(text.encode(), "high", 60, topic)


@dataclass
class Service:
    """Answers in order, then 201; `gate` holds every answer back."""

    answers: list[Answer] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    at_once: int = 0
    most: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    results: asyncio.Queue[tuple[str, int]] = field(default_factory=asyncio.Queue)
    targets: dict[bytes, Target] = field(default_factory=lambda: {DEVICE: TARGET, OTHER: TARGET})

    async def post(self, _: Target, posting: Posting) -> Answer:
        self.got.append(posting.payload.decode())
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await self.gate.wait()
        self.at_once -= 1
        return self.answers.pop(0) if self.answers else Answer(201)

    def queue(self, pauses: tuple[float, ...] = (0.0, 0.0)) -> PushQueue:
        def ended(_: bytes, __: Target, result: str, status: int) -> None:
            self.results.put_nowait((result, status))

        return PushQueue(self.post, self.targets.get, ended, pauses)


async def test_the_newest_of_a_topic_follows_the_one_that_runs() -> None:
    service = Service()
    queue = service.queue()
    for text in ("1", "2", "3"):
        assert queue.put(DEVICE, posting(text))
    await asyncio.sleep(0)
    for text in ("4", "5"):
        queue.put(DEVICE, posting(text))
    queue.put(DEVICE, posting("other", "u"))
    service.gate.set()
    for _ in range(3):
        assert await service.results.get() == ("sent", 201)
    assert sorted(service.got) == ["1", "5", "other"]
    assert len(queue) == 0


async def test_a_newer_one_takes_the_place_of_a_failed_one_and_waits_its_pause() -> None:
    service = Service([Answer(503), Answer(0)])
    queue = service.queue()
    queue.put(DEVICE, posting("old"))
    await asyncio.sleep(0)
    queue.put(DEVICE, posting("new"))
    service.gate.set()
    assert [(await service.results.get())[0] for _ in range(3)] == ["retried", "retried", "sent"]
    assert service.got == ["old", "new", "new"]


async def test_it_gives_up_after_the_last_pause() -> None:
    service = Service([Answer(500)] * 9)
    service.gate.set()
    queue = service.queue()
    queue.put(DEVICE, posting("x"))
    assert [(await service.results.get())[0] for _ in range(3)] == ["retried", "retried", "dropped"]
    assert len(queue) == 0


@pytest.mark.parametrize(
    ("answer", "result"),
    [(Answer(201), "sent"), (Answer(202), "sent"), (Answer(404), "gone"), (Answer(410), "gone"), (Answer(403), "refused"),
     (Answer(301), "refused"), (Answer(413), "refused")],
)  # fmt: skip
async def test_these_answers_end_it(answer: Answer, result: str) -> None:
    service = Service([answer])
    service.gate.set()
    service.queue().put(DEVICE, posting("x"))
    assert await service.results.get() == (result, answer.status)
    assert service.got == ["x"]


async def test_the_service_names_the_pause_but_not_for_ever() -> None:
    service = Service([Answer(429, 10**6)])
    service.gate.set()
    queue = service.queue((5.0,))
    queue.put(DEVICE, posting("x"))
    assert await service.results.get() == ("retried", 429)
    await asyncio.sleep(0)
    ((_, timer),) = queue._paused.values()
    assert 3_000 < timer.when() - asyncio.get_running_loop().time() <= push_queue.PAUSE_MAX_S
    queue.forget(DEVICE)
    assert len(queue) == 0
    assert timer.cancelled()


async def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_queue, "QUEUE_MAX", 10)
    service = Service()
    queue = service.queue()
    taken = [queue.put(DEVICE, posting("x", str(number))) for number in range(40)]
    await asyncio.sleep(0)
    assert taken == [True] * (10 + push_queue.AT_ONCE) + [False] * (30 - push_queue.AT_ONCE)
    service.gate.set()
    for _ in range(10 + push_queue.AT_ONCE):
        await service.results.get()
    assert service.most == push_queue.AT_ONCE


async def test_who_is_gone_in_the_meantime_hears_nothing() -> None:
    service = Service()
    queue = service.queue()
    for number in range(push_queue.AT_ONCE):
        queue.put(OTHER, posting("x", str(number)))
    queue.put(DEVICE, posting("secret"))
    del service.targets[DEVICE]
    service.gate.set()
    for _ in range(push_queue.AT_ONCE):
        await service.results.get()
    await asyncio.sleep(0)
    assert len(queue) == 0
    assert "secret" not in service.got


async def test_at_the_end_what_is_due_still_leaves_and_the_rest_is_dropped() -> None:
    service = Service([Answer(503)])
    service.gate.set()
    queue = service.queue((600.0,))
    queue.put(DEVICE, posting("later"))
    assert (await service.results.get())[0] == "retried"
    service.gate.clear()
    queue.put(OTHER, posting("now"))
    closing = asyncio.create_task(queue.close(60))
    await asyncio.sleep(0)
    service.gate.set()
    await closing
    assert service.got == ["later", "now"]
    assert await service.results.get() == ("sent", 201)
    assert not queue.put(DEVICE, posting("too late"))


async def test_a_service_that_hangs_does_not_hold_up_the_end() -> None:
    service = Service()
    queue = service.queue()
    queue.put(DEVICE, posting("x"))
    await queue.close(0.05)
    assert service.results.empty()
