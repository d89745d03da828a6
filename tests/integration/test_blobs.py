"""Files: tus 1.0, ranges, and only for the members of the conversation that they were sent to."""

import base64
import hashlib
import os
from typing import Any

import httpx
import pytest

from malicious.conftest import Firm
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed

TUS = {"tus-resumable": "1.0.0"}
PIECES = {**TUS, "content-type": "application/offset+octet-stream"}


async def ask(client: Client, method: str, path: str, **more: Any) -> httpx.Response:
    return await client.core.transport.request(method, path, **more)


async def refused(client: Client, method: str, path: str, **more: Any) -> str:
    with pytest.raises(NotAllowed) as no:
        await ask(client, method, path, **more)
    return no.value.code


async def create(client: Client, conversation: bytes, size: int) -> str:
    metadata = f"conversation {base64.b64encode(conversation).decode()}"
    answer = await ask(
        client, "POST", "/v1/blobs", headers={**TUS, "upload-length": str(size), "upload-metadata": metadata}
    )
    return str(answer.headers["location"])


async def patch(client: Client, path: str, offset: int, data: bytes) -> int:
    answer = await ask(client, "PATCH", path, headers={**PIECES, "upload-offset": str(offset)}, content=data)
    return int(answer.headers["upload-offset"])


async def test_an_upload_in_pieces_and_a_download_in_ranges(firm: Firm) -> None:
    anna, bernd = await firm.people()
    data = os.urandom(100_000)
    path = await create(anna, firm.group, len(data))
    assert await patch(anna, path, 0, data[:30_000]) == 30_000
    head = await ask(anna, "HEAD", path, headers=TUS)
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("30000", "100000")
    assert (
        await refused(anna, "PATCH", path, headers={**PIECES, "upload-offset": "0"}, content=b"x") == "offset_mismatch"
    )
    assert await refused(bernd, "GET", path) == "not_found"  # not complete yet
    assert await patch(anna, path, 30_000, data[30_000:]) == 100_000
    whole = await ask(bernd, "GET", path)
    assert hashlib.sha256(whole.content).digest() == hashlib.sha256(data).digest()
    assert whole.headers["content-disposition"] == "attachment"
    assert whole.headers["x-content-type-options"] == "nosniff"
    for wanted, expected in (("bytes=10-19", data[10:20]), ("bytes=99990-", data[-10:]), ("bytes=-5", data[-5:])):
        part = await ask(bernd, "GET", path, headers={"range": wanted})
        assert (part.status_code, part.content) == (206, expected)
    for wrong in ("bytes=100000-", "bytes=5-4", "bytes=-", "lines=1-2", "bytes=0-1,3-4"):
        assert await refused(bernd, "GET", path, headers={"range": wrong}) == "range_not_satisfiable"


async def test_only_members_see_a_file(firm: Firm) -> None:
    anna, bernd = await firm.people()
    dora = await firm.invite("Dora")
    path = await create(anna, firm.group, 10)
    await patch(anna, path, 0, bytes(10))
    assert await refused(dora, "GET", path) == "not_found"
    assert await refused(bernd, "HEAD", path, headers=TUS) in (
        "not_found",
        "unknown",
    )  # another's upload; HEAD has no body
    assert (await ask(bernd, "GET", path)).status_code == 200
    await anna.remove(firm.group, [bernd.core.keys.user])
    assert await refused(bernd, "GET", path) == "not_found"
    with pytest.raises(NotAllowed):
        await create(dora, firm.group, 10)


async def test_limits_and_forms(firm: Firm) -> None:
    anna, _ = await firm.people()
    metadata = f"conversation {base64.b64encode(firm.group).decode()}"
    big = {**TUS, "upload-length": str(201 * 1_048_576), "upload-metadata": metadata}
    assert await refused(anna, "POST", "/v1/blobs", headers=big) == "blob_too_large"
    assert (
        await refused(anna, "POST", "/v1/blobs", headers={"upload-length": "1", "upload-metadata": metadata})
        == "unsupported_tus_version"
    )
    for wrong in (
        {"upload-length": "-1"},
        {"upload-length": "x"},
        {"upload-metadata": ""},
        {"upload-metadata": "conversation !!"},
    ):
        assert (
            await refused(
                anna, "POST", "/v1/blobs", headers={**TUS, "upload-length": "1", "upload-metadata": metadata, **wrong}
            )
            == "malformed"
        )
    path = await create(anna, firm.group, 10)
    assert (
        await refused(anna, "PATCH", path, headers={**PIECES, "upload-offset": "0"}, content=bytes(11))
        == "blob_too_large"
    )
    assert (
        await refused(anna, "PATCH", path, headers={**TUS, "upload-offset": "0"}, content=b"x")
        == "unsupported_media_type"
    )
    assert (await ask(anna, "DELETE", path, headers=TUS)).status_code == 204
    assert await refused(anna, "GET", path) == "not_found"
    for name in ("/v1/blobs/zz", "/v1/blobs/" + "AB" * 16, "/v1/blobs/" + "00" * 16):
        assert await refused(anna, "GET", name) == "not_found"
    options = await ask(anna, "OPTIONS", "/v1/blobs")
    assert options.headers["tus-max-size"] == str(200 * 1_048_576)
