"""The README's session, as it stands there: a newcomer copies it into a fresh folder, and two people talk."""

import re
import subprocess
import sys
from pathlib import Path

from .process import free_port

README = Path(__file__).parents[2] / "README.md"
PATIENCE = """
sleep() { until (exec 3<>/dev/tcp/127.0.0.1/%d) 2>/dev/null; do command sleep 0.1; done; }
"""
"""On a busy machine two seconds may be too short; a person would wait until the server says that it runs."""


def test_the_session_in_the_readme(tmp_path: Path) -> None:
    (block,) = re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL)
    commands = [line.removeprefix("$ ") for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in block.splitlines())
    assert len(commands) >= 5
    # Only the port is another: several checkouts may be tested on one machine.
    port = free_port()
    script = "\n".join(["set -em", PATIENCE % port, *commands]).replace("8471", str(port))
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout.rpartition("angelegt")[2]
    assert re.search(r"Petra: Moin, der Kran kommt um 7\.\n.* Ali: Passt, bin da\.\n", shown), shown
