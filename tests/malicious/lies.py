"""What a lying server tells: each lie as a function from the honest answer to the false one. Told to the client library
(`test_malicious_server.py`) and to the app's engine (`tests/app/test_malicious.py`) alike.
"""

import os
from collections.abc import Callable
from typing import Any

from werkfunk.domain.roles import Role
from werkfunk.protocol import author, author_user
from werkfunk.protocol.author_user import Made, NewDevice
from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.identity import Profile, RecipientKeys, register_device
from werkfunk.protocol.organisation import Enrolled
from werkfunk.protocol.seeds import seal_seed
from werkfunk.protocol.signing import SigningKey
from werkfunk.protocol.statements import Anchors, ChainKind, SignerRef, Statement, sign
from werkfunk.protocol.user import DeviceAdded
from werkfunk.sdk.client import Client
from werkfunk.wire import api, frames

Log = list[frames.Logged]

# -- the log


def swapped(events: Log) -> Log:
    """The last two events in the other order."""
    *before, one, two = events
    return [*before, frames.Logged(one.seq, one.time, two.event), frames.Logged(two.seq, two.time, one.event)]


def repeated(events: Log) -> Log:
    """The last event once more, under the next number."""
    last = events[-1]
    return [*events, frames.Logged(last.seq + 1, last.time, last.event)]


def holed(events: Log) -> Log:
    """The first event is missing."""
    return events[1:]


def renumbered(events: Log) -> Log:
    """The last but one is missing, and its number is given to the last."""
    *before, hidden, shown = events
    return [*before, frames.Logged(hidden.seq, hidden.time, shown.event)]


def later(events: Log) -> Log:
    """Another server time: another log, with the same events."""
    return [frames.Logged(e.seq, e.time + 1, e.event, e.hash) for e in events]


def pinned(client: Client, conversation: bytes, time: int) -> Callable[[Log], Log]:
    """One event more: a generation that `client` makes from what it knows now, as if logged at `time`."""
    made = client.statements.desk().rekey(client.core.state(conversation), client.core.logs.seen(conversation))

    def told(events: Log) -> Log:
        return [*events, frames.Logged(events[-1].seq + 1, time, made.event)]

    return told


# -- people and chains


def shortened(people: api.People, user: bytes, by: int = 1) -> api.People:
    for person in people.people:
        if person.user == user:
            person.chain_length -= by
    return people


def lengthened(people: api.People, user: bytes) -> api.People:
    return shortened(people, user, -1)


def at_length(people: api.People, user: bytes, length: int) -> api.People:
    for person in people.people:
        if person.user == user:
            person.chain_length = length
    return people


def renamed(people: api.People, user: bytes, profile: bytes) -> api.People:
    for person in people.people:
        if person.user == user:
            person.profile = profile
    return people


def crowned(people: api.People) -> api.People:
    """Everybody is an owner, says the server."""
    for person in people.people:
        person.role = Role.OWNER
    return people


def without_invite(invitation: api.Invitation) -> api.Invitation:
    """The organisation as it was before the invite, its newest statement, was made."""
    invitation.organisation = invitation.organisation[:-1]
    return invitation


# -- boxes


def spoilt(boxes: api.Boxes) -> api.Boxes:
    for box in boxes.boxes:
        box.box = box.box[:-1] + bytes([box.box[-1] ^ 1])
    return boxes


def only_repairs(boxes: api.Boxes) -> api.Boxes:
    return api.Boxes(boxes=[box for box in boxes.boxes if box.kind == "repair"])


# -- ghosts


def ghost() -> NewDevice:
    return NewDevice(SigningKey(os.urandom(32)), BoxKey(os.urandom(32)), "Geist")


def stranger(organisation: bytes, device: NewDevice, name: str) -> Made:
    """A person that the server made up."""
    return author_user.genesis(
        organisation, device, RecipientKeys(os.urandom(16)), Profile(name).seal(os.urandom(16)), os.urandom(32), 1,
        os.urandom,
    )  # fmt: skip


def forge_device(state: Any, device: NewDevice) -> bytes:
    """A device added to a person's chain, in the name of a true device, signed by the new one itself."""
    record = register_device(device.key, device.box.public, b"", 1)
    seal, _ = seal_seed(state.id, 1, os.urandom(32), record.id, record.box)
    statement = Statement(
        1, ChainKind.USER, state.id, state.length, state.hashes[-1], 2,
        SignerRef(state.id, next(iter(state.devices))), Anchors(), 1, DeviceAdded(record, seal).to_map(),
    )  # fmt: skip
    return sign(statement, device.key)


def forge_enrolment(founded: Any, me: author.Author, invite: bytes) -> bytes:
    """An enrolment with a proof that nobody gave."""
    statement = Statement(
        1, ChainKind.ORGANISATION, founded.id, founded.length, founded.hashes[-1], 2, me.ref,
        Anchors(user=me.user.head), 3, Enrolled(invite, me.user.id, bytes(64)).to_map(),
    )  # fmt: skip
    return sign(statement, me.key)
