"""Every route: headers, forms, methods; what a guest sees; the documented schema."""

import asyncio
import json

import pytest

from malicious.conftest import Firm
from werkfunk.domain.roles import Role
from werkfunk.http import openapi
from werkfunk.http.headers import HEADERS
from werkfunk.sdk import account
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed
from werkfunk.wire.routes import ROUTES

from .raw import ask, code


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200), ("GET", "/healthz", 200), ("GET", "/readyz", 200), ("GET", "/schema/openapi.json", 200), ("GET", "/metrics", 200),
        ("GET", "/nothing", 404), ("POST", "/healthz", 405), ("GET", "/v1/people", 401), ("GET", "/v1/setup/zz", 404),
        ("GET", "/v1/invitations/" + "0" * 64, 404), ("GET", "/v1/recovery/" + "0" * 32, 404), ("GET", "/v1/blobs/x", 401),
    ],
)  # fmt: skip
async def test_every_answer_has_the_strict_headers(firm: Firm, method: str, path: str, status: int) -> None:
    answer = await ask(firm.base, method, path)
    assert answer.status_code == status
    for name, value in HEADERS:
        assert answer.headers[name.decode()] == value.decode()
    assert "unsafe" not in answer.headers["content-security-policy"]
    if status >= 400:
        assert code(answer)


HOST = "Host: x\r\n"
UPGRADE = HOST + "Connection: Upgrade\r\nUpgrade: websocket\r\n"
KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"


@pytest.mark.parametrize(
    ("head", "status", "expected"),
    [
        ("no http at all\r\n", 400, "malformed"),
        ("GET / HTTP/1.1\r\nHo st: x\r\n", 400, "malformed"),
        ("GET /elsewhere HTTP/1.1\r\n" + UPGRADE + KEY + "Sec-WebSocket-Version: 13\r\n", 404, "not_found"),
        ("GET /v1/ws HTTP/1.1\r\n" + UPGRADE + KEY + "Sec-WebSocket-Version: 8\r\n", 400, "malformed"),
        ("GET /v1/ws HTTP/1.1\r\n" + UPGRADE + "Sec-WebSocket-Version: 13\r\n", 400, "malformed"),
        (
            "GET /v1/ws HTTP/1.1\r\nOrigin: https://evil.example\r\n" + UPGRADE + KEY + "Sec-WebSocket-Version: 13\r\n",
            404, "not_found",
        ),
    ],
)  # fmt: skip
async def test_what_is_no_request_is_answered_like_all_others(
    firm: Firm, head: str, status: int, expected: str
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(firm.base.rpartition(":")[2]))
    writer.write(f"{head}\r\n".encode())
    answer, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    first, *lines = answer.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert int(first.split()[1]) == status
    for name, value in HEADERS:
        assert headers[name.decode()] == value.decode()
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["code"] == expected
    assert len(body) == int(headers["content-length"])


async def test_metrics_are_for_this_machine_only(firm: Firm) -> None:
    assert b"werkfunk_events_total" in (await ask(firm.base, "GET", "/metrics")).content
    for header in ("x-forwarded-for", "forwarded", "x-real-ip"):
        assert (await ask(firm.base, "GET", "/metrics", headers={header: "203.0.113.9"})).status_code == 404


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (b"", "application/json", "malformed"),
        (b"{", "application/json", "malformed"),
        (b"[" * 100_000, "application/json", "malformed"),
        (b'{"device": 5}', "application/json", "malformed"),
        (b'{"device": "AAAA"}', "application/json", "malformed"),
        (b'{"device": "AAAAAAAAAAAAAAAAAAAAAA==", "more": 1}', "application/json", "malformed"),
        (b"{}", "text/plain", "unsupported_media_type"),
        (bytes(300_000), "application/json", "body_too_large"),
    ],
)
async def test_bad_bodies_are_refused_with_a_stable_code(firm: Firm, content: bytes, kind: str, expected: str) -> None:
    answer = await ask(firm.base, "POST", "/v1/sessions", content=content, headers={"content-type": kind})
    assert code(answer) == expected


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=99999999999999999999", "before=1", "after=1&x=2"])
async def test_bad_queries_are_refused(firm: Firm, query: str) -> None:
    with pytest.raises(NotAllowed) as no:
        await firm.clients["Bernd"].core.transport.request(
            "GET",
            "/v1/organisation/chain",
            params=dict(part.split("=") for part in query.split("&")),  # type: ignore[arg-type]
        )
    assert no.value.code == "malformed"


async def test_a_guest_sees_only_companions(firm: Firm) -> None:
    anna = firm.clients["Anna"]
    link = await anna.office.invite(Role.GUEST, 1, now() + 60_000)
    await account.join(link, firm.folder / "Gast", "Gast", "Test")
    guest = firm.clients["Gast"] = Client(firm.folder / "Gast")
    await guest.connect()
    names = {guest.core.chains.name(user) for user in guest.core.chains.people()}
    assert "Bernd" not in names
    assert "Clara" not in names
    # Bernd's keys are part of what proves the organisation's history; his name is not.
    assert await guest.core.chains.refresh_user(firm.clients["Bernd"].core.keys.user)
    await anna.add(firm.group, [guest.core.keys.user])
    await guest.connect()
    assert "Bernd" in {guest.core.chains.name(user) for user in guest.core.chains.people()}


# -- the schema


def test_the_schema_names_every_route() -> None:
    document = openapi.document()
    assert document["openapi"] == "3.1.0"
    named = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert named == {route.name for route in ROUTES}
