"""Ways out of Werkfunk: SMTP, and any provider's HTTPS interface by a template. Pure: what is sent, not the sending.

What leaves says that there is an alarm, how urgent, and to open Werkfunk: never a text, a name or a place.
"""

import re
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Meta

from werkfunk.domain.alarms import Level

OutChannel = Literal["sms", "voice", "mail"]
Header = Annotated[str, Meta(max_length=500, pattern=r"^[\x20-\x7e]*$")]
HeaderName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
Host = Annotated[str, Meta(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.\-:]+$")]
Mail = Annotated[str, Meta(max_length=254, pattern=r"^[^\s@<>,;\"]+@[^\s@<>,;\"]+$")]
Phone = Annotated[str, Meta(pattern=r"^\+[1-9]\d{5,14}$")]
"""E.164: +49151…"""


class GatewayError(ValueError):
    """A gateway that cannot be meant; the text says why."""


class Https(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="https", tag_field="kind"):
    """A request. `{to}`, `{text}`, `{level}` and `{id}` (the same for each repeated attempt) stand in url and body, `{secret}` in headers and body."""

    url: Annotated[str, Meta(max_length=2_000, pattern=r"^[\x21-\x7e]+$")]
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: Annotated[dict[HeaderName, Header], Meta(max_length=20)] = {}
    body: Annotated[str, Meta(max_length=8_000)] = ""
    type: Literal["application/json", "application/x-www-form-urlencoded", "text/plain"] = "application/json"


class Smtp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="smtp", tag_field="kind"):
    """A mail server. The secret is the user's password."""

    host: Host
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: Annotated[str, Meta(max_length=254)] = ""
    sender: Mail


class Gateway(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A gateway of one channel."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    channel: OutChannel
    via: Https | Smtp


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person gives for escalation; empty means: not this way."""

    phone: Phone | None = None
    mail: Mail | None = None

    def address(self, channel: str) -> str | None:
        """Where the channel reaches the person."""
        return self.mail if channel == "mail" else self.phone


class Outgoing(msgspec.Struct, frozen=True):
    """A request, ready to be sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


LEVELS = {Level.INFO: "Info", Level.URGENT: "Dringend", Level.EMERGENCY: "Notfall"}
PLACEHOLDER = re.compile(r"\{(to|text|level|id|secret)\}")


def text(level: Level, *, drill: bool) -> str:
    """All that is said outside."""
    return f"{'ÜBUNG: ' if drill else ''}Alarm, Stufe {LEVELS[level]}. Bitte Werkfunk öffnen."


TEST_TEXT = "Test: Dieser Weg für Alarme aus Werkfunk funktioniert."


def host_of(gateway: Gateway) -> tuple[str, int, bool]:
    """(host, port, whether it is encrypted). Raises GatewayError."""
    via = gateway.via
    if isinstance(via, Smtp):
        return via.host, via.port, via.tls != "none"
    try:
        parts = urlsplit(via.url)
        port = parts.port
    except ValueError:
        raise GatewayError("the address is not one") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None:
        raise GatewayError("the address must be https://…, without a user")
    if PLACEHOLDER.search(parts.netloc):
        raise GatewayError("the host must be fixed")
    return parts.hostname, port or (443 if parts.scheme == "https" else 80), parts.scheme == "https"


def check(gateway: Gateway, allowed: frozenset[str], *, private: bool) -> None:
    """Refuse hosts that the operator has not allowed, and the open line. Raises GatewayError."""
    host, _, encrypted = host_of(gateway)
    if host.lower() not in allowed:
        raise GatewayError(f"the operator has not allowed {host} (setting gateway_hosts)")
    if not encrypted and not private:
        raise GatewayError("without encryption only inside the own network (setting gateway_private)")
    if isinstance(gateway.via, Smtp) and gateway.channel != "mail":
        raise GatewayError("a mail server is for the channel mail")
    if isinstance(gateway.via, Https) and "{secret}" in gateway.via.url:
        raise GatewayError("the secret belongs into a header or the body: addresses are logged")


def render(via: Https, values: dict[str, str]) -> Outgoing:
    """Fill the template; each place is escaped as its surroundings need. Raises GatewayError for a value with a line break in a header."""

    def fill(template: str, escape: object) -> str:
        assert callable(escape)
        return PLACEHOLDER.sub(lambda match: escape(values[match[1]]), template)

    def header(value: str) -> str:
        if not value.isprintable() or not value.isascii():
            raise GatewayError("a header cannot hold this value")
        return value

    escapes = {
        "application/json": lambda value: msgspec.json.encode(value).decode()[1:-1],
        "application/x-www-form-urlencoded": lambda value: quote(value, safe=""),
        "text/plain": lambda value: value,
    }
    headers = {name.lower(): fill(value, header).strip() for name, value in via.headers.items()}
    body = fill(via.body, escapes[via.type]).encode() if via.method != "GET" else b""
    if body:
        headers.setdefault("content-type", via.type)
    headers.setdefault("idempotency-key", values["id"])
    return Outgoing(via.method, fill(via.url, lambda value: quote(value, safe="")), headers, body)
