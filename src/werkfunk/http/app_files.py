"""The app's files, as the build left them in `werkfunk/web`: the same process and port serve them, nothing is inlined.

Whatever is not a file and looks like a place in the app (`/c/…`, `/people`) gets the app's page: it routes by itself.
"""

import mimetypes
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from werkfunk.domain.errors import Code, Failure
from werkfunk.http.context import Services

FOLDER = Path(__file__).parent.parent / "web"
PLACES = frozenset({"", "c", "new", "people", "person", "settings", "join", "devices"})
"""First segments of the app's own addresses (`web/src/lib/state/nav.svelte.ts`)."""
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
NOT_BUILT = "Werkfunk runs. The app is not built in this checkout: run `make run`, or install the wheel.\n"
MEDIA = {".webmanifest": "application/manifest+json", ".js": "text/javascript", ".woff2": "font/woff2"}


class AppFiles:
    """Serves one folder that does not change while the server runs."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()
        }

    async def serve(self, _: Services, request: Request) -> Response:
        """One file, or the app's page. Raises Failure `not_found`."""
        name = request.url.path.lstrip("/")
        if name not in self._files:
            if name.partition("/")[0] not in PLACES:
                raise Failure(Code.NOT_FOUND)
            name = "index.html"
        if name not in self._files:
            return Response(NOT_BUILT, 200, media_type="text/plain")
        path = self._files[name]
        headers = {
            "cache-control": IMMUTABLE if name.startswith("assets/") else REVALIDATE,
            "etag": f'"{path.stat().st_mtime_ns:x}"',
            "vary": "accept-encoding",
        }
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(None, 304, headers)
        packed = self._files.get(name + ".gz")
        if packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            path = packed
            headers["content-encoding"] = "gzip"
        suffix = Path(name).suffix
        media = MEDIA.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(path.read_bytes(), 200, headers, media_type=media)
