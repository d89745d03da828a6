"""What a client has noticed about a conversation is said on the command line too, beside what programs read."""

import json

import pytest

from werkfunk.sdk.local import Local

from .process import Serving


@pytest.mark.parametrize(("reason", "words"), [("pin_stale", "alter Schlüssel"), ("log_differs", "anderen Verlauf")])
def test_m23_m29_a_warning_is_shown_when_reading_and_sending(server: Serving, reason: str, words: str) -> None:
    cli = server.cli
    cli.one("join", server.setup, "--profile", "petra", "--name", "Petra")
    made = cli.one("create", "--profile", "petra", "--title", "Lindenweg")["conversation"]
    sending = ("send", "--profile", "petra", "--to", made, "Moin", "--json")
    assert cli.raw(*sending).stderr == ""
    local = Local(cli.folder / "petra")
    local.run("UPDATE conversation SET warning = ?", reason)
    local.close()
    sent = cli.raw(*sending)
    assert (sent.returncode, words in sent.stderr) == (0, True)
    read = cli.raw("read", "--profile", "petra", "--conversation", made, "--json")
    assert words in read.stderr
    assert [json.loads(line)["text"] for line in read.stdout.splitlines()] == ["Moin", "Moin"]
