"""`make handbook`: the pictures of docs/handbuch, taken anew by the tests that go through what it tells.

Each is one size, as a page shows them: what a test took at twice the size is made smaller.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tools.pictures import speaks_german

ROOT = Path(__file__).parents[1]
HANDBOOK = ROOT / "docs" / "handbuch"
OUT = HANDBOOK / "bilder"
TESTS = (
    "handbook", "handbook_places", "handbook_alarm", "alarms", "alarm_journey", "alarm_raising", "alarm_templates", "photo_editor", "ptt",
    "voice_notes",
)  # fmt: skip
WIDTHS = (390, 1280)


def shown() -> set[str]:
    """The names of the pictures that the handbook shows."""
    pages = (page.read_text() for page in HANDBOOK.glob("*.md"))
    return {name for page in pages for name in re.findall(r"\(bilder/([\w-]+\.png)\)", page)}


def keep(taken: Path, name: str) -> None:
    """One picture, small."""
    shot = Image.open(taken / name).convert("RGB")
    for width in WIDTHS:
        if shot.width == 2 * width:
            shot = shot.resize((width, shot.height // 2), Image.Resampling.LANCZOS)
    shot.save(OUT / name, optimize=True)


def main() -> int:
    """See the module. Tests may be named, to take only their pictures."""
    speaks_german()
    files = [f"tests/app/test_{name}.py" for name in sys.argv[1:] or TESTS]
    with tempfile.TemporaryDirectory() as folder:
        tests = [sys.executable, "-m", "pytest", "--quiet", *files]
        done = subprocess.run(tests, cwd=ROOT, env={**os.environ, "SHOTS": folder}, check=False)  # noqa: S603
        taken = {path.name for path in Path(folder).iterdir()}
        for name in sorted(shown() & taken):
            keep(Path(folder), name)
        if not sys.argv[1:] and (lacking := shown() - taken):
            sys.stderr.write(f"no test took {', '.join(sorted(lacking))}\n")
            return 1
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
