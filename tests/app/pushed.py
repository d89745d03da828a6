"""Fixtures for what is told by push: a push service on this machine, and the server of the app that may speak to it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from e2e.process import Cli, Serving
from integration.push_service import PushService

from .conftest import AppServing

__all__ = ["server", "service"]


@pytest_asyncio.fixture(loop_scope="session")
async def service() -> AsyncIterator[PushService]:
    async with PushService() as service:
        yield service


@pytest.fixture
def server(cli: Cli, built: None, service: PushService) -> Iterator[Serving]:
    serving = AppServing(cli)
    serving.environment["WERKFUNK_PUSH_SERVICES"] = service.origin
    serving.start()
    yield serving
    serving.stop()
