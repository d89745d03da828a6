"""The README's commands, as they stand there: a newcomer copies them, and two people talk."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .process import ENVIRONMENT, Serving, free_port
from .qr import read_code

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"http://localhost:\d+/#s=\S+")


def talk(folder: Path, link: str) -> None:
    """The README's session, in a folder with a `.venv`."""
    (block,) = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    commands = [line.removeprefix("$ ") for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in block.splitlines())
    assert len(commands) == 5
    script = "\n".join(["set -e", f"LINK={link}", *commands])
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=110, check=False, env=ENVIRONMENT
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout.rpartition("angelegt")[2]
    assert re.search(r"Petra: Moin, der Kran kommt um 7\.\n.* Ali: Passt, bin da\.\n", shown), shown


def test_the_session_in_the_readme(server: Serving, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    talk(tmp_path, server.setup)


@contextlib.contextmanager
def made_to_run(folder: Path, port: int, *more: str, environment: dict[str, str] | None = None) -> Iterator[str]:
    """`make run` in a checkout; gives what it prints until it serves."""
    command = ["make", "-s", "run", f"LISTEN=127.0.0.1:{port}", "ORG=Dachdeckerei Kern", *more]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={**(environment or os.environ), "PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            printed = ""
            while f"http://localhost:{port}" not in printed.partition("Werkfunk läuft")[2]:
                line = process.stdout.readline()
                assert line, printed
                printed += line
            yield printed
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


def test_make_run_begins_a_business_and_keeps_it(tmp_path: Path) -> None:
    data, port = f"DATA={tmp_path / 'data'}", free_port()
    with made_to_run(ROOT, port, data) as printed:
        (link,) = LINK.findall(printed)
        assert read_code(printed) == link
        werkfunk = [str(Path(sys.executable).parent / "werkfunk"), "join", link, "--profile", str(tmp_path / "petra")]
        subprocess.run([*werkfunk, "--name", "Petra"], check=True, capture_output=True, env=ENVIRONMENT)
    with made_to_run(ROOT, port, data) as printed:
        assert "#s=" not in printed
        assert read_code(printed) == ""
        people = [werkfunk[0], "people", "--profile", str(tmp_path / "petra")]
        done = subprocess.run(people, check=True, capture_output=True, text=True, env=ENVIRONMENT)
        assert "Petra" in done.stdout


@pytest.mark.soak
def test_a_newcomer_in_a_fresh_clone(tmp_path: Path) -> None:
    """Nothing is there but what is committed, and nothing comes from a cache: minutes, most of them the registries'."""
    clone, port = tmp_path / "clone", free_port()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    passed_on = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "VIRTUAL_ENV"))}
    caches = {name: str(tmp_path / name) for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR", "npm_config_cache")}
    with made_to_run(clone, port, environment={**passed_on, **caches}) as printed:
        (link,) = LINK.findall(printed)
        assert read_code(printed) == link
        talk(clone, link)
    status = subprocess.run(["git", "status", "--porcelain"], cwd=clone, check=True, capture_output=True, text=True)
    assert [line for line in status.stdout.splitlines() if line != "?? demo/"] == [], "what is made is ignored"
    with made_to_run(clone, port) as printed:
        assert "#s=" not in printed
