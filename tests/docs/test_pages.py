"""The documentation says what the code does: settings, errors, frames, and above all what the server stores."""

import ast
import dataclasses
import re
import typing
from pathlib import Path

import msgspec
import pytest

from tools import pages
from werkfunk.adapters.config import Config
from werkfunk.adapters.logs import FIELDS, UndeclaredField, only_declared
from werkfunk.domain.errors import Code
from werkfunk.storage.schema import COLUMNS
from werkfunk.storage.sqlite.database import connect, migrate
from werkfunk.wire.frames import ClientFrame, Frame, ServerFrame

KEY = bytes(32)


def text_of(name: str) -> str:
    return (pages.DOCS / name).read_text()


@pytest.fixture
def real_columns(tmp_path: Path) -> set[tuple[str, str]]:
    connection = connect(tmp_path / "fresh.db", KEY)
    migrate(connection)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    found = {(name, row[1]) for (name,) in tables for row in connection.execute(f"PRAGMA table_info({name})")}
    connection.close()
    return found


@pytest.mark.parametrize("name", pages.PAGES)
def test_pages_made_from_the_code_are_up_to_date(name: str) -> None:
    made = pages.PAGES[name]()
    path = pages.DOCS / name
    assert path.exists(), f"docs/{name} is missing: run make docs"
    assert path.read_text() == made, f"docs/{name} is stale: run make docs"


def test_the_server_stores_exactly_what_is_declared(real_columns: set[tuple[str, str]]) -> None:
    declared = {(column.table, column.name) for column in COLUMNS}
    assert real_columns - declared == set(), "stored, but not declared in storage/schema.py COLUMNS"
    assert declared - real_columns == set(), "declared in storage/schema.py COLUMNS, but not stored"


def test_every_column_says_why_on_which_basis_and_for_how_long() -> None:
    assert [column for column in COLUMNS if not (column.purpose and column.basis and column.retention)] == []
    assert len({(column.table, column.name) for column in COLUMNS}) == len(COLUMNS)


def test_the_reader_finds_every_column_and_log_field() -> None:
    page = text_of("what-the-server-knows.md")
    for name in {column.table for column in COLUMNS}:
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
        assert listed == [column.name for column in COLUMNS if column.table == name]
    logs = page.partition("\n## Logs\n")[2]
    assert re.findall(r"^\| `(\w+)` \|", logs, re.MULTILINE) == list(FIELDS)


def test_every_log_call_uses_declared_fields_alone() -> None:
    """By reading the calls: one that no test runs is found as well."""
    used: set[str] = set()
    for path in (pages.DOCS.parent / "src" / "werkfunk").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log")), keywords=keywords):
                    assert None not in [one.arg for one in keywords], f"{path}: a log call hides its fields"
                    used |= {str(one.arg) for one in keywords}
    assert "where" in used
    assert used <= set(FIELDS)
    assert [name for name, one in FIELDS.items() if not (one.purpose and one.basis and one.retention)] == []


def test_an_undeclared_field_is_not_logged() -> None:
    values = {"event": "fault", "name": "Anna"}
    with pytest.raises(UndeclaredField, match="name"):
        only_declared(None, "info", values)


def test_every_setting_is_documented() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \| (.+) \|$", text_of("configuration.md"), re.MULTILINE)
    assert [name for name, _, _ in rows] == [field.name for field in dataclasses.fields(Config)]
    for name, default, meaning in rows:
        value = getattr(Config(), name)
        assert default.strip('"') == (str(value).lower() if isinstance(value, bool) else str(value))
        assert meaning.endswith("."), name


def test_every_error_code_is_documented() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \| (.+?) \| (?:yes )?\s*\|$", text_of("errors.md"), re.MULTILINE)
    assert sorted(rows) == sorted((code.value.code, str(code.value.status), code.value.text) for code in Code)
    assert len({code.value.code for code in Code}) == len(Code)


def test_every_frame_and_field_is_documented() -> None:
    documented = {}
    for section in text_of("frames.md").split("\n## ")[1:]:
        title = re.match(r"`(\w+)`|(\w+) \(part", section)
        if title:
            documented[title[1] or title[2]] = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    real = {
        str(kind.__struct_config__.tag or kind.__name__): [field.name for field in msgspec.structs.fields(kind)]
        for kind in Frame.__subclasses__()
    }
    assert documented == real


def test_a_frame_says_who_sends_it() -> None:
    client, server = set(typing.get_args(ClientFrame)), set(typing.get_args(ServerFrame))
    for kind in Frame.__subclasses__():
        if kind in client ^ server:
            assert (kind.__doc__ or "").startswith("Client: " if kind in client else "Server: "), kind.__name__
