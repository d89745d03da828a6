"""Commands for whoever runs the server: init, serve, doctor, config."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

from werkfunk.adapters import config as configuration
from werkfunk.adapters.config import ConfigError
from werkfunk.cli.keyfile import key_path, open_keys
from werkfunk.cli.output import Exit, Printer
from werkfunk.protocol.links import SetupLink, to_url
from werkfunk.services.setup import prepare
from werkfunk.storage import keys as keyfiles
from werkfunk.storage.keys import Keys
from werkfunk.storage.schema import MIGRATIONS
from werkfunk.storage.sqlite.database import connect
from werkfunk.storage.sqlite.store import FILE, SqliteStore
from werkfunk.storage.store import StoreError, WrongKey

ADVICE = {"key apart from data", "push contact"}
"""Checks whose finding is advice: safer otherwise, but nothing is broken."""


def init(printer: Printer, data: Path, organisation: str, owner: str, overrides: dict[str, Any]) -> None:
    """Make a data folder, its key and the owner's set-up link."""
    config = configuration.load(data, overrides)
    if (data / FILE).exists():
        raise ConfigError(f"{data} holds a Werkfunk already; nothing was changed")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = key_path(data, config)
    keys = open_keys(data, config) if path.exists() else keyfiles.create(path)
    if config.public_url:
        _remember(data, "public_url", config.public_url)
    if config.key_file:
        _remember(data, "key_file", str(path.absolute()))

    async def work() -> bytes:
        store = SqliteStore(data, keys)
        try:
            return await prepare(store, organisation, owner)
        finally:
            await store.close()

    secret = asyncio.run(work())
    link = to_url(config.origins()[0], SetupLink(secret))
    text = f"{organisation} ist vorbereitet. Der Einrichtungslink für die Inhaberin (einmal gültig):\n\n  {link}\n"
    printer.result({"link": link}, text)
    printer.code(link)


def _remember(data: Path, key: str, value: str) -> None:
    """Write a setting that `init` was given into the configuration, so that `serve` knows it."""
    path = data / "werkfunk.toml"
    before = path.read_text() if path.exists() else ""
    if f"{key} =" not in before:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        path.write_text(f'{before}{key} = "{escaped}"\n')


def show_config(printer: Printer, data: Path | None) -> None:
    """Print the effective settings."""
    for key, value in configuration.load(data, {}).shown().items():
        printer.result({"setting": key, "value": value}, f"{key} = {value}")


def doctor(printer: Printer, data: Path) -> Exit:
    """Check an installation; a finding that only advises does not change the exit code."""
    failed = False
    for check, ok, hint in _checks(data):
        failed = failed or not (ok or check in ADVICE)
        mark = "✓" if ok else "✗"
        printer.result({"check": check, "ok": ok, "hint": hint}, f"{mark} {check}" + (f": {hint}" if hint else ""))
    return Exit.FAILED if failed else Exit.DONE


def _checks(data: Path) -> list[tuple[str, bool, str]]:
    found: list[tuple[str, bool, str]] = []
    try:
        config = configuration.load(data, {})
        found.append(("configuration", True, ""))
    except ConfigError as error:
        return [("configuration", False, str(error))]
    if not (data / FILE).exists():
        return [*found, ("data folder", False, f"there is no Werkfunk in {data}; run werkfunk init")]
    found.append(
        (
            "data folder",
            data.stat().st_mode & 0o077 == 0,
            "" if data.stat().st_mode & 0o077 == 0 else f"others can read it; mend with: chmod 700 {data}",
        )
    )
    path = key_path(data, config)
    try:
        keys = open_keys(data, config)
        found.append(("key file", True, ""))
    except (ConfigError, WrongKey, OSError) as error:
        return [*found, ("key file", False, str(error))]
    together = data.resolve() in path.resolve().parents
    found.append(
        (
            "key apart from data",
            not together,
            "who copies the data folder has the key too: move the key file and set key_file" if together else "",
        )
    )
    found.append(_database(data, keys))
    nobody = config.push and not config.contact
    hint = "iPhones get no push until public_url or push_contact names somebody whom Apple can reach" if nobody else ""
    found.append(("push contact", not nobody, hint))
    free = shutil.disk_usage(data).free
    enough = free > 1_073_741_824
    found.append(("disk space", enough, "" if enough else f"only {free // 1_048_576} MiB are free"))
    return found


def _database(data: Path, keys: Keys) -> tuple[str, bool, str]:
    try:
        connection = connect(data / FILE, keys.derive("database"))
    except StoreError as error:
        return "database", False, str(error)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (whole,) = connection.execute("PRAGMA quick_check").fetchone()
    finally:
        connection.close()
    if version > len(MIGRATIONS):
        return "database", False, "written by a newer version: install that one"
    return "database", whole == "ok", "" if whole == "ok" else "damaged: restore the last backup"
