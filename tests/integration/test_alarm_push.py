"""Whom an alarm wakes: everybody called, once; in quiet hours by what is urgent only; nobody who is not called."""

import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarms.conftest import Shifted
from malicious.conftest import Firm, founded
from werkfunk.domain.oncall import Quiet
from werkfunk.protocol.content import Alarm
from werkfunk.wire import alarms as bodies

from .push_service import PushService
from .test_push import notice, service, waiting

__all__ = ["service"]


class Pushing:
    """The firm, its push service, and its clock."""

    def __init__(self, firm: Firm, clock: Shifted) -> None:
        self.firm, self.clock = firm, clock
        self.anna, self.bernd, self.clara = (firm.clients[name] for name in ("Anna", "Bernd", "Clara"))


@pytest.fixture
async def pushing(tmp_path: Path, service: PushService) -> AsyncIterator[Pushing]:
    clock = Shifted()
    async with founded(tmp_path, clock, push_services=service.origin) as firm:
        yield Pushing(firm, clock)


def alarm(level: int) -> Alarm:
    return Alarm(os.urandom(16), level, "Bitte das Tor schließen")


def around_now() -> Quiet:
    """Quiet hours from two hours ago for four hours."""
    now = datetime.now(UTC)
    begins, ends = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-2, 2))
    return Quiet(begins=begins, ends=ends, zone="UTC")


async def test_in_quiet_hours_only_what_is_urgent_wakes(pushing: Pushing, service: PushService) -> None:
    await pushing.bernd.alarm_settings.set_duty(bodies.OwnDuty(quiet=around_now()))
    quiet, awake = await waiting(pushing.bernd, service), await waiting(pushing.clara, service)
    group = pushing.firm.group
    await pushing.anna.alarms.raise_([group], alarm(1))
    told = await notice(service, awake)
    assert (told["c"], "u" in told) == (group.hex(), False)
    await pushing.anna.alarms.raise_([group], alarm(2))
    pushes = {(await service.next()).path for _ in range(2)}
    assert {path.rsplit("/", 1)[1] for path in pushes} == {one.endpoint.rsplit("/", 1)[1] for one in (quiet, awake)}
    # He is called all the same: it is there when he opens the app.
    assert [info.level for info in await pushing.bernd.alarms.recent()] == [2, 1]
    assert service.received.empty(), "each is woken once by each alarm"


async def test_who_has_finished_work_is_not_woken_by_the_words_of_an_alarm(
    pushing: Pushing, service: PushService
) -> None:
    await pushing.bernd.alarm_settings.set_duty(bodies.OwnDuty(duty="off"))
    off, awake = await waiting(pushing.bernd, service), await waiting(pushing.clara, service)
    group = pushing.firm.group
    await pushing.anna.alarms.raise_([group], alarm(3), on_duty=True)
    assert (await notice(service, awake))["u"] == 1
    # An ordinary message comes to both, and nothing had come before it.
    last = await pushing.anna.send(group, "Alles gut")
    heard = {(push := await service.next()).path.rsplit("/", 1)[1]: push for _ in range(2)}
    (his,) = (push for path, push in heard.items() if off.endpoint.endswith(path))
    assert json.loads(off.open(his.sealed)) == {"c": group.hex(), "s": last.seq}
    assert service.received.empty()


async def test_nobody_is_woken_before_the_step_that_calls_him(pushing: Pushing, service: PushService) -> None:
    anna = pushing.anna
    step = {"after": 60, "to": {"people": ["Bernd"]}, "via": ["app"]}
    await anna.alarm_settings.put_policy({"name": "Notfall", "steps": [step], "stop": {"coming": 1}})
    key = await anna.alarm_settings.policy_named("Notfall")
    hall = await anna.create("Halle 2", [pushing.clara.core.keys.user])
    aside = await anna.alarms.aside(key, [hall])
    later, now = await waiting(pushing.bernd, service), await waiting(pushing.clara, service)
    await anna.alarms.raise_([hall], alarm(3), aside=aside, policy=key)
    assert (await notice(service, now))["c"] == hall.hex()
    assert service.received.empty()
    pushing.clock.offset += 61_000
    pushing.firm.server.alarm_clock.pulse.wake()
    assert await notice(service, later) == {"c": bytes(16).hex(), "s": 0, "u": 1}
    assert service.received.empty()
