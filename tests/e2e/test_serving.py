"""For whoever runs the server: key and data apart, TLS without a proxy, settings shown."""

import asyncio
import http.client
import json
import shutil
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest

from alarms.sinks import certificate
from werkfunk.http.headers import HSTS
from werkfunk.sdk.channel import Channel
from werkfunk.sdk.client import Client

from .process import Cli, Serving, free_port


def checks(cli: Cli, code: int = 0) -> dict[str, dict[str, Any]]:
    """What `doctor` finds, by check."""
    done = cli.raw("doctor", "--data", "data", "--json")
    assert done.returncode == code
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(line) == {"check", "ok", "hint"} for line in lines)
    return {line["check"]: line for line in lines}


def test_the_key_may_lie_elsewhere(cli: Cli) -> None:
    server = Serving(cli)
    data, elsewhere = cli.folder / "data", cli.folder / "stick"
    together = checks(cli)["key apart from data"]
    assert together["ok"] is False
    assert "key_file" in together["hint"]

    elsewhere.mkdir()
    shutil.move(data / "server.key", elsewhere / "firm.key")
    assert cli.code("serve", "--data", "data", "--listen", server.listen) == 2, "there is no key any more"
    server.arguments = ["--key-file", "stick/firm.key"]
    server.start()
    cli.one("join", server.setup, "--profile", "anna", "--name", "Anna")
    assert server.stop() == 0
    assert not (data / "server.key").exists(), "none is made in place of it"

    cli.environment = {"WERKFUNK_KEY_FILE": str(elsewhere / "firm.key")}
    found = checks(cli)
    assert (found["key apart from data"]["ok"], found["database"]["ok"]) == (True, True)
    secret = (elsewhere / "firm.key").read_text().strip()
    for path in data.rglob("*"):
        assert not path.is_file() or (secret.encode() not in path.read_bytes()), path
    (elsewhere / "firm.key").write_text("0" * 64)
    assert checks(cli, 1)["database"]["ok"] is False, "another key opens nothing"
    (elsewhere / "firm.key").chmod(0o644)
    assert "chmod 600" in checks(cli, 1)["key file"]["hint"]


def test_init_remembers_where_the_key_lies(cli: Cli) -> None:
    server = Serving(cli, "--key-file", "stick/firm.key")
    assert (cli.folder / "stick" / "firm.key").stat().st_mode & 0o777 == 0o600
    assert not (cli.folder / "data" / "server.key").exists()
    assert checks(cli)["key apart from data"]["ok"] is True
    server.start()
    assert server.stop() == 0


def test_settings_are_shown_and_secrets_are_not(cli: Cli) -> None:
    Serving(cli)
    (cli.folder / "data" / "werkfunk.toml").write_text(
        'tls_cert = "funk.pem"\ntls_key = "geheimer-ort.pem"\nblob_max_mb = 5\n'
    )
    cli.environment = {"WERKFUNK_LOG_LEVEL": "debug"}
    lines = cli.lines("config", "--data", "data")
    assert all(set(line) == {"setting", "value"} for line in lines)
    shown = {line["setting"]: line["value"] for line in lines}
    assert (shown["tls_cert"], shown["tls_key"], shown["blob_max_mb"]) == ("funk.pem", "***", 5)
    assert (shown["log_level"], shown["listen"]) == ("debug", "127.0.0.1:8470")
    for text in (cli.raw("config", "--data", "data"), cli.raw("config", "--data", "data", "--json")):
        assert "geheimer-ort" not in text.stdout + text.stderr
    cli.environment = {"WERKFUNK_LISEN": "127.0.0.1:1"}
    wrong = cli.raw("serve", "--data", "data")
    assert wrong.returncode == 2
    assert "did you mean 'listen'" in wrong.stderr


async def over_tls(folder: Path, base: str, trusted: ssl.SSLContext) -> None:
    """HTTP and WebSocket over one port, encrypted; the answers ask browsers to stay with it."""
    async with httpx.AsyncClient(verify=trusted, trust_env=False) as web:
        answer = await web.get(base + "/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer.headers[HSTS[0].decode()] == HSTS[1].decode()
    async with Client(folder / "anna") as anna:
        channel = await Channel.open(base, anna.core.keys.device, anna.core.keys.signing)
        assert channel.welcome.user == anna.core.keys.user
        await channel.close()


def test_tls_without_a_proxy(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    own, key = certificate(cli.folder)
    port = free_port()
    base = f"https://localhost:{port}"
    server = Serving(cli, "--public-url", base)
    server.listen = f"127.0.0.1:{port}"
    server.arguments = ["--tls-cert", str(own), "--tls-key", str(key)]
    assert server.setup.startswith(base + "/#")
    assert server.start() == base
    assert cli.code("join", server.setup, "--profile", "anna", "--name", "Anna") == 4, "nobody vouches for it"
    cli.environment = {"SSL_CERT_FILE": str(own)}
    joined = cli.one("join", server.setup, "--profile", "anna", "--name", "Anna")
    assert cli.one("people", "--profile", "anna")["person"] == joined["person"]
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    asyncio.run(over_tls(cli.folder, base, ssl.create_default_context()))
    plain = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    plain.request("GET", "/healthz")
    with pytest.raises((http.client.BadStatusLine, ConnectionError)):
        plain.getresponse()
    plain.close()
    assert server.stop() == 0


def test_a_second_server_does_not_take_the_same_data(cli: Cli) -> None:
    server = Serving(cli)
    server.start()
    second = cli.raw("serve", "--data", "data", "--listen", f"127.0.0.1:{free_port()}", "--json")
    assert second.returncode == 1
    assert json.loads(second.stderr)["error"] == "InUse"
    cli.one("join", server.setup, "--profile", "anna", "--name", "Anna")
    server.kill()
    server.start()
    assert server.stop() == 0, "whoever died holds nothing"
