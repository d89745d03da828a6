"""Ways out and machines on the command line, against a real mail server and by a real signed request."""

import hashlib
import hmac
import json
import time
import urllib.request
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from alarms.sinks import MailSink

from .process import Cli, Serving, free_port


@pytest.mark.timeout(400)
def test_gateway_machine_log_and_who_is_on_duty(tmp_path: Path) -> None:
    cli, sink = Cli(tmp_path), MailSink()
    mails = Controller(sink, hostname="127.0.0.1", port=free_port())
    server = Serving(cli)
    server.environment = {"WERKFUNK_GATEWAY_HOSTS": "127.0.0.1", "WERKFUNK_GATEWAY_PRIVATE": "yes"}
    mails.start()
    server.start()
    try:
        cli.one("join", server.setup, "--profile", "anna", "--name", "Anna")
        for name in ("Ali", "Bea"):
            invite = cli.one("invite", "--profile", "anna")["link"]
            cli.one("join", invite, "--profile", name.lower(), "--name", name)
        cli.one("create", "--profile", "anna", "--title", "Baustelle", "--with", "Ali", "--with", "Bea")

        via = {"kind": "smtp", "host": "127.0.0.1", "port": mails.port, "tls": "none", "sender": "funk@firma.example"}
        gateway = tmp_path / "mail.json"
        gateway.write_text(json.dumps({"name": "Mail", "channel": "mail", "via": {**via, "host": "mail.example"}}))
        assert cli.code("alarm", "gateway", "set", "mail.json", "--profile", "anna") == 3, (
            "not a host of the operator's"
        )
        gateway.write_text(json.dumps({"name": "Mail", "channel": "mail", "via": via}))
        (tmp_path / "secret").write_text("geheim\n")
        assert cli.code("alarm", "gateway", "set", "mail.json", "--profile", "ali") == 3
        cli.one("alarm", "gateway", "set", "mail.json", "--secret-file", "secret", "--profile", "anna")
        shown = cli.raw("alarm", "gateway", "list", "--json", "--profile", "anna").stdout
        assert (json.loads(shown)["name"], json.loads(shown)["secret_set"], "geheim" in shown) == ("Mail", True, False)
        # A mail server without a user is not asked to sign in.
        cli.one("alarm", "gateway", "test", "Mail", "--to", "anna@firma.example", "--profile", "anna")
        assert [to for to, _ in sink.mails] == [["anna@firma.example"]]
        assert cli.code("alarm", "gateway", "test", "Mail", "--to", "+49151", "--profile", "anna") == 3
        assert cli.code("alarm", "gateway", "test", "Fax", "--to", "anna@firma.example", "--profile", "anna") == 2

        cli.one("duty", "off", "--profile", "ali", "--mail", "ali@firma.example")
        cli.one("duty", "on", "--profile", "bea", "--mail", "bea@firma.example")
        policy = {"name": "Mail", "steps": [{"after": 5, "to": {"silent": True}, "via": ["mail"]}]}
        (tmp_path / "policy.json").write_text(json.dumps(policy))
        cli.one("alarm", "policy", "set", "policy.json", "--profile", "anna")
        everybody = cli.one("alarm", "raise", "--to", "Baustelle", "Ausfall", "--profile", "anna")
        assert everybody["called"] == 2
        few = cli.one(
            "alarm", "raise", "--to", "Baustelle", "Ausfall", "--on-duty", "--policy", "Mail", "--profile", "anna"
        )
        assert few["called"] == 1
        while True:
            log = cli.lines("alarm", "log", "--profile", "anna")
            if log and log[0]["state"] == "sent":
                break
        assert [(line["name"], line["gateway"], line["attempts"]) for line in log] == [("Bea", "Mail", 1)]
        assert sink.mails[-1][0] == ["bea@firma.example"]
        assert cli.code("alarm", "log", "--profile", "bea") == 3

        machine = cli.one("alarm", "machine", "Pumpe", "--to", "Baustelle", "--level", "urgent", "--profile", "anna")
        when = int(time.time() * 1000)
        text = f"werkfunk-alarm.{machine['hook']}.{when}..2"
        signature = hmac.new(bytes.fromhex(machine["secret"]), text.encode(), hashlib.sha256).hexdigest()
        body = json.dumps({"time": when, "level": 2, "signature": signature}).encode()
        request = urllib.request.Request(machine["url"], body, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
        newest = cli.lines("alarm", "list", "--profile", "ali")[0]
        assert (newest["level"], newest["signed"], newest["called"]) == ("urgent", False, 3)
    finally:
        server.stop()
        mails.stop()
