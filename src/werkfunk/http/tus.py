"""Files over HTTP: tus 1.0 (core, creation, termination) for upload, byte ranges (RFC 9110) for download."""

import base64
import binascii
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from werkfunk.domain.errors import Code, Failure
from werkfunk.http.context import Services, arriving, identifier
from werkfunk.http.ranges import parse_range

VERSION = "1.0.0"


async def options(services: Services, _: Request) -> Response:
    """What this server can."""
    return _answer(
        204, {"Tus-Version": VERSION, "Tus-Extension": "creation,termination", "Tus-Max-Size": str(services.blobs.most)}
    )


async def create(services: Services, request: Request) -> Response:
    """Creation: `Upload-Length`, and `Upload-Metadata: conversation <base64 of 16 bytes>`."""
    subject = services.authenticate(request)
    _check_version(request)
    size = _number(request, "upload-length")
    blob = await services.blobs.create(subject, _conversation(request), size)
    return _answer(201, {"Location": f"/v1/blobs/{blob.hex()}", "Upload-Offset": "0"})


async def head(services: Services, request: Request) -> Response:
    """Where an upload stands."""
    subject = services.authenticate(request)
    row = await services.blobs.state(subject, _blob(request))
    return _answer(200, {"Upload-Offset": str(row.received), "Upload-Length": str(row.size)})


async def patch(services: Services, request: Request) -> Response:
    """The next bytes of an upload."""
    subject = services.authenticate(request)
    _check_version(request)
    if request.headers.get("content-type") != "application/offset+octet-stream":
        raise Failure(Code.UNSUPPORTED_MEDIA)
    offset = await services.blobs.write(
        subject, _blob(request), _number(request, "upload-offset"), _pieces(services, request)
    )
    return _answer(204, {"Upload-Offset": str(offset)})


async def _pieces(services: Services, request: Request) -> AsyncIterator[bytes]:
    # A connection that breaks is an ordinary end here: what came is kept, and the client asks with HEAD.
    try:
        async for piece in arriving(services, request):
            if piece:
                yield piece
    except ClientDisconnect:
        return


async def delete(services: Services, request: Request) -> Response:
    """Termination."""
    subject = services.authenticate(request)
    _check_version(request)
    await services.blobs.delete(subject, _blob(request))
    return _answer(204, {})


async def download(services: Services, request: Request) -> Response:
    """The ciphertext, whole or a range; never shown by a browser."""
    subject = services.authenticate(request)
    row = await services.blobs.find(subject, _blob(request))
    start, end, status = 0, row.size, 200
    wanted = request.headers.get("range")
    if wanted is not None:
        start, end = parse_range(wanted, row.size)
        status = 206
    headers = {
        "Content-Length": str(end - start),
        "Content-Disposition": "attachment",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
    }
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{row.size}"
    return StreamingResponse(services.blobs.read(row, start, end), status, headers, "application/octet-stream")


def _answer(status: int, headers: dict[str, str]) -> Response:
    return Response(None, status, {"Tus-Resumable": VERSION, **headers})


def _blob(request: Request) -> bytes:
    return identifier(request.path_params["blob"], 16)


def _check_version(request: Request) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise Failure(Code.UNSUPPORTED_TUS)


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Failure(Code.MALFORMED, header)
    return int(text)


def _conversation(request: Request) -> bytes:
    for pair in request.headers.get("upload-metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "conversation":
            try:
                raw = base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                break
            if len(raw) == 16:
                return raw
    raise Failure(Code.MALFORMED, "upload-metadata")
