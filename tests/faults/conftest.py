"""A server process with a firm: Anna and others in one group, each with a profile."""

from pathlib import Path

import pytest

from e2e.process import Cli, Serving

from .firm import Firm


@pytest.fixture
async def firm(tmp_path: Path):  # type: ignore[no-untyped-def]
    firm = await Firm.found(Serving(Cli(tmp_path)), ["Bernd", "Clara"])
    yield firm
    await firm.close()
