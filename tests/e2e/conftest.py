"""A server process and a command line in a folder of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .process import Cli, Serving


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture
def server(cli: Cli) -> Iterator[Serving]:
    serving = Serving(cli)
    serving.start()
    yield serving
    serving.stop()
