"""Map files: what is refused and why, what a good one says, and that a bad one never takes the place of a good one."""

import gzip
import json
from pathlib import Path

import pytest
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from werkfunk.adapters.maps import BASE, MapFolder, MapRefused, check_streets, read

PROTOMAPS = [{"id": name, "fields": {}} for name in ("earth", "water", "roads", "places")]


def write_map(
    path: Path,
    kind: TileType = TileType.MVT,
    layers: object = PROTOMAPS,
    east: int = 95,
    compression: Compression = Compression.GZIP,
) -> Path:
    with path.open("wb") as file:
        writer = Writer(file)
        writer.write_tile(zxy_to_tileid(0, 0, 0), gzip.compress(b"\x1a\x00"))
        writer.finalize(
            {
                "tile_type": kind, "tile_compression": compression,
                "min_lon_e7": 94_000_000, "min_lat_e7": 512_000_000, "max_lon_e7": east * 1_000_000, "max_lat_e7": 514_000_000,
                "center_zoom": 0, "center_lon_e7": 0, "center_lat_e7": 0,
            },
            {"vector_layers": layers, "attribution": "© OpenStreetMap"},
        )  # fmt: skip
    return path


def test_the_base_map_covers_europe_and_names_its_sources() -> None:
    base = read("base", BASE)
    west, south, east, north = base.bounds
    assert west < -9 < 30 < east
    assert south < 36 < 70 < north
    assert (base.kind, base.min_zoom, base.max_zoom) == ("vector", 0, 8)
    assert "Natural Earth" in base.attribution
    assert "GeoNames" in base.attribution
    assert base.size < 1_500_000


def test_a_street_map_is_taken(tmp_path: Path) -> None:
    folder = MapFolder(tmp_path)
    assert [one.name for one in folder.all()] == ["base"]
    found = folder.add(write_map(tmp_path / "kassel.pmtiles"))
    assert found.bounds == (9.4, 51.2, 9.5, 51.4)
    assert [one.name for one in folder.all()] == ["base", "streets"]
    assert folder.all()[1].attribution == "© OpenStreetMap"
    assert folder.remove()
    assert not folder.remove()
    assert folder.path("streets") is None


@pytest.mark.parametrize("kind", [TileType.PNG, TileType.JPEG, TileType.WEBP])
def test_a_raster_map_needs_no_layers(tmp_path: Path, kind: TileType) -> None:
    assert check_streets(write_map(tmp_path / "m", kind, [], compression=Compression.NONE)).kind == "raster"


def refusals(folder: Path) -> list[tuple[str, Path]]:
    good = write_map(folder / "good").read_bytes()
    cases = {
        "cut off": good[:-5],
        "not a PMTiles": b"",
        "damaged": good[:100],
        "version 3": b"PMTiles\x02" + good[8:],
        "a PMTiles archive": b"PK\x03\x04" + bytes(200),
        "damaged metadata": b"",
    }
    made = []
    for name, data in list(cases.items())[:-1]:
        path = folder / name.replace(" ", "_")
        path.write_bytes(data)
        made.append((name, path))
    huge = bytearray(good)
    huge[32:40] = (1 << 40).to_bytes(8, "little")
    (folder / "huge").write_bytes(huge)
    return [
        *made,
        ("damaged", folder / "huge"),
        ("do not draw", write_map(folder / "mlt", TileType.UNKNOWN)),
        ("packed", write_map(folder / "zstd", compression=Compression.ZSTD)),
        ("lacks the layers earth, roads", write_map(folder / "bare", layers=[{"id": "water"}, "x", {"id": 5}])),
        ("lacks the layers", write_map(folder / "none", layers="roads")),
        ("not on the earth", write_map(folder / "swapped", east=-5)),
        ("cannot be read", folder / "missing"),
        ("cannot be read", folder),
    ]


def test_refusals_say_why_and_keep_what_was(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    folder = MapFolder(data)
    folder.add(write_map(tmp_path / "first"))
    before = folder.streets.read_bytes()
    for why, path in refusals(tmp_path):
        with pytest.raises(MapRefused, match=why):
            folder.add(path)
    assert folder.streets.read_bytes() == before
    assert [path.name for path in (data / "maps").iterdir()] == ["streets.pmtiles"]


def test_a_map_damaged_later_is_left_out(tmp_path: Path) -> None:
    folder = MapFolder(tmp_path)
    folder.add(write_map(tmp_path / "first"))
    folder.streets.write_bytes(json.dumps({}).encode())
    assert [one.name for one in folder.all()] == ["base"]
