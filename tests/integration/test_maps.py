"""Maps over HTTP: listed for everybody, read by ranges, whole only where small, nothing else of the disk reachable."""

import json
from pathlib import Path

import httpx
import pytest

from tests.e2e.process import Cli, Serving
from tests.unit.test_maps import write_map
from werkfunk.adapters.maps import BASE


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("maps")
    cli = Cli(folder)
    serving = Serving(cli)
    address = serving.start()
    yield address, cli
    serving.stop()


def test_the_base_map_is_listed_and_read_in_pieces(url: tuple[str, Cli]) -> None:
    address, _ = url
    listed = httpx.get(f"{address}/v1/maps").json()["maps"]
    assert listed[0]["name"] == "base"
    assert listed[0]["size"] == BASE.stat().st_size
    piece = httpx.get(f"{address}/maps/base.pmtiles", headers={"range": "bytes=0-126"})
    assert piece.status_code == 206
    assert piece.content == BASE.read_bytes()[:127]
    assert piece.headers["content-range"] == f"bytes 0-126/{BASE.stat().st_size}"
    assert piece.headers["etag"] == f'"{listed[0]["version"]}"'
    assert httpx.get(f"{address}/maps/base.pmtiles").content == BASE.read_bytes()


@pytest.mark.parametrize(
    "wanted", ["bytes=5-1", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", "bytes=99999999-"]
)
def test_bad_ranges_are_refused(url: tuple[str, Cli], wanted: str) -> None:
    answer = httpx.get(f"{url[0]}/maps/base.pmtiles", headers={"range": wanted})
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")


@pytest.mark.parametrize("name", ["streets", "other", "..%2fwerkfunk", "..%2f..%2fwerkfunk", "base.pmtiles/x"])
def test_nothing_else_is_there(url: tuple[str, Cli], name: str) -> None:
    assert httpx.get(f"{url[0]}/maps/{name}.pmtiles").status_code == 404


def test_the_operator_adds_a_street_map_while_the_server_runs(url: tuple[str, Cli]) -> None:
    address, cli = url
    write_map(cli.folder / "kassel.pmtiles")
    added = cli.one("map", "add", "kassel.pmtiles", "--data", "data")
    assert added["map"] == "streets"
    assert [one["name"] for one in httpx.get(f"{address}/v1/maps").json()["maps"]] == ["base", "streets"]
    assert httpx.get(f"{address}/maps/streets.pmtiles", headers={"range": "bytes=0-6"}).content == b"PMTiles"
    assert [one["map"] for one in cli.lines("map", "list", "--data", "data")] == ["base", "streets"]
    assert cli.one("map", "remove", "--data", "data") == {"removed": True}


def test_garbage_ends_with_2_and_says_why(url: tuple[str, Cli]) -> None:
    _, cli = url
    Path(cli.folder / "garbage.pmtiles").write_bytes(b"no map" * 100)
    done = cli.raw("map", "add", "garbage.pmtiles", "--data", "data", "--json")
    said = json.loads(done.stderr)
    assert (done.returncode, said["error"]) == (2, "map_refused")
    assert "garbage.pmtiles is not a PMTiles archive" in said["text"]
    assert cli.code("map", "add", "garbage.pmtiles", "--data", "nowhere") == 2
