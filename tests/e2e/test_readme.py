"""The README's commands, as they stand there: a newcomer copies them, and two people talk."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .process import ENVIRONMENT, Serving, free_port

ROOT = Path(__file__).parents[2]


def test_the_session_in_the_readme(server: Serving, tmp_path: Path) -> None:
    (block,) = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    commands = [line.removeprefix("$ ") for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in block.splitlines())
    assert len(commands) == 5
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    script = "\n".join(["set -e", f"LINK={server.setup}", *commands])
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False, env=ENVIRONMENT
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout.rpartition("angelegt")[2]
    assert re.search(r"Petra: Moin, der Kran kommt um 7\.\n.* Ali: Passt, bin da\.\n", shown), shown


@contextlib.contextmanager
def made_to_run(data: Path, port: int) -> Iterator[str]:
    """`make run`; gives what it prints until it serves."""
    command = ["make", "-s", "run", f"DATA={data}", f"LISTEN=127.0.0.1:{port}", "ORG=Dachdeckerei Kern"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            printed = ""
            while f"http://localhost:{port}" not in printed.rpartition("Werkfunk läuft")[2]:
                line = process.stdout.readline()
                assert line, printed
                printed += line
            yield printed
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


def test_make_run_begins_a_business_and_keeps_it(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    with made_to_run(data, port) as printed:
        (link,) = re.findall(r"http://localhost:\d+/#s=\S+", printed)
        werkfunk = [str(Path(sys.executable).parent / "werkfunk"), "join", link, "--profile", str(tmp_path / "petra")]
        subprocess.run([*werkfunk, "--name", "Petra"], check=True, capture_output=True, env=ENVIRONMENT)
    with made_to_run(data, port) as printed:
        assert "#s=" not in printed
        people = [werkfunk[0], "people", "--profile", str(tmp_path / "petra")]
        done = subprocess.run(people, check=True, capture_output=True, text=True, env=ENVIRONMENT)
        assert "Petra" in done.stdout
