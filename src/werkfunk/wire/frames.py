"""The WebSocket frames: MessagePack arrays, one binary message each (see docs/decisions, "frame codec").

A frame is `[tag, field, …]` in the order of the fields below. Wrong types are refused with `malformed` and close the
connection, and so does the server with an unknown tag; a client passes over a tag that it does not know, for its server
may be newer. Fields that a newer peer adds at the end are ignored by an older one. Byte fields are raw bytes; ids and
events are those of docs/protocol.md. Times are milliseconds since 1970 UTC, and the server's.

    client                              server
      |  <--------------  Challenge        |   32 fresh bytes
      |  Authenticate  -------------->     |   signature over T("channel", origin, challenge, device)
      |  <--------------  Welcome          |
      |  Sync [conversation, seq]…  ---->  |   what I have
      |  <--------------  Page … Synced    |   what is missing, newest conversations first
      |  Send  ---------------------->     |
      |  <--------------  Ack | Refused    |   Ack only after the durable commit
      |  <--------------  Event            |   live, gapless seq: a gap means Fetch
"""

from typing import get_args

import msgspec


class Frame(msgspec.Struct, array_like=True, gc=False):
    """Base of all frames."""


class Challenge(Frame, tag="challenge"):
    """Server: sign this. `nonce` is 32 fresh random bytes."""

    nonce: bytes
    time: int


class Authenticate(Frame, tag="authenticate"):
    """Client: the device and its Ed25519 signature (64 bytes) over T("channel", origin, nonce, device)."""

    device: bytes
    signature: bytes


class Welcome(Frame, tag="welcome"):
    """Server: signed in. Heads are chain lengths, so a client sees what it must fetch."""

    user: bytes
    time: int
    organisation_length: int
    user_length: int


class Send(Frame, tag="send"):
    """Client: append a message event. `blobs` are the blob ids that the sealed text names, so that they are kept.

    `quiet`: nobody's device is woken by it.
    """

    event: bytes
    blobs: list[bytes] = []
    quiet: bool = False


class Ack(Frame, tag="ack"):
    """Server: durably stored. A `repeated` message id gets the first answer again, and what was logged first is in the log."""

    message_id: bytes
    conversation: bytes
    seq: int
    time: int
    repeated: bool = False


class Refused(Frame, tag="refused"):
    """Server: not done. `reference` is the message id of the Send or Slot, the conversation of a Fetch, the burst of a FloorRequest, or empty."""

    reference: bytes
    code: str
    detail: str = ""


class Event(Frame, tag="event"):
    """Server: one logged event (message or statement) of a conversation."""

    conversation: bytes
    seq: int
    time: int
    event: bytes


class Sync(Frame, tag="sync"):
    """Client: the highest seq that I hold without gap, per conversation; what is not named starts at 0."""

    cursors: list[tuple[bytes, int]]


class Logged(Frame):
    """One event in a page: seq, server time, event bytes; `event` is empty and `hash` its SHA-256 where it is not visible."""

    seq: int
    time: int
    event: bytes
    hash: bytes = b""


class Page(Frame, tag="page"):
    """Server: events in order, and where the log ends now. `more` is true when the client must Fetch to go on."""

    conversation: bytes
    events: list[Logged]
    last_seq: int
    more: bool


class Synced(Frame, tag="synced"):
    """Server: the first page of every conversation that was behind has been sent."""

    conversations: int


class Fetch(Frame, tag="fetch"):
    """Client: the next page of one conversation after `after`."""

    conversation: bytes
    after: int
    limit: int = 500


class WriteSlot(Frame, tag="slot"):
    """Client: store a slot event (docs/protocol.md, 7); the answer is an Ack with seq 0."""

    event: bytes


class Slot(Frame, tag="slot_changed"):
    """Server: a slot of a conversation has a new value."""

    conversation: bytes
    event: bytes


class ChainChanged(Frame, tag="chain"):
    """Server: a chain has grown to `length`: kind 1 organisation, 2 user. Fetch it over HTTP."""

    kind: int
    chain: bytes
    length: int


class RepairWanted(Frame, tag="repair"):
    """Server: `user` lacks the box of `generation`; whoever holds it answers over HTTP. To the asker: an answer is there."""

    conversation: bytes
    generation: int
    user: bytes
    answered: bool = False


class Shown(Frame, tag="shown"):
    """Client: whether the app is in front of its user (as after signing in) or not; without it in front, the device is pushed to."""

    shown: bool


class Ping(Frame, tag="ping"):
    """Either side: answer with Pong."""

    value: int = 0


class Pong(Frame, tag="pong"):
    """The answer to a Ping, with its value."""

    value: int = 0


class Goodbye(Frame, tag="goodbye"):
    """Server: the connection ends; `code` says why: resume | device_revoked | person_removed | restart | malformed | busy."""

    code: str


class Tune(Frame, tag="tune"):
    """Client: live voice of these conversations is wanted here from now on; no others'. Who joins late gets `floor_taken`."""

    conversations: list[bytes]


class FloorRequest(Frame, tag="floor_request"):
    """Client: I want to speak. `burst` is the salt of the burst (16 fresh random bytes, docs/protocol.md, 9) and names it.

    The answer is `floor_granted`, `floor_queued` (and granted later), or `refused` with the burst as its reference.
    `urgent` is for alarms: it interrupts who speaks without it. Who asks again while waiting keeps the newest wish only.
    """

    conversation: bytes
    generation: int
    burst: bytes
    urgent: bool = False


class FloorRelease(Frame, tag="floor_release"):
    """Client: I have finished, or do not want to wait any more."""

    conversation: bytes
    burst: bytes


class FloorGranted(Frame, tag="floor_granted"):
    """Server: speak now; the floor is taken back at `ends`."""

    conversation: bytes
    burst: bytes
    ends: int


class FloorQueued(Frame, tag="floor_queued"):
    """Server: somebody speaks; you are number `position` (1 is next)."""

    conversation: bytes
    burst: bytes
    position: int


class FloorTaken(Frame, tag="floor_taken"):
    """Server: `device` of `user` speaks; `waiting` are the people in the queue. Sent again when the queue changes."""

    conversation: bytes
    burst: bytes
    user: bytes
    device: bytes
    generation: int
    ends: int
    urgent: bool
    waiting: list[bytes] = []


class FloorReleased(Frame, tag="floor_released"):
    """Server: the burst is over; `reason`: released | limit | silent | gone | interrupted | rekey_required | refused."""

    conversation: bytes
    burst: bytes
    reason: str


class Voice(Frame, tag="voice"):
    """Either side: sealed frame `number` of a burst. Never stored, dropped where it would be late, passed on as it came."""

    burst: bytes
    number: int
    sealed: bytes


class Alarm(Frame, tag="alarm"):
    """Server: an alarm that calls you, or that you may watch; at the raising, each repeat, its end, and on connecting while it is open.

    `level` 1 info, 2 urgent, 3 emergency; `status` 1 running, 2 enough came, 3 ended, 4 cancelled, 5 expired. What it is about stands
    sealed in the conversations. `raiser` is empty for a machine. `stage` and `code` are your own, as the server has them.
    """

    alarm: bytes
    level: int
    status: int
    time: int
    raiser: bytes
    conversations: list[bytes]
    template: bytes = b""
    drill: bool = False
    called: bool = True
    watching: bool = False
    round: int = 0
    stage: int = 0
    code: int | None = None


class AlarmPerson(Frame):
    """One person in a board: stage 0 sent, 1 delivered, 2 displayed, 3 acknowledged; the answer's code; when it changed."""

    user: bytes
    stage: int
    code: int | None
    time: int


class AlarmBoard(Frame, tag="alarm_board"):
    """Server: to the raiser and the leads, people whose state has changed, and the numbers now."""

    alarm: bytes
    status: int
    coming: int
    seen: int
    called: int
    changes: list[AlarmPerson]


class AlarmSeen(Frame, tag="alarm_seen"):
    """Client: this device has got the alarm (stage 1) or shows it (2); answers go over HTTP. Nothing comes back."""

    alarm: bytes
    stage: int


ClientFrame = (
    Authenticate
    | Send
    | Sync
    | Fetch
    | WriteSlot
    | Shown
    | Ping
    | Pong
    | Tune
    | FloorRequest
    | FloorRelease
    | Voice
    | AlarmSeen
)
ServerFrame = (
    Challenge
    | Welcome
    | Ack
    | Refused
    | Event
    | Page
    | Synced
    | Slot
    | ChainChanged
    | RepairWanted
    | Ping
    | Pong
    | Goodbye
    | FloorGranted
    | FloorQueued
    | FloorTaken
    | FloorReleased
    | Voice
    | Alarm
    | AlarmBoard
)

encode = msgspec.msgpack.Encoder().encode
_client: msgspec.msgpack.Decoder[ClientFrame] = msgspec.msgpack.Decoder(ClientFrame)
_SERVER_TAGS = frozenset(kind.__struct_config__.tag for kind in get_args(ServerFrame))
_server: msgspec.msgpack.Decoder[ServerFrame] = msgspec.msgpack.Decoder(ServerFrame)


def decode_client(data: bytes) -> ClientFrame:
    """Decode a frame from a client. Raises msgspec.DecodeError (ValidationError included)."""
    return _client.decode(data)


def decode_server(data: bytes) -> ServerFrame | None:
    """Decode a frame from the server; None for a kind of a newer server. Raises msgspec.DecodeError (ValidationError included)."""
    try:
        return _server.decode(data)
    except msgspec.ValidationError:
        match msgspec.msgpack.decode(data):
            case [str(tag), *_] if tag not in _SERVER_TAGS:
                return None
        raise
