"""Configuration: one typed TOML file and environment variables (`WERKFUNK_…`), command line last. Typos are errors."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from werkfunk.domain import limits

PUSH_SERVICES = "fcm.googleapis.com updates.push.services.mozilla.com *.push.apple.com *.notify.windows.com"
"""The services of Chrome and Android, Firefox, Apple, Edge."""


class ConfigError(Exception):
    """A setting is wrong; the text says which and what would be right."""


KINDS: dict[type, str] = {int: "a whole number", bool: "true or false", str: "text"}


def _setting(default: Any, doc: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"doc": doc, "secret": secret})


@dataclass(frozen=True, slots=True)
class Config:
    """All settings; each is documented in docs/configuration.md (a test compares)."""

    listen: str = _setting(
        "127.0.0.1:8470", "Address and port, `host:port`. Not loopback only with TLS or `public_url`."
    )
    public_url: str = _setting(
        "", "How people reach the server, e.g. `https://funk.example.de`; needed behind a proxy."
    )
    proxies: str = _setting(
        "127.0.0.1 ::1",
        "Addresses or networks of proxies that do TLS in front, separated by spaces: rates count by the last address of "
        "`X-Forwarded-For` that is none of theirs. Of no effect with `tls_cert`.",
    )
    key_file: str = _setting("", "The key file; empty: `server.key` in the data folder. Better on another medium.")
    tls_cert: str = _setting("", "Certificate chain (PEM) for TLS without a proxy.")
    tls_key: str = _setting("", "Private key (PEM) of `tls_cert`.", secret=True)
    blob_max_mb: int = _setting(limits.BLOB_MAX_DEFAULT // 1_048_576, "Largest file in MiB.")
    events_per_second: int = _setting(50, "Messages a device may send, on average.")
    events_burst: int = _setting(1_000, "Messages a device may send at once.")
    requests_per_second: int = _setting(
        50, "HTTP requests a device may make, on average; likewise an address for all that is not signed in."
    )
    requests_burst: int = _setting(500, "HTTP requests a device, or an address without signing in, may make at once.")
    push: bool = _setting(True, "Whether the server wakes phones through their browsers' push services (docs/push.md).")
    push_contact: str = _setting(
        "", "Whom push services ask when something is wrong: `mailto:…` or `https://…`; empty: `public_url`."
    )
    push_services: str = _setting(
        PUSH_SERVICES,
        "Push services that may be spoken to: hosts, `*.domain`, or whole origins of your own such as `http://push.lan:8080`.",
    )
    silence_seconds: int = _setting(
        limits.SILENCE_S,
        "A silent WebSocket is asked for a sign of life after this; whatever is silent twice as long is closed.",
    )
    metrics: str = _setting("loopback", "Who may read `/metrics`: `off`, `loopback` or `all`.")
    gateway_hosts: str = _setting("", "Hosts that alarm gateways may use, separated by spaces; empty: none.")
    gateway_private: str = _setting(
        "no", "Whether gateways may lie at private addresses and without encryption: `no` or `yes`."
    )
    alarm_keep_days: int = _setting(90, "Days for which an ended alarm is kept.")
    alarms_per_minute: int = _setting(6, "Alarms that a device or machine may raise, on average; twice that at once.")
    log_level: str = _setting("info", "`debug`, `info`, `warning` or `error`.")

    @property
    def host(self) -> str:
        """The listening host."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The listening port."""
        return int(self.listen.rpartition(":")[2])

    @property
    def contact(self) -> str:
        """Whom push services ask; empty when nothing that they would take is known."""
        return self.push_contact or (self.public_url if self.public_url.startswith("https://") else "")

    def origins(self, port: int | None = None) -> tuple[str, ...]:
        """Scheme and authority under which clients may sign requests; the first stands in links."""
        if self.public_url:
            return (self.public_url.rstrip("/"),)
        scheme = "https" if self.tls_cert else "http"
        port = port or self.port
        names = ["localhost", "127.0.0.1", "[::1]"]
        host = f"[{self.host}]" if ":" in self.host else self.host
        return tuple(f"{scheme}://{name}:{port}" for name in dict.fromkeys([*names, host]))

    def check(self) -> "Config":
        """Refuse what cannot be meant. Raises ConfigError."""
        try:
            loopback = self.host == "localhost" or ip_address(self.host).is_loopback
            if not 0 <= self.port < 65536:
                raise ValueError
        except ValueError:
            raise ConfigError(
                f"listen = {self.listen!r}: write an address and a port, such as 127.0.0.1:8470"
            ) from None
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ConfigError("tls_cert and tls_key belong together: name both or none")
        url = urlsplit(self.public_url)
        if self.public_url and (url.scheme not in ("http", "https") or not url.netloc or url.path.strip("/")):
            raise ConfigError(f"public_url = {self.public_url!r}: write it such as https://funk.example.de")
        if not loopback and not self.tls_cert and url.scheme != "https":
            raise ConfigError(
                f"listen = {self.listen!r} is not loopback: everybody on the network could read along. "
                "Name tls_cert and tls_key, or public_url = 'https://…' if a proxy in front does TLS"
            )
        self._check_push()
        for entry in self.proxies.split():
            try:
                ip_network(entry)
            except ValueError:
                raise ConfigError(f"proxies: {entry!r} is neither an address nor a network") from None
        if self.metrics not in ("off", "loopback", "all"):
            raise ConfigError(f"metrics = {self.metrics!r}: write off, loopback or all")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise ConfigError(f"log_level = {self.log_level!r}: write debug, info, warning or error")
        if self.gateway_private not in ("no", "yes"):
            raise ConfigError(f"gateway_private = {self.gateway_private!r}: write no or yes")
        for f in fields(self):
            if type(f.default) is int and getattr(self, f.name) < 1:
                raise ConfigError(f"{f.name} must be at least 1")
        return self

    def _check_push(self) -> None:
        contact = urlsplit(self.push_contact)
        # Apple's service refuses addresses that cannot exist, such as mailto:admin@localhost.
        domain = contact.path.rpartition("@")[2] if contact.scheme == "mailto" else contact.hostname or ""
        if self.push_contact and (contact.scheme not in ("mailto", "https") or "." not in domain.strip(".")):
            raise ConfigError(
                f"push_contact = {self.push_contact!r}: write mailto:admin@example.de or https://example.de"
            )
        for entry in self.push_services.split():
            url = urlsplit(entry) if "://" in entry else urlsplit(f"https://{entry.removeprefix('*.')}")
            if url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/") or "*" in url.netloc:
                raise ConfigError(f"push_services: {entry!r} is neither a host, nor *.domain, nor an origin")

    def shown(self) -> dict[str, Any]:
        """Effective values, secrets masked."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {f.name: "***" if f.metadata["secret"] and values[f.name] else values[f.name] for f in fields(self)}

    def __repr__(self) -> str:
        return f"Config({self.shown()})"


def load(data: Path | None, overrides: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Config:
    """Read `werkfunk.toml` in the data folder (or the one that WERKFUNK_CONFIG names), environment, overrides.

    Raises:
        ConfigError: an unknown key (naming the nearest known one), a wrong type or value.
    """
    environment = os.environ if environment is None else environment
    config = Config()
    path = environment.get("WERKFUNK_CONFIG") or (data / "werkfunk.toml" if data else None)
    if path is not None and Path(path).exists():
        try:
            values = tomllib.loads(Path(path).read_text())
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: {error}") from error
        config = _merge(config, values, str(path))
    prefix = "WERKFUNK_"
    named = {
        key.removeprefix(prefix).lower(): value
        for key, value in environment.items()
        if key.startswith(prefix) and key != "WERKFUNK_CONFIG"
    }
    config = _merge(config, named, "environment", text=True)
    given = {key: value for key, value in overrides.items() if value is not None}
    return _merge(config, given, "command line").check()


def _merge(config: Config, values: Mapping[str, Any], source: str, *, text: bool = False) -> Config:
    known = {f.name: f for f in fields(Config)}
    changes: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.0)
            raise ConfigError(f"{source}: there is no setting {key!r}; did you mean {near[0]!r}?")
        kind = type(known[key].default)
        if text and kind is int:
            try:
                value = int(value)
            except ValueError:
                raise ConfigError(f"{source}: {key} must be a whole number") from None
        if text and kind is bool:
            value = {"true": True, "false": False}.get(value.lower(), value)
        if type(value) is not kind:
            raise ConfigError(f"{source}: {key} must be {KINDS[kind]}")
        changes[key] = value
    return replace(config, **changes)
