"""The app's files on the same port: caching, packing, the page for the app's own addresses."""

from pathlib import Path

import pytest
from starlette.requests import Request

from werkfunk.domain.errors import Code, Failure
from werkfunk.http.app_files import AppFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Werkfunk</title>")
    (tmp_path / "sw.js").write_text("worker")
    (tmp_path / "sw.js.gz").write_bytes(b"\x1f\x8bpacked")
    (tmp_path / "assets" / "a1.js").write_text("code")
    return tmp_path


def asked(path: str, **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": raw})


async def serve(folder: Path, path: str, **headers: str):  # type: ignore[no-untyped-def]
    return await AppFiles(folder).serve(None, asked(path, **headers))  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/", "/c/00ff", "/people", "/settings/devices", "/join"])
async def test_the_apps_addresses_get_its_page(folder: Path, path: str) -> None:
    answer = await serve(folder, path)
    assert answer.body.startswith(b"<!doctype html>")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/index.php", "/assets/../../etc/passwd", "/../index.html", "/assets/none.js", "/%2e%2e/x"]
)
async def test_anything_else_is_not_found(folder: Path, path: str) -> None:
    with pytest.raises(Failure) as failure:
        await serve(folder, path)
    assert failure.value.code is Code.NOT_FOUND


async def test_hashed_names_are_kept_for_ever_and_the_service_worker_is_not(folder: Path) -> None:
    assert "immutable" in (await serve(folder, "/assets/a1.js")).headers["cache-control"]
    worker = await serve(folder, "/sw.js")
    assert worker.headers["cache-control"] == "no-cache"
    assert worker.headers["content-type"].startswith("text/javascript")
    again = await serve(folder, "/sw.js", if_none_match=worker.headers["etag"])
    assert (again.status_code, again.body) == (304, b"")


async def test_packed_only_for_those_who_take_it(folder: Path) -> None:
    packed = await serve(folder, "/sw.js", accept_encoding="gzip, br")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.body == b"\x1f\x8bpacked"
    plain = await serve(folder, "/sw.js", accept_encoding="identity")
    assert "content-encoding" not in plain.headers
    assert plain.body == b"worker"


async def test_a_checkout_without_the_app_says_so(tmp_path: Path) -> None:
    answer = await serve(tmp_path, "/")
    assert b"not built" in answer.body
