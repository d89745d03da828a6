"""The HTTP API's bodies: JSON objects; byte strings are base64 (RFC 4648 section 4). The routes stand in `wire/routes.py`.

Each statement travels as the signed bytes of docs/protocol.md; boxes travel beside it and must have the hashes that the
statement names. Everything here is checked by type and length before any rule looks at it.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from werkfunk.domain import limits

Id16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Id32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
StatementBytes = Annotated[bytes, Meta(min_length=1, max_length=limits.EVENT_MAX)]
BoxBytes = Annotated[bytes, Meta(min_length=1, max_length=limits.BOX_MAX)]
ProfileBytes = Annotated[bytes, Meta(min_length=17, max_length=limits.PROFILE_MAX)]
"""A profile as it travels: salt (16 bytes) followed by the CBOR document."""
PictureBytes = Annotated[bytes, Meta(min_length=1, max_length=limits.PICTURE_MAX)]
"""A sealed profile picture (docs/protocol.md, 4.2)."""
Count = Annotated[int, Meta(ge=0)]


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of all bodies: unknown fields are refused."""


class SealedBox(Body):
    """A box for one recipient: a device or recovery recipient (16 bytes) or a user (32 bytes); `index` for holders, else 0."""

    recipient: Annotated[bytes, Meta(min_length=16, max_length=32)]
    box: BoxBytes
    index: Annotated[int, Meta(ge=0, le=3)] = 0


class Problem(Body):
    """Every error's body (RFC 9457): `code` is stable, `title` helps, `detail` is for developers."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""


class Setup(Body):
    """The founder's first request: the secret of the set-up link, both geneses and what belongs to them."""

    secret: Id16
    user_genesis: StatementBytes
    organisation_genesis: StatementBytes
    boxes: Annotated[list[SealedBox], Meta(max_length=16)]
    profile: ProfileBytes
    organisation_profile: ProfileBytes


class SetupInfo(Body):
    """What the set-up link's holder learns before founding (asked with the secret): the name given to `init`."""

    organisation_name: str
    owner_name: str


class Invitation(Body):
    """What a newcomer needs to check an invite: the organisation's chain and the user chains of those who signed it."""

    organisation: list[bytes]
    users: dict[str, list[bytes]]
    """Keys are user ids in lower-case hex."""
    organisation_profile: bytes


class Join(Body):
    """A newcomer's request: own genesis and the enrolment statement."""

    user_genesis: StatementBytes
    enrolment: StatementBytes
    boxes: Annotated[list[SealedBox], Meta(max_length=16)]
    profile: ProfileBytes


class Joined(Body):
    """Done; the chains' lengths now."""

    organisation: Id32
    user: Id32
    organisation_length: Count
    user_length: Count


class SessionRequest(Body):
    """Ask for a token; the DPoP proof of the request must be signed by this device's key (`jwk` in its header)."""

    device: Id16


class Session(Body):
    """A token bound to the device's key (RFC 9449); send it as `Authorization: DPoP …` with a proof each time."""

    token: str
    expires: int


class Chain(Body):
    """Statements of a chain from the asked number on, and its length now."""

    statements: list[bytes]
    length: Count


class OrganisationProfile(Body):
    """The organisation's profile (salt and document); counts only if it matches the signed commitment."""

    profile: bytes


class OrganisationStatement(Body):
    """Extend the organisation's chain. `profile` goes with kind 8."""

    statement: StatementBytes
    profile: ProfileBytes | None = None


class UserStatement(Body):
    """Extend the own user chain. `boxes` are the seals that the statement names; `profile` goes with kind 6, and a new
    `picture` with a profile that names its hash."""

    statement: StatementBytes
    boxes: Annotated[list[SealedBox], Meta(max_length=64)] = []
    profile: ProfileBytes | None = None
    picture: PictureBytes | None = None


class Extended(Body):
    """The chain's length after the statement."""

    length: Count


class Person(Body):
    """A person as the server serves it; `profile` counts only if it matches the signed commitment."""

    user: Id32
    role: int | None
    """None: removed from the organisation."""
    profile: bytes
    chain_length: Count


class Picture(Body):
    """A person's sealed profile picture; counts only if the signed profile names its hash."""

    picture: bytes


class People(Body):
    """All whom the asker may see: everybody, or for guests those who share a conversation."""

    people: list[Person]


class Seals(Body):
    """The asker's sealed user box seed of the newest generation."""

    generation: int
    box: bytes


class Recovery(Body):
    """Found by handle: the user's chain, the organisation's, the signers' and the sealed seed for this recipient."""

    user: Id32
    user_chain: list[bytes]
    organisation: list[bytes]
    users: dict[str, list[bytes]]
    generation: int
    box: bytes


class Offer(Body):
    """The public keys of a device that waits to be scanned."""

    signing: Id32
    box: Annotated[bytes, Meta(min_length=1_216, max_length=1_216)]


class OfferAnswer(Body):
    """The device link, sealed to the offered box key; nothing while nobody has scanned it."""

    box: Annotated[bytes, Meta(min_length=1, max_length=2_048)] | None


class ConversationInfo(Body):
    """One conversation of the asker."""

    conversation: Id16
    generation: Count
    last_seq: Count
    visible_from: Count
    """The first seq whose event the asker may fetch; before it, hashes only."""
    rekey_required: bool


class Conversations(Body):
    """The asker's conversations."""

    conversations: list[ConversationInfo]


class ConversationStatement(Body):
    """Append a statement event to a conversation's log (for kind 0: create it)."""

    event: Annotated[bytes, Meta(min_length=1, max_length=limits.EVENT_MAX)]
    boxes: Annotated[list[SealedBox], Meta(max_length=limits.MEMBERS_MAX + 3)] = []


class Appended(Body):
    """Where the event stands in the log."""

    seq: Count
    time: Count


class LoggedEvent(Body):
    """One event of a log; `event` is empty and `hash` its SHA-256 where it is not visible to the asker."""

    seq: Count
    time: Count
    event: bytes
    hash: bytes = b""


class EventPage(Body):
    """Events in order, and where the log ends now."""

    events: list[LoggedEvent]
    last_seq: Count


class Box(Body):
    """A box for the asker: kind `generation`, `grant`, `repair` or `holder`; a grant spans first..generation."""

    kind: str
    generation: Count
    first: Count
    box_generation: Count
    box: bytes


class Boxes(Body):
    """Boxes of one conversation for the asker."""

    boxes: list[Box]


class Slots(Body):
    """The newest slot events of a conversation."""

    events: list[bytes]


class RepairRequest(Body):
    """Ask the members for the box of a generation."""

    generation: Annotated[int, Meta(ge=1)]


class Repair(Body):
    """An open question: `user` lacks the box of `generation`."""

    conversation: Id16
    generation: Count
    user: Id32


class Repairs(Body):
    """Open questions in the asker's conversations (not the asker's own)."""

    repairs: list[Repair]


class RepairAnswer(Body):
    """A member's answer: a box of label `repair box` for `user`."""

    generation: Annotated[int, Meta(ge=1)]
    user: Id32
    box_generation: Annotated[int, Meta(ge=1)]
    box: BoxBytes


class PushSubscription(Body):
    """What the browser's `PushManager.subscribe` gave: the push service's address and for whom to seal (RFC 8291)."""

    endpoint: Annotated[str, Meta(min_length=1, max_length=2_048)]
    p256dh: Annotated[bytes, Meta(min_length=65, max_length=65)]
    auth: Id16


class Push(Body):
    """`key` is the applicationServerKey to subscribe with, empty when this server sends no push messages."""

    key: bytes
    subscribed: bool
    """Whether the asking device has a subscription here."""


class Health(Body):
    """The server's state: `ok`, `starting` or `stopping`."""

    status: str


class Empty(Body):
    """Nothing to say beyond success."""


class Map(Body):
    """One map: `name` for `/maps/{name}.pmtiles`; `kind` vector or raster; bounds west, south, east, north in degrees."""

    name: str
    kind: str
    size: int
    min_zoom: int
    max_zoom: int
    bounds: list[float]
    attribution: str
    version: str


class Maps(Body):
    """The maps of a server, the base map first."""

    maps: list[Map]
