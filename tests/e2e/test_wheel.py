"""The built wheel alone, in an empty environment away from the checkout: the command, the server and the app inside it."""

import json
import subprocess
import zipfile
from pathlib import Path

import httpx

from .process import ENVIRONMENT, free_port

ROOT = Path(__file__).parents[2]
UV = ROOT / ".venv" / "bin" / "uv"


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    environment = {name: value for name, value in ENVIRONMENT.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_alone_is_the_whole_of_werkfunk(tmp_path: Path) -> None:
    run("make", "-s", "wheel", f"DIST={tmp_path / 'dist'}")
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"werkfunk/web/index.html", "werkfunk/maps/europe.pmtiles"} <= set(names)
    assert not [name for name in names if not name.startswith("werkfunk")], "nothing else is installed"

    home = tmp_path / "elsewhere"
    home.mkdir()
    run("python3", "-m", "venv", "--without-pip", ".venv", cwd=home)
    into = (UV, "pip", "install", "--quiet", "--python", home / ".venv" / "bin" / "python")
    run(*into, "--require-hashes", "-r", ROOT / "requirements.lock", cwd=home)
    run(*into, "--no-deps", "--no-index", wheel, cwd=home)
    werkfunk = str(home / ".venv" / "bin" / "werkfunk")
    assert run(werkfunk, "version", cwd=home).strip() in wheel.name
    listen = f"127.0.0.1:{free_port()}"
    link = json.loads(run(werkfunk, "init", "--data", "data", "--org", "Kern", "--listen", listen, "--json", cwd=home))
    assert "/#s=" in link["link"]
    with subprocess.Popen(
        [werkfunk, "serve", "--data", "data", "--listen", listen, "--json"],
        cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert line, server.stderr.read() if server.stderr else ""
            page = httpx.get(json.loads(line)["url"])
            assert page.status_code == 200
            assert page.content == zipfile.ZipFile(wheel).read("werkfunk/web/index.html")
            run(werkfunk, "join", link["link"], "--profile", "petra", "--name", "Petra", cwd=home)
        finally:
            server.terminate()
