"""Who may what: each role, each operation of a conversation, over each transport, as a member, as nobody, as removed, and
from a device or a person that was cut off. What `domain.roles` decides is what HTTP, uploads and the WebSocket answer.
"""

import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
import pytest
import pytest_asyncio

from malicious.conftest import Firm
from werkfunk.domain.roles import PERMISSIONS, Operation, Role, Scope, Subject, permitted, scope_of
from werkfunk.http.handlers import ID_SIZES
from werkfunk.protocol.events import Event, EventKind, Header
from werkfunk.protocol.statements import Anchors, ChainKind, SignerRef, Statement, sign
from werkfunk.sdk import account
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed
from werkfunk.wire import api, frames
from werkfunk.wire.routes import ROUTES

from .raw import Wire, signed_in

DENIED = {"not_found", "forbidden"}
"""An outsider learns no more than of a conversation that does not exist; a role that is too small is told so."""
CUT = {"device_revoked", "person_removed"}
TUS = {"tus-resumable": "1.0.0"}


@pytest.mark.parametrize("role", [*Role, None])
@pytest.mark.parametrize("operation", Operation)
def test_the_decision_denies_by_default(role: Role | None, operation: Operation) -> None:
    for active in (True, False):
        for member in (True, False):
            subject = Subject(bytes(32), bytes(16), role, active)
            expected = (
                active
                and role is not None
                and operation in PERMISSIONS[role]
                and (member or scope_of(operation) is Scope.ORGANISATION)
            )
            assert permitted(subject, operation, member=member) is expected


@dataclass
class Asker:
    """One person's device, over HTTP and on a raw socket."""

    role: Role
    client: Client
    wire: Wire
    uploads: dict[bytes, str] = field(default_factory=dict)
    """Own unfinished upload by conversation."""

    def header(self, conversation: bytes, kind: EventKind, tag: bytes | None = None) -> Header:
        return Header(conversation, 1, self.client.core.keys.device, self.client.outbox.fresh_id(), kind, tag)

    async def http(self, method: str, path: str, body: msgspec.Struct | None = None, **more: object) -> str:
        """The code of a refusal, or "" when it was done."""
        headers = {"content-type": "application/json"} if body is not None else {}
        content = msgspec.json.encode(body) if body is not None else None
        arguments = {"headers": headers, "content": content, **more}
        try:
            await self.client.core.transport.request(method, path, **arguments)  # type: ignore[arg-type]
        except NotAllowed as error:
            return error.code
        return ""

    async def frame(self, frame: frames.Frame, *answers: type) -> str:
        await self.wire.send(frame)
        while True:
            got = await self.wire.next()
            if isinstance(got, frames.Refused):
                return str(got.code)
            if isinstance(got, answers):
                return ""


@dataclass
class Place:
    """A conversation that Anna leads, with a file in it."""

    conversation: bytes
    blob: str
    anna: Asker

    @property
    def path(self) -> str:
        return f"/v1/conversations/{self.conversation.hex()}"


async def append_statement(asker: Asker, place: Place) -> str:
    keys = asker.client.core.keys
    header = asker.header(place.conversation, EventKind.STATEMENT)
    statement = Statement(
        1, ChainKind.CONVERSATION, place.conversation, 9, bytes(32), now(),
        SignerRef(keys.user, keys.device), Anchors(), 0, {},
    )  # fmt: skip
    event = Event(header, sign(statement, keys.signing)).to_bytes()
    return await asker.http("POST", f"{place.path}/statements", api.ConversationStatement(event=event))


async def answer_repair(asker: Asker, place: Place) -> str:
    body = api.RepairAnswer(generation=1, user=asker.client.core.keys.user, box_generation=1, box=bytes(1200))
    return await asker.http("PUT", f"{place.path}/repairs", body)


async def start_upload(asker: Asker, place: Place) -> str:
    metadata = f"conversation {base64.b64encode(place.conversation).decode()}"
    headers = {**TUS, "upload-length": "3", "upload-metadata": metadata}
    try:
        answer = await asker.client.core.transport.request("POST", "/v1/blobs", headers=headers)
    except NotAllowed as error:
        return error.code
    asker.uploads[place.conversation] = str(answer.headers["location"])
    return ""


async def go_on_uploading(asker: Asker, place: Place) -> str:
    headers = {**TUS, "content-type": "application/offset+octet-stream", "upload-offset": "0"}
    path = asker.uploads.get(place.conversation, place.blob)
    return await asker.http("PATCH", path, headers=headers, content=b"")


async def send(asker: Asker, place: Place) -> str:
    event = Event(asker.header(place.conversation, EventKind.MESSAGE), bytes(300)).to_bytes()
    return await asker.frame(frames.Send(event), frames.Ack)


async def write_slot(asker: Asker, place: Place) -> str:
    event = Event(asker.header(place.conversation, EventKind.SLOT, os.urandom(16)), bytes(300)).to_bytes()
    return await asker.frame(frames.WriteSlot(event), frames.Ack)


async def fetch(asker: Asker, place: Place) -> str:
    return await asker.frame(frames.Fetch(place.conversation, 0), frames.Page)


async def hear(asker: Asker, place: Place) -> str:
    """Heard is who holds the floor, whether the floor or the wish to hear came first."""
    burst = os.urandom(16)
    core, wire = place.anna.client.core, place.anna.wire
    await core.catch_up(place.conversation)
    generation = core.state(place.conversation).generation
    assert await place.anna.frame(frames.FloorRequest(place.conversation, generation, burst), frames.FloorGranted) == ""
    try:
        return await asker.frame(frames.Tune([place.conversation]), frames.FloorTaken)
    finally:
        await wire.send(frames.FloorRelease(place.conversation, burst))
        await wire.until(frames.FloorReleased)


def speak(*, urgent: bool) -> Callable[[Asker, Place], Awaitable[str]]:
    async def ask(asker: Asker, place: Place) -> str:
        burst = os.urandom(16)
        wish = frames.FloorRequest(place.conversation, 1, burst, urgent=urgent)
        got = await asker.frame(wish, frames.FloorGranted, frames.FloorQueued)
        if not got:
            await asker.wire.send(frames.FloorRelease(place.conversation, burst))
        return got

    return ask


WAYS: tuple[tuple[str, Operation, Callable[[Asker, Place], Awaitable[str]]], ...] = (
    ("HTTP statements", Operation.READ_EVENTS, lambda a, p: a.http("GET", f"{p.path}/statements")),
    ("HTTP events", Operation.READ_EVENTS, lambda a, p: a.http("GET", f"{p.path}/events")),
    ("HTTP slots", Operation.READ_EVENTS, lambda a, p: a.http("GET", f"{p.path}/slots")),
    ("HTTP boxes", Operation.READ_BOXES, lambda a, p: a.http("GET", f"{p.path}/boxes")),
    (
        "HTTP repair",
        Operation.REPAIR,
        lambda a, p: a.http("POST", f"{p.path}/repairs", api.RepairRequest(generation=2)),
    ),
    ("HTTP answer", Operation.REPAIR, answer_repair),
    ("HTTP statement", Operation.SEND_STATEMENT, append_statement),
    ("tus create", Operation.UPLOAD_BLOB, start_upload),
    ("tus patch", Operation.UPLOAD_BLOB, go_on_uploading),
    ("HTTP file", Operation.READ_BLOB, lambda a, p: a.http("GET", p.blob)),
    ("WebSocket fetch", Operation.READ_EVENTS, fetch),
    ("WebSocket send", Operation.SEND_EVENT, send),
    ("WebSocket slot", Operation.WRITE_SLOT, write_slot),
    ("WebSocket tune", Operation.HEAR, hear),
    ("WebSocket floor", Operation.SPEAK, speak(urgent=False)),
    ("WebSocket urgent floor", Operation.SPEAK_URGENTLY, speak(urgent=True)),
)
"""Every operation of a conversation, over every transport that has it."""


def test_every_operation_of_a_conversation_is_in_the_matrix() -> None:
    assert {operation for _, operation, _ in WAYS} == {o for o in Operation if scope_of(o) is Scope.CONVERSATION}
    about = {route.operation for route in ROUTES if "{conversation}" in route.path}
    assert about <= {operation for name, operation, _ in WAYS if name.startswith("HTTP")}


@pytest_asyncio.fixture
async def matrix(firm: Firm) -> AsyncIterator[dict[Role, Asker]]:
    """One person of each role, all in the group."""
    anna = firm.clients["Anna"]
    askers: dict[Role, Asker] = {}
    for role in Role:
        link = await anna.office.invite(role, 1, now() + 600_000)
        await account.join(link, firm.folder / role.name, role.name, "Test")
        client = firm.clients[role.name] = Client(firm.folder / role.name)
        askers[role] = Asker(role, client, await signed_in(client))
    await anna.add(firm.group, [asker.client.core.keys.user for asker in askers.values()])
    yield askers
    for asker in askers.values():
        await asker.wire.socket.close()


async def place_of(firm: Firm, conversation: bytes) -> Place:
    anna = firm.clients["Anna"]
    owner = Asker(Role.OWNER, anna, await signed_in(anna))
    place = Place(conversation, "", owner)
    assert await start_upload(owner, place) == ""
    place.blob = owner.uploads[conversation]
    headers = {**TUS, "content-type": "application/offset+octet-stream", "upload-offset": "0"}
    assert await owner.http("PATCH", place.blob, headers=headers, content=b"abc") == ""
    return place


async def check(asker: Asker, place: Place, *, member: bool) -> None:
    keys = asker.client.core.keys
    subject = Subject(keys.user, keys.device, asker.role, device_active=True)
    for name, operation, ask in WAYS:
        got = await ask(asker, place)
        allowed = permitted(subject, operation, member=member)
        assert (got not in DENIED) is allowed, (asker.role, name, member, got)


async def test_every_role_over_every_transport(firm: Firm, matrix: dict[Role, Asker]) -> None:
    """As a member, as nobody and as a removed one."""
    anna = firm.clients["Anna"]
    group = await place_of(firm, firm.group)
    for asker in matrix.values():
        await check(asker, group, member=True)
    other = await place_of(firm, await anna.create("Andere", []))
    for asker in matrix.values():
        await check(asker, other, member=False)
    await anna.remove(firm.group, [asker.client.core.keys.user for asker in matrix.values()])
    for asker in matrix.values():
        await check(asker, group, member=False)


async def test_who_is_cut_off_does_nothing_more_on_any_route(firm: Firm, matrix: dict[Role, Asker]) -> None:
    """Revoked devices first, then people who are not of the organisation any more; nobody gets another answer than that."""
    anna = firm.clients["Anna"]
    group = await place_of(firm, firm.group)
    for asker in matrix.values():
        # Its token is good until the moment at which it is cut off.
        assert await asker.http("GET", "/v1/people") == ""
    for role, asker in matrix.items():
        device, keys = asker, asker.client.core.keys
        if role in (Role.MEMBER, Role.GUEST):
            link = await asker.client.office.add_device()
            await account.join(link, firm.folder / f"{role.name}2", "", "Zweites")
            client = firm.clients[f"{role.name}2"] = Client(firm.folder / f"{role.name}2")
            device = Asker(role, client, await signed_in(client))
            assert await device.http("GET", "/v1/people") == ""
            await asker.client.office.revoke_device(client.core.keys.device)
        else:
            await anna.office.remove_person(keys.user)
        expected = "device_revoked" if device is not asker else "person_removed"
        assert (await device.wire.until(frames.Goodbye)).code == expected
        for route in ROUTES:
            if route.operation is not None:
                ids = {name: bytes(size).hex() for name, size in ID_SIZES.items()}
                path = route.path.format(**{**ids, "conversation": firm.group.hex()})
                assert await device.http(route.method, path) == expected, (role, route.name)
        for name, _, ask in WAYS:
            if not name.startswith("WebSocket"):
                assert await ask(device, group) == expected, (role, name)
        again = await Wire.open(firm.base)
        assert (await again.sign_in(device.client)).code == expected
        await again.ended()


async def test_every_role_on_the_routes_of_the_organisation(firm: Firm, matrix: dict[Role, Asker]) -> None:
    """What is about no conversation: the role alone decides, before the body is read."""
    for role, asker in matrix.items():
        keys = asker.client.core.keys
        for route in ROUTES:
            if route.operation is None or scope_of(route.operation) is Scope.CONVERSATION:
                continue
            ids = {name: bytes(size).hex() for name, size in ID_SIZES.items()} | {"user": keys.user.hex()}
            headers = {"content-type": "application/json"} if route.request is not None else {}
            content = b"{}" if route.request is not None else None
            got = await asker.http(route.method, route.path.format(**ids), headers=headers, content=content)
            subject = Subject(keys.user, keys.device, role, device_active=True)
            allowed = permitted(subject, route.operation, member=False)
            assert (got != "forbidden") is allowed, (role, route.name, got)
