"""What happens with days: uploads that nobody sent are collected, the last contact is kept as a day, tokens end."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from malicious.conftest import Firm, founded
from werkfunk import app
from werkfunk.domain import limits
from werkfunk.sdk.account import now
from werkfunk.storage.sqlite.store import SqliteStore
from werkfunk.wire import api

from .raw import code, once
from .test_blobs import create, patch

DAY = 86_400_000


pytestmark = pytest.mark.asyncio(loop_scope="module")


class Calendar:
    """The server's time of day; each test goes on from where the one before has left it."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return now() + self.ahead


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return Calendar()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def firm(calendar: Calendar, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firm]:
    """A firm whose server tidies up all the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "HOUSEKEEPING_S", 0.02)
        async with founded(tmp_path_factory.mktemp("days"), calendar) as firm:
            yield firm


def stored(firm: Firm, path: str) -> Path:
    name = path.rpartition("/")[2]
    return firm.folder / "data" / "blobs" / name[:2] / name


async def test_what_nobody_sent_is_collected_after_its_time(firm: Firm, calendar: Calendar) -> None:
    anna, bernd = await firm.people()
    plan = firm.folder / "plan.pdf"
    plan.write_bytes(os.urandom(70_000))
    await anna.send(firm.group, "Der Plan", [plan])
    (sent,) = [path for path in (firm.folder / "data" / "blobs").rglob("*") if path.is_file()]
    whole, part = await create(anna, firm.group, 100), await create(anna, firm.group, 100)
    await patch(anna, whole, 0, bytes(100))
    await patch(anna, part, 0, bytes(40))
    calendar.ahead += limits.ORPHAN_S * 1000 - 60_000
    young = await create(anna, firm.group, 100)
    await patch(anna, young, 0, bytes(100))
    assert stored(firm, whole).exists()
    calendar.ahead += 120_000
    async with asyncio.timeout(60):
        while stored(firm, whole).exists() or stored(firm, part).exists():
            await asyncio.sleep(0.01)
    store: SqliteStore = firm.server._store
    for path in (whole, part):
        assert await store.blob(bytes.fromhex(path.rpartition("/")[2])) is None
        assert code(await once(anna, "GET", path)) == "not_found"
    assert stored(firm, young).exists()
    row = await store.blob(bytes.fromhex(sent.name))
    assert row is not None
    assert row.linked
    await bernd.core.catch_up(firm.group)
    (attachment,) = bernd.core.logs.messages(firm.group, 0)[-1].content.files  # type: ignore[union-attr]
    assert (await bernd.core.files.download(attachment, firm.folder)).read_bytes() == plan.read_bytes()


async def test_the_last_contact_is_kept_as_a_day(firm: Firm, calendar: Calendar) -> None:
    anna, bernd = await firm.people()
    await anna.core.transport.call("people", api.People)
    begun = calendar() // DAY
    calendar.ahead += 3 * DAY
    await bernd.core.transport.call("people", api.People)
    later = calendar() // DAY

    async def days() -> dict[bytes, int]:
        store: SqliteStore = firm.server._store
        sql = "SELECT user, last_active_day FROM people"
        return dict(await store._database.read(lambda c: c.execute(sql).fetchall()))

    async with asyncio.timeout(60):
        while (await days())[bernd.core.keys.user] < begun + 3:
            await asyncio.sleep(0.01)
    found = await days()
    # `later` differs from three days after `begun` when midnight falls between the two.
    assert begun + 3 <= found[bernd.core.keys.user] <= later
    assert begun <= found[anna.core.keys.user] < found[bernd.core.keys.user], "who was not here stays at the day before"


async def test_a_token_ends_and_the_client_gets_another(firm: Firm, calendar: Calendar) -> None:
    bernd = firm.clients["Bernd"]
    await bernd.core.transport._sign_in()
    calendar.ahead += limits.SESSION_S * 1000 - 60_000
    assert (await once(bernd, "GET", "/v1/people")).status_code == 200
    calendar.ahead += 120_000
    answer = await once(bernd, "GET", "/v1/people")
    assert (answer.status_code, code(answer)) == (401, "unauthenticated")
    assert len((await bernd.core.transport.call("people", api.People)).people) == 3
