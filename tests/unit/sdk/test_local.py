"""The profile on disk: one of an earlier version goes on being used, one of a newer version is refused."""

from pathlib import Path

import pytest

from werkfunk.sdk import local
from werkfunk.sdk.errors import SdkError
from werkfunk.sdk.local import Local

ROW = "INSERT INTO conversation (id, last_seq, head, title, site, read_seq, blocked, warning) VALUES (?, 1, ?, ?, '', 0, '', '')"


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile as version 1 has left it."""
    with monkeypatch.context() as before:
        before.setattr(local, "LATER", ())
        old = Local(tmp_path / "p", create=True)
        old.run(ROW, bytes(16), bytes(32), "Lindenweg 4")
        assert old.row("PRAGMA user_version") == (1,)
        old.close()
    return tmp_path / "p"


def test_an_earlier_profile_is_brought_up_and_keeps_what_it_has(first: Path) -> None:
    for _ in range(2):
        profile = Local(first)
        assert profile.row("PRAGMA user_version") == (local.VERSION,)
        assert profile.row("SELECT title, place, details_seq FROM conversation") == ("Lindenweg 4", b"", 0)
        profile.close()


def test_a_new_profile_has_the_same_tables_as_one_brought_up(first: Path, tmp_path: Path) -> None:
    tables = (
        "SELECT m.name, c.name, c.type, c.dflt_value FROM sqlite_schema m, pragma_table_info(m.name) c ORDER BY 1, 2"
    )
    brought, new = Local(first), Local(tmp_path / "new", create=True)
    assert brought.rows(tables) == new.rows(tables)
    brought.close()
    new.close()


def test_two_processes_bring_it_up_once(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(local, "LATER", ())
        slow = Local(first)
    Local(first).close()
    slow._migrate(2, local.LATER[0])
    assert slow.row("PRAGMA user_version") == (local.VERSION,)
    slow.close()


def test_a_newer_profile_is_refused(first: Path) -> None:
    profile = Local(first)
    profile.run(f"PRAGMA user_version = {local.VERSION + 1}")
    profile.close()
    with pytest.raises(SdkError, match="newer"):
        Local(first)
