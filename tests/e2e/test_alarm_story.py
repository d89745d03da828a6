"""Alarms on the command line, as people and scripts run it."""

import json
import subprocess
from pathlib import Path

import pytest

from .process import Cli, Serving


@pytest.mark.timeout(400)
def test_an_alarm_on_the_command_line(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    server = Serving(cli)
    server.start()
    try:
        cli.one("join", server.setup, "--profile", "anna", "--name", "Anna")
        invite = cli.one("invite", "--profile", "anna")["link"]
        cli.one("join", invite, "--profile", "ali", "--name", "Ali")
        cli.one("create", "--profile", "anna", "--title", "Baustelle", "--with", "Ali")
        assert (
            cli.one("duty", "on", "--profile", "ali", "--phone", "+491511234567", "--quiet", "20:00-06:00")["duty"]
            == "on"
        )
        plan = {"name": "Wasser", "rotations": [{"people": ["Ali"], "start": "2026-01-05", "days": 7}]}
        (tmp_path / "plan.json").write_text(json.dumps(plan))
        assert cli.one("oncall", "set", "plan.json", "--profile", "anna")["now"] == ["Ali"]
        assert cli.one("oncall", "get", "Wasser", "--profile", "ali")["rotations"][0]["people"] == ["Ali"]
        step = {"after": 180, "unless": {"coming": 2}, "to": {"plan": "Wasser"}, "via": ["voice"]}
        (tmp_path / "policy.json").write_text(json.dumps({"name": "Notfall", "steps": [step], "stop": {"coming": 1}}))
        said = cli.one("alarm", "policy", "set", "policy.json", "--profile", "anna")["words"]
        assert said[0] == "Nach 3 Minuten ohne 2 Zusagen: Bereitschaft „Wasser“ per Anruf."
        shown = cli.one("alarm", "policy", "get", "Notfall", "--profile", "ali")
        assert shown["steps"][0]["to"]["plan"] == "Wasser"
        cli.one(
            "alarm",
            "template",
            "Unfall",
            "Unfall, bitte melden",
            "--to",
            "Baustelle",
            "--level",
            "emergency",
            "--profile",
            "anna",
        )

        raised = cli.one(
            "alarm", "raise", "--to", "Baustelle", "--template", "unfall", "--policy", "Notfall", "--profile", "anna"
        )
        assert (raised["level"], raised["called"], raised["text"]) == ("emergency", 1, "Unfall, bitte melden")
        alarm = raised["alarm"]
        assert cli.one("alarm", "list", "--profile", "ali")["alarm"] == alarm
        assert (
            cli.one("alarm", "ack", alarm[:10], "--answer", "15m", "--words", "bin unterwegs", "--profile", "ali")[
                "code"
            ]
            == 1015
        )
        status = cli.one("alarm", "status", alarm, "--profile", "anna")
        assert (status["coming"], status["people"][0]["answer"], status["people"][0]["words"]) == (
            1,
            "Komme in 15 min",
            ["bin unterwegs"],
        )
        assert cli.one("alarm", "end", alarm, "--profile", "anna")["status"] == "ended"
        cli.one("alarm", "report", alarm, "--out", "bericht.json", "--profile", "anna")
        report = json.loads((tmp_path / "bericht.json").read_text())
        assert (report["status"], report["missing"], report["ended_by"]) == ("ended", [], "Anna")
        cli.one("alarm", "report", alarm, "--out", "Bericht.PDF", "--profile", "anna")
        said = subprocess.run(
            ["pdftotext", "-layout", str(tmp_path / "Bericht.PDF"), "-"], capture_output=True, text=True, check=True
        ).stdout
        for words in (
            "Bericht: Alarm – Notfall", "Unfall, bitte melden", "von Anna · Baustelle", "1 kommen · 1/1 bestätigt",
            "Ali: Komme in 15 min „bin unterwegs“", "Ausgelöst", "Entwarnung", "Seite 1 von 1",
        ):  # fmt: skip
            assert words in said, words
        assert cli.code("alarm", "report", alarm, "--out", "b.pdf", "--profile", "ali") == 3
        assert not (tmp_path / "b.pdf").exists()

        made = cli.one("alarm", "machine", "Brandmelder", "--to", "Baustelle", "--level", "urgent", "--profile", "anna")
        (listed,) = cli.lines("alarm", "machines", "--profile", "anna")
        assert listed == {
            "hook": made["hook"], "name": "Brandmelder", "conversations": ["Baustelle"], "level": "urgent"
        }  # fmt: skip
        assert cli.code("alarm", "revoke", "Rauchmelder", "--profile", "anna") == 2
        assert cli.code("alarm", "revoke", "Brandmelder", "--profile", "ali") == 3
        assert cli.one("alarm", "revoke", "brandmelder", "--profile", "anna")["hook"] == made["hook"]
        assert cli.lines("alarm", "machines", "--profile", "anna") == []

        direct = cli.one(
            "alarm", "raise", "--to", "Ali", "Ruf mich an", "--level", "info", "--drill", "--profile", "anna"
        )
        assert (direct["drill"], direct["called"]) == (True, 1)
        assert cli.one("alarm", "cancel", direct["alarm"], "--profile", "anna")["status"] == "cancelled"
        assert "ÜBUNG" in cli.raw("alarm", "list", "--profile", "ali").stdout
        cli.one("alarm", "report", direct["alarm"], "--out", "uebung.pdf", "--profile", "anna")
        drill = ["pdftotext", "-layout", str(tmp_path / "uebung.pdf"), "-"]
        assert "ÜBUNG – kein echter Alarm" in subprocess.run(drill, capture_output=True, text=True, check=True).stdout

        assert cli.code("alarm", "raise", "--to", "Niemand", "x", "--profile", "anna") == 2
        assert cli.code("alarm", "raise", "--to", "Baustelle", "--profile", "anna") == 2
        assert cli.code("alarm", "ack", alarm, "--answer", "vielleicht", "--profile", "ali") == 2
        assert cli.code("alarm", "end", direct["alarm"][:6] + "zz", "--profile", "ali") == 2
        assert cli.code("alarm", "policy", "set", "policy.json", "--profile", "ali") == 3
        (tmp_path / "bad.json").write_text("{")
        assert cli.code("alarm", "policy", "set", "bad.json", "--profile", "anna") == 2
    finally:
        server.stop()
    assert cli.code("alarm", "raise", "--to", "Baustelle", "Brand", "--profile", "anna") == 4
