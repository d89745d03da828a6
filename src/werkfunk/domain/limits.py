"""The limits of every boundary, in one place. Sizes in bytes, times in seconds unless the name says otherwise."""

EVENT_MAX = 65_536
"""A sealed event, header included."""
BOX_MAX = 1_048_576
"""A grant may hold hundreds of generations; any other box has about 1.3 kB."""
STATEMENT_BODY_MAX = 8 * 1_048_576
"""An HTTP request that brings a statement and its boxes."""
JSON_BODY_MAX = 262_144
"""Any other JSON request."""
FRAME_MAX = 131_072
"""A WebSocket frame from a client: an event and its envelope."""
BLOB_MAX_DEFAULT = 200 * 1_048_576
"""A stored file, ciphertext; the operator may change it."""
PROFILE_MAX = 1_024
"""A profile document with its salt."""
PICTURE_MAX = 18_432
"""A sealed profile picture: 16 KiB, padded."""
PAGE_EVENTS = 500
"""Events in one page of history."""
PAGE_BYTES = 1_048_576
"""Bytes of events in one page of history."""
CURSORS_MAX = 5_000
"""Conversations that one `Sync` may name."""
IN_FLIGHT_MAX = 256
"""Sends of one connection that wait for their commit; more are refused as `busy`."""
OUTBOX_MAX = 1_048_576
"""Bytes that wait in one connection's socket; above it the connection is cut, and the client catches up."""
MEMBERS_MAX = 500
"""Members of one conversation (one statement must fit into one event)."""
TICKET_MS = 15 * 60 * 1_000
"""How long a device ticket is open."""
OFFERS_MAX = 1_024
"""Devices that wait to be scanned, of all people."""
REKEY_MS = 7 * 24 * 3_600 * 1_000
"""A generation's longest life."""
REKEY_EVENTS = 10_000
"""A generation's most events."""
PIN_GRACE_MS = 5 * 60 * 1_000
"""Within this time a generation may honestly be sealed to keys of a member that are no longer the newest."""
ORPHAN_S = 24 * 3_600
"""An upload that no event names is deleted after this."""
SESSION_S = 12 * 3_600
"""Life of a session token."""
AUTHENTICATE_S = 10
"""Time for a new connection to sign in."""
SILENCE_S = 25
"""The default of the setting `silence_seconds`."""
HEAD_MAX = 65_536
"""The head of an HTTP request: its line and its headers."""
SLOTS_MAX = 8
"""Slots per person and conversation."""
BURST_MS = 60_000
"""The longest burst of live voice; then the floor goes to the next."""
FLOOR_SILENCE_S = 3.0
"""Whoever holds the floor and sends no frame for so long has vanished."""
FLOOR_LEASE_MS = 6_000
"""How long a node's claim to a floor outlives the node; renewed every second while somebody speaks."""
FLOOR_QUEUE_MAX = 16
"""People who wait for one floor."""
TUNED_MAX = 64
"""Conversations whose live voice one connection wants."""
VOICE_FRAME_MAX = 512
"""A sealed voice frame: 20 ms of Opus at up to 198 kbit/s."""
VOICE_FRAMES_PER_S = 60
"""A sender's frames: 50 a second, and some more to catch up after a stall."""
VOICE_FRAMES_AHEAD = 100
"""How many frames a burst may be ahead of that rate."""
VOICE_BACKLOG = 4_096
"""Bytes that wait in a listener's socket; beyond them voice frames are late and dropped."""
ALARM_TARGETS_MAX = 32
"""Conversations that one alarm may call."""
ALARM_PEOPLE_MAX = 10_000
"""People whom one alarm may call."""
ALARM_LIST = 50
"""Alarms in the list of recent ones."""
ALARM_SETTINGS_MAX = 200
"""Policies, gateways, machine accesses and plans, of each kind."""
HOOK_AGE_MS = 5 * 60 * 1_000
"""A machine's request is refused when its time is further off."""
PLAN_DAYS = 92
"""Days for which an on-call plan is worked out at once."""
