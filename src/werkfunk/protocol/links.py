"""Links and QR codes (docs/protocol.md, 11): the secret half stands in the fragment, which browsers never send."""

import base64
import binascii
from dataclasses import dataclass

from werkfunk.protocol.cbor import Value, decode, tagged
from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.labels import Label
from werkfunk.protocol.statements import Head


@dataclass(frozen=True, slots=True, repr=False)
class InviteLink:
    """An invitation: organisation id, invite hash, seed of the invite key (32 bytes each)."""

    organisation: bytes
    invite: bytes
    seed: bytes


@dataclass(frozen=True, slots=True, repr=False)
class SetupLink:
    """The owner's set-up link: a secret of 16 bytes."""

    secret: bytes


@dataclass(frozen=True, slots=True, repr=False)
class DeviceLink:
    """A second device: both chains' ids and newest heads, and the ticket's seed (16 bytes)."""

    organisation: bytes
    organisation_head: Head
    user: bytes
    user_head: Head
    seed: bytes


Link = InviteLink | SetupLink | DeviceLink


def to_url(base: str, link: Link) -> str:
    """The link under a server's base URL."""
    match link:
        case InviteLink():
            letter, data = "i", tagged(Label.INVITE_LINK, link.organisation, link.invite, link.seed)
        case SetupLink():
            letter, data = "s", tagged(Label.SETUP_LINK, link.secret)
        case DeviceLink():
            head, user_head = list(link.organisation_head), list(link.user_head)
            items = (link.organisation, head, link.user, user_head, link.seed)
            letter, data = "d", tagged(Label.DEVICE_LINK, *items)
    return f"{base.rstrip('/')}/#{letter}={base64.urlsafe_b64encode(data).decode().rstrip('=')}"


def parse_url(url: str) -> tuple[str, Link]:
    """(base URL, link).

    Raises:
        EncodingRefused: `link_form`: not a Werkfunk link, or cut off.
    """
    base, mark, fragment = url.strip().partition("#")
    letter, _, encoded = fragment.partition("=")
    if not mark or letter not in ("i", "s", "d") or not base.startswith(("http://", "https://")):
        raise EncodingRefused("link_form")
    try:
        value = decode(base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, EncodingRefused) as error:
        raise EncodingRefused("link_form") from error
    return base.rstrip("/"), _read(letter, value)


def _read(letter: str, value: Value) -> Link:
    match letter, value:
        case "i", [1, Label.INVITE_LINK, bytes(organisation), bytes(invite), bytes(seed)] if (
            len(organisation) == len(invite) == len(seed) == 32
        ):
            return InviteLink(organisation, invite, seed)
        case "s", [1, Label.SETUP_LINK, bytes(secret)] if len(secret) == 16:
            return SetupLink(secret)
        case "d", [
            1,
            Label.DEVICE_LINK,
            bytes(organisation),
            [int(n), bytes(h)],
            bytes(user),
            [int(m), bytes(k)],
            bytes(seed),
        ] if len(organisation) == len(h) == len(user) == len(k) == 32 and len(seed) == 16:
            return DeviceLink(organisation, Head(n, h), user, Head(m, k), seed)
    raise EncodingRefused("link_form")
