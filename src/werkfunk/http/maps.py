"""Maps: which there are, and their bytes by range. Public map data, nothing about people; what is asked is not noted."""

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from werkfunk.domain.errors import Code, Failure
from werkfunk.http.call import Call
from werkfunk.http.context import Services
from werkfunk.http.ranges import parse_range
from werkfunk.wire import api

PIECE = "public, max-age=3600"
PIECE_MAX = 4 << 20
"""Bytes of one answer: a tile or a table of contents is far below."""


async def listing(call: Call) -> api.Maps:
    """The maps that this server has, the base map first."""
    found = await asyncio.to_thread(call.services.maps.all)
    return api.Maps(
        maps=[
            api.Map(
                name=one.name,
                kind=one.kind,
                size=one.size,
                min_zoom=one.min_zoom,
                max_zoom=one.max_zoom,
                bounds=list(one.bounds),
                attribution=one.attribution,
                version=_tag(one.path),
            )
            for one in found
        ]
    )


async def piece(services: Services, request: Request) -> Response:
    """A range of a map. Raises Failure NOT_FOUND, RANGE."""
    path = services.maps.path(request.path_params["name"])
    if path is None:
        raise Failure(Code.NOT_FOUND)
    size = path.stat().st_size
    headers = {"Accept-Ranges": "bytes", "Cache-Control": PIECE, "ETag": f'"{_tag(path)}"'}
    wanted = request.headers.get("range")
    if wanted is None:
        if size > PIECE_MAX:
            raise Failure(Code.RANGE)
        start, end, status = 0, size, 200
    else:
        start, end = parse_range(wanted, size)
        end = min(end, start + PIECE_MAX)
        status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    data = await asyncio.to_thread(_read, path, start, end)
    return Response(data, status, headers, "application/vnd.pmtiles")


def _read(path: Path, start: int, end: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(end - start)


def _tag(path: Path) -> str:
    """Changes when the file does, so that pieces of two versions are never mixed."""
    found = path.stat()
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"
