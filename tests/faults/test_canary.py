"""Planted words are found nowhere on the server: database, WAL, blobs, logs, a backup, the memory of the idle process.

Each word is looked for raw, in base64 (at each of the three alignments), in hex and in UTF-16. A control word, planted
where the scan must find it, shows that each way of looking works.
"""

import asyncio
import base64
import gzip
import shutil
import subprocess
from pathlib import Path

from e2e.process import Cli, Serving
from packages import need

from .firm import Firm

NAME, TITLE, TEXT = "Kanarina Vogelsangova", "Kanaribaustelle Zwitschergasse", "Kanariengeheimnis-Nachricht"
FILE, CONTENT, SITE = "kanarienplan-geheim.pdf", "Kanarieninhalt-der-Datei", "Zwitschergasse 77, 12345 Piepshausen"
CONTENTS = (TITLE, TEXT, FILE, CONTENT, SITE)
CONTROL = "Kontrollvogel-wird-gefunden"


def spellings(word: str) -> list[bytes]:
    """A word as it could lie somewhere."""
    found = []
    for raw in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        found += [raw, raw.hex().encode(), raw.hex().upper().encode()]
        for shift in range(3):
            # Only the middle of a base64 text does not depend on what stands before and after.
            encoded = base64.b64encode(bytes(shift) + raw)
            found.append(encoded[4 if shift else 0 : len(encoded) - 4])
    return found


def hits(data: bytes, word: str) -> list[str]:
    return [f"{word}: {spelling[:24]!r}" for spelling in spellings(word) if spelling in data]


def scan(folder: Path, words: tuple[str, ...]) -> list[str]:
    return [
        f"{path.name}: {hit}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for word in words
        for hit in [*hits(path.read_bytes(), word), *hits(path.name.encode(), word)]
    ]


def dump(pid: int, target: Path) -> bytes:
    """The memory of a process, as gdb's gcore writes it."""
    done = subprocess.run(["gcore", "-a", "-o", str(target), str(pid)], capture_output=True, timeout=110, check=False)
    core = Path(f"{target}.{pid}")
    assert core.exists(), done.stderr
    return core.read_bytes()


async def populate(firm: Firm, folder: Path) -> None:
    anna = firm.clients["Anna"]
    others = [client.core.keys.user for name, client in firm.clients.items() if name != "Anna"]
    firm.group = await anna.create(TITLE, others, site=SITE)
    path = folder / FILE
    path.write_text(CONTENT * 5_000)
    await anna.send(firm.group, TEXT, [path])
    for number in range(20):
        await anna.send(firm.group, f"{TEXT} {number}")
    for client in firm.clients.values():
        await client.connect()
        await client.send(firm.group, f"Antwort: {TEXT}")


async def test_planted_words_are_found_nowhere(tmp_path: Path) -> None:
    need("gdb")
    firm = await Firm.found(Serving(Cli(tmp_path)), [NAME])
    try:
        await populate(firm, tmp_path)
        seen = firm.clients[NAME].core.logs
        assert seen.title(firm.group) == TITLE, "the words did arrive where they belong"
        data = tmp_path / "data"
        assert (data / "werkfunk.db-wal").exists()
        assert any((data / "blobs").rglob("*"))
        backup = tmp_path / "backup"
        shutil.copytree(data, backup)
        log = tmp_path / "log"
        log.mkdir()
        shutil.copy(firm.server.log, log)
        words = (NAME, *CONTENTS)
        assert [hit for folder in (data, backup, log) for hit in scan(folder, words)] == []

        assert firm.server.process is not None
        memory = await asyncio.to_thread(dump, firm.server.process.pid, tmp_path / "core")
        assert b"werkfunk" in memory
        # Names pass through the server in the clear (it serves them to members); of contents nothing may be there.
        assert [hit for word in CONTENTS for hit in hits(memory, word)] == []
    finally:
        await firm.close()


def test_the_scan_finds_a_control_word_in_every_spelling(tmp_path: Path) -> None:
    raw = CONTROL.encode()
    planted = [
        raw, raw.hex().encode(), raw.hex().upper().encode(), CONTROL.encode("utf-16-le"), CONTROL.encode("utf-16-be"),
        *(base64.b64encode(b"abc"[:n] + raw + b"xyz") for n in range(3)),
    ]  # fmt: skip
    for number, data in enumerate(planted):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "file").write_bytes(b"\x00before" + data + b"after\xff")
        assert scan(folder, (CONTROL,)), number
    clean = tmp_path / "clean"
    clean.mkdir()
    (clean / "file").write_bytes(gzip.compress(raw))
    assert scan(clean, (CONTROL,)) == []


def test_the_scan_finds_a_control_word_in_memory(tmp_path: Path) -> None:
    need("gdb")
    code = "import sys; word = sys.stdin.readline(); print('ready', flush=True); sys.stdin.readline(); del word"
    with subprocess.Popen(
        ["python3", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(CONTROL + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        assert hits(dump(process.pid, tmp_path / "core"), CONTROL)
        process.stdin.write("\n")
