"""Budgets of the app (budgets.toml): what was measured beside what is allowed. Pure but for reading files."""

import gzip
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).parent / "budgets.toml"
OVER = 1.1
FROM_PAGE = re.compile(r'<(?:script|link)[^>]+(?:src|href)="(/[^"]+\.(?:js|css))"')
STATIC = re.compile(r'(?:from|import)"\.?(/[^"]+\.js)"')
WORKER = re.compile(r"=`(/assets/worker-[^`]+\.js)`")


def budgets() -> dict[str, float]:
    """The lines of budgets.toml; a negative one is a least value."""
    return {name: float(value) for name, value in tomllib.loads(FILE.read_text()).items()}


def exceeded(found: Mapping[str, float], allowed: Mapping[str, float]) -> list[str]:
    """What is more than a tenth beyond its budget, one line each; a least value has no tolerance."""
    over = []
    for name, value in found.items():
        budget = allowed[name]
        if value < -budget if budget < 0 else value > budget * OVER:
            over.append(f"{name}: {value:g}, allowed {'at least' if budget < 0 else 'at most'} {abs(budget):g}")
    return over


def first_load(app: Path) -> dict[str, int]:
    """What a built app fetches before anything lazy: packed bytes by path. The page, its scripts and styles, what these
    import, and the engine's worker. Fonts and icons are not in it: text is shown without waiting for them.
    """
    wanted = ["/index.html", *FROM_PAGE.findall((app / "index.html").read_text())]
    found: dict[str, int] = {}
    while wanted:
        path = wanted.pop()
        if path in found:
            continue
        data = (app / path.lstrip("/")).read_bytes()
        found[path] = len(gzip.compress(data, 9, mtime=0))
        if path.endswith(".js"):
            text = data.decode()
            wanted += ["/assets" + name for name in STATIC.findall(text)] + WORKER.findall(text)
    return found
