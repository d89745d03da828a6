"""The firm of the malicious-server tests, and bare hands: raw requests and raw WebSockets."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from malicious.conftest import Firm, firm, founded

__all__ = ["firm", "shared"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firm]:
    """One firm for a module whose tests leave it as they found it; they run in its loop: `asyncio(loop_scope="module")`."""
    async with founded(tmp_path_factory.mktemp("firm")) as firm:
        yield firm
