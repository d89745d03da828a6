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


@dataclass(frozen=True, slots=True, repr=False)
class OfferLink:
    """What a new device shows to an active one: a nonce (32 bytes) and the hash of its keys under it (protocol/offers.py)."""

    nonce: bytes
    hash: bytes


Link = InviteLink | SetupLink | DeviceLink | OfferLink
LETTERS = ("i", "s", "d", "o")


def to_url(base: str, link: Link) -> str:
    """The link under a server's base URL."""
    letter, data = to_bytes(link)
    return f"{base.rstrip('/')}/#{letter}={_base64url(data)}"


def to_bytes(link: Link) -> tuple[str, bytes]:
    """The letter of its kind, and the link itself."""
    match link:
        case InviteLink():
            return "i", tagged(Label.INVITE_LINK, link.organisation, link.invite, link.seed)
        case SetupLink():
            return "s", tagged(Label.SETUP_LINK, link.secret)
        case DeviceLink():
            head, user_head = list(link.organisation_head), list(link.user_head)
            items = (link.organisation, head, link.user, user_head, link.seed)
            return "d", tagged(Label.DEVICE_LINK, *items)
        case OfferLink():
            return "o", tagged(Label.OFFER_LINK, link.nonce, link.hash)


def parse_url(url: str) -> tuple[str, Link]:
    """(base URL, link).

    Raises:
        EncodingRefused: `link_form`: not a Werkfunk link, or cut off.
    """
    base, mark, fragment = url.strip().partition("#")
    letter, _, encoded = fragment.partition("=")
    if not mark or letter not in LETTERS or not base.startswith(("http://", "https://")):
        raise EncodingRefused("link_form")
    try:
        data = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        link = from_bytes(letter, data)
    except (binascii.Error, ValueError) as error:
        raise EncodingRefused("link_form") from error
    # The decoder skips characters that it does not know; a link has one spelling, so compare.
    if _base64url(data) != encoded:
        raise EncodingRefused("link_form")
    return base.rstrip("/"), link


def from_bytes(letter: str, data: bytes) -> Link:
    """The link of a kind.

    Raises:
        EncodingRefused: `link_form`.
    """
    try:
        return _read(letter, decode(data))
    except EncodingRefused as error:
        raise EncodingRefused("link_form") from error


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _read(letter: str, value: Value) -> Link:
    # bool is an int in Python: true must not pass for the suite. [M1]
    if type(value) is not list or not value or type(value[0]) is not int:
        raise EncodingRefused("link_form")
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
            organisation_head,
            bytes(user),
            user_head,
            bytes(seed),
        ] if len(organisation) == len(user) == 32 and len(seed) == 16:
            return DeviceLink(organisation, _head(organisation_head), user, _head(user_head), seed)
        case "o", [1, Label.OFFER_LINK, bytes(nonce), bytes(digest)] if len(nonce) == len(digest) == 32:
            return OfferLink(nonce, digest)
    raise EncodingRefused("link_form")


def _head(value: Value) -> Head:
    match value:
        case [int(number), bytes(digest)] if type(number) is int and number >= 0 and len(digest) == 32:
            return Head(number, digest)
    raise EncodingRefused("link_form")
