"""Planted words are found nowhere on the server: database, WAL, blobs, logs, a backup, the memory of the idle process.

Each word is looked for raw, in base64 (at each of the three alignments), in hex and in UTF-16; a place's degrees as text
and in the binary forms that numbers have. The files are ciphertext, so the databases are opened with the key too, and
every row of every table is looked at. A control word, planted where the scan must find it, shows that each way of looking works.
"""

import asyncio
import base64
import gzip
import shutil
import struct
import subprocess
from pathlib import Path

import httpx

from e2e.process import Cli, Serving
from packages import need
from werkfunk.storage import keys
from werkfunk.storage.schema import FILE as DATABASE
from werkfunk.storage.sqlite.database import connect
from werkfunk.storage.sqlite.store import SqliteStore
from werkfunk.storage.store import ChainWrite

from .firm import Firm

ORGANISATION = "Elektro Huber"
NAME, TITLE, TEXT = "Kanarina Vogelsangova", "Kanaribaustelle Zwitschergasse", "Kanariengeheimnis-Nachricht"
FILE, CONTENT, SITE = "kanarienplan-geheim.pdf", "Kanarieninhalt-der-Datei", "Zwitschergasse 77, 12345 Piepshausen"
LABEL, LATITUDE, LONGITUDE = "Kanarienwiese hinterm Lager", 51.3127123, 9.4797579
ADDRESS = "127.0.0.77"
CONTENTS = (TITLE, TEXT, FILE, CONTENT, SITE, LABEL)
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


def degrees(value: float) -> list[bytes]:
    """A place's number as it could lie somewhere: as text, as CBOR and MessagePack write it, as a float."""
    whole = round(value * 10_000_000)
    return [
        str(value).encode(), str(whole).encode(), b"\x1a" + struct.pack(">i", whole), b"\xce" + struct.pack(">i", whole),
        b"\xd2" + struct.pack(">i", whole), struct.pack(">d", value), struct.pack("<d", value),
    ]  # fmt: skip


def places(data: bytes) -> list[str]:
    return [
        f"{value}: {spelling!r}" for value in (LATITUDE, LONGITUDE) for spelling in degrees(value) if spelling in data
    ]


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


def rows(data: Path, copy: Path) -> bytes:
    """Every value of every row of the database in `data`, opened with its key in a copy, one a line."""
    shutil.copytree(data, copy)
    connection = connect(copy / DATABASE, keys.load(copy / "server.key").derive("database"))
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert {"log", "people", "meta", "slots", "blobs"} <= set(tables)
        found = [row for table in tables for row in connection.execute(f"SELECT * FROM {table}")]
    finally:
        connection.close()
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in found for value in row)


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
    await anna.places.send(firm.group, LATITUDE, LONGITUDE, accuracy=7, label=LABEL)
    await anna.places.allow(True)
    await anna.places.share(firm.group, LATITUDE, LONGITUDE, ends=anna.core.clock() + 3_600_000)


async def ask_from_afar(firm: Firm) -> tuple[str, ...]:
    """Talk to the server from an address of one's own, well and badly; gives what it saw: address, token, proofs."""
    transport = firm.clients["Anna"].core.transport
    path = "/v1/people"
    proofs = [transport.proof("GET", path, transport._token) for _ in range(2)]
    origin = httpx.AsyncHTTPTransport(local_address=ADDRESS)
    async with httpx.AsyncClient(base_url=transport.base, transport=origin) as http:
        codes = []
        for target, proof in ((path, proofs[0]), (path, proofs[0]), ("/v1/me/seal", proofs[1])):
            headers = {"authorization": f"DPoP {transport._token}", "dpop": proof}
            codes.append((await http.get(target, headers=headers)).status_code)
        assert codes == [200, 401, 401]
    _, writer = await asyncio.open_connection("127.0.0.1", firm.server.port, local_addr=(ADDRESS, 0))
    writer.write(b"NONSENSE\r\n\r\n")
    await writer.drain()
    writer.close()
    return ADDRESS, transport._token, *proofs


async def test_planted_words_are_found_nowhere(tmp_path: Path) -> None:
    need("gdb")
    server = Serving(Cli(tmp_path))
    # All that could ever be logged.
    server.environment = {"WERKFUNK_LOG_LEVEL": "debug"}
    firm = await Firm.found(server, [NAME])
    try:
        await populate(firm, tmp_path)
        seen = firm.clients[NAME].core.logs
        assert seen.title(firm.group) == TITLE, "the words did arrive where they belong"
        wire = await ask_from_afar(firm)
        data = tmp_path / "data"
        assert (data / "werkfunk.db-wal").exists()
        assert any((data / "blobs").rglob("*"))
        backup = tmp_path / "backup"
        shutil.copytree(data, backup)
        log = tmp_path / "log"
        log.mkdir()
        shutil.copy(firm.server.log, log)
        words = (NAME, ORGANISATION, *CONTENTS, *wire)
        assert [hit for folder in (data, backup, log) for hit in scan(folder, words)] == []
        assert (log / "server.log").stat().st_size > 0
        for number, folder in enumerate((data, backup)):
            opened = await asyncio.to_thread(rows, folder, tmp_path / f"opened {number}")
            assert firm.group in opened, "these are the rows"
            assert firm.clients[NAME].core.keys.device in opened
            assert [hit for word in words for hit in hits(opened, word)] == []
            assert places(opened) == []
            for proof in wire[2:]:
                # Nor a part of a proof: its random id, its signature.
                assert [part for part in proof.split(".")[1:] if part.encode() in opened] == []

        assert firm.server.process is not None
        memory = await asyncio.to_thread(dump, firm.server.process.pid, tmp_path / "core")
        assert b"werkfunk" in memory
        # Names pass through the server in the clear (it serves them to members); of contents nothing may be there.
        assert [hit for word in CONTENTS for hit in hits(memory, word)] == []
        assert places(memory) == []
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


async def test_the_scan_finds_control_words_in_the_rows(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    store = SqliteStore(data, keys.create(data / "server.key"))
    await store.write_chains([ChainWrite(2, b"u" * 32, 0, b"before" + CONTROL.encode() + b"after")])
    for number, spelling in enumerate([*degrees(LATITUDE), *degrees(LONGITUDE)]):
        await store.write_chains([ChainWrite(2, b"p" * 32, number, b"before" + spelling + b"after")])
    await store.set_meta("sealed", CONTROL.encode())
    opened = rows(data, tmp_path / "copy")
    await store.close()
    assert hits(opened, CONTROL)
    assert opened.count(CONTROL.encode()) == 1, "a sealed column stays shut"
    assert len(places(opened)) == len(degrees(LATITUDE)) + len(degrees(LONGITUDE))
    assert scan(data, (CONTROL,)) == [], "in the file itself nothing can be read"


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
