"""The shape of the repository: small files, nothing left open, nothing of one machine, every decision listed."""

import re
import statistics
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE_SUFFIXES = {".py", ".ts", ".js", ".svelte", ".css"}
MOST_LINES = 600
MEDIAN_LINES = 150
RECORD_LINES = 40
FEW_FILES = 20

OPEN_ENDS = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|opt|root)/|file:/{3}")
LOCK_LINE = re.compile(r"[a-z0-9][\w.-]*==[^\s:/]+( ; [^:/]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|\s*# .*|")
MUST = re.compile(r"\[(M\d+)\]")
MUST_IN_TEST = re.compile(r"(?<![0-9A-Za-z])(?:M|m)(\d+)(?![0-9A-Za-z])")
RECORD_NAME = re.compile(r"(\d{4})-[a-z0-9-]+\.md")


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    paths = [ROOT / name for name in listed.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


def line_count(path: Path) -> int:
    return len(text_of(path).splitlines())


def source_files() -> list[Path]:
    return [path for path in tracked_files() if path.suffix in SOURCE_SUFFIXES]


def matches(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_source_file_is_too_long_to_read_in_one_sitting() -> None:
    too_long = {str(path.relative_to(ROOT)): line_count(path) for path in source_files()}
    assert {name: lines for name, lines in too_long.items() if lines > MOST_LINES} == {}


def test_most_source_files_are_small() -> None:
    lines = [line_count(path) for path in source_files() if path.is_relative_to(ROOT / "src")]
    if len(lines) > FEW_FILES:
        assert statistics.median(lines) <= MEDIAN_LINES


def test_nothing_in_src_is_left_open() -> None:
    assert matches(OPEN_ENDS, [path for path in tracked_files() if path.is_relative_to(ROOT / "src")]) == []


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    assert matches(MACHINE_PATHS, tracked_files()) == []


def test_locks_hold_names_versions_and_hashes_only() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = text_of(ROOT / name).splitlines()
        assert [line for line in lines if not LOCK_LINE.fullmatch(line) or "://" in line] == [], name


def test_every_must_of_the_protocol_is_named_by_a_test() -> None:
    musts = dict.fromkeys(MUST.findall(text_of(ROOT / "docs" / "protocol.md")))
    tests = [p for suffix in ("py", "txt") for p in (ROOT / "tests").rglob(f"*.{suffix}") if p.parent.name != "docs"]
    named = {f"M{number}" for path in tests for number in MUST_IN_TEST.findall(text_of(path))}
    missing = [must for must in musts if must not in named]
    assert missing == [], f"no test under tests/ names {', '.join(missing)}"


def test_musts_are_numbered_without_a_gap() -> None:
    musts = set(MUST.findall(text_of(ROOT / "docs" / "protocol.md")))
    assert musts == {f"M{number}" for number in range(1, len(musts) + 1)}


def test_every_decision_is_numbered_and_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    records = sorted(path.name for path in folder.glob("*.md") if path.name != "README.md")
    listed = re.findall(r"\]\(([^)]+\.md)\)", text_of(folder / "README.md"))

    assert [name for name in records if line_count(folder / name) > RECORD_LINES] == []
    assert [name for name in records if not RECORD_NAME.fullmatch(name)] == []
    assert set(listed) == set(records)
    assert [name[:4] for name in records] == [f"{number:04}" for number in range(len(records))]
