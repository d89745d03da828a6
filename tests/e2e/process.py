"""The `werkfunk` command as a person runs it: real processes, real files, one JSON object a line."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

WERKFUNK = str(Path(sys.executable).parent / "werkfunk")
ENVIRONMENT = {**os.environ, "PYTHONWARNINGS": "default"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cli:
    """Runs commands in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: dict[str, str] = {}
        """Beyond the test's own."""

    def raw(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [WERKFUNK, *arguments], cwd=self.folder, input=stdin, capture_output=True, text=True, timeout=60,
            env={**ENVIRONMENT, **self.environment}, check=False,
        )  # fmt: skip

    def lines(self, *arguments: str, stdin: str | None = None) -> list[dict[str, Any]]:
        """The JSON lines of a command that must succeed."""
        done = self.raw(*arguments, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def one(self, *arguments: str) -> dict[str, Any]:
        (line,) = self.lines(*arguments)
        return line

    def code(self, *arguments: str) -> int:
        """The exit code."""
        return self.raw(*arguments).returncode


class Serving:
    """A server process; `data` outlives it."""

    def __init__(self, cli: Cli, *more: str) -> None:
        self.cli = cli
        self.port = free_port()
        self.listen = f"127.0.0.1:{self.port}"
        self.setup = cli.one("init", "--data", "data", "--org", "Elektro Huber", "--listen", self.listen, *more)["link"]
        self.process: subprocess.Popen[str] | None = None
        self.log = cli.folder / "server.log"
        self.environment: dict[str, str] = {}
        """Settings for the process, beyond those of the test."""
        self.arguments: list[str] = []
        """More of `serve`."""

    def command(self) -> list[str]:
        """What is run."""
        return [WERKFUNK, "serve", "--data", "data", "--listen", self.listen, "--json", *self.arguments]

    def start(self) -> str:
        """Start and wait until it is ready; gives the URL."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.cli.folder,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**ENVIRONMENT, **self.environment},
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        return str(json.loads(line)["url"])

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Stop gracefully; gives the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(number)
        code = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return code
