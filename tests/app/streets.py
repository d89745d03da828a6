"""A small street map as an operator would add it: PMTiles with vector tiles in the Protomaps schema, drawn for one place.

Mapbox Vector Tile 2.1, encoded by hand: a layer has features, a feature is a geometry of zigzag-coded steps.
"""

import gzip
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

EXTENT = 4096
ZOOMS = range(12, 16)
POINT, LINE, POLYGON = 1, 2, 3
Points = Sequence[tuple[int, int]]


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def geometry(kind: int, points: Points) -> bytes:
    steps, x, y = [9], 0, 0
    for index, (to_x, to_y) in enumerate(points):
        if index == 1:
            steps.append((len(points) - 1) << 3 | 2)
        steps += [(d << 1) ^ (d >> 31) for d in (to_x - x, to_y - y)]
        x, y = to_x, to_y
    return b"".join(varint(step) for step in [*steps, *([15] if kind == POLYGON else [])])


def layer(name: str, features: Iterable[tuple[int, Points, str]]) -> bytes:
    """Features of a kind, with a name where there is one."""
    body, values = field(15, 2) + field(1, name.encode()), []
    for kind, points, label in features:
        tags = b""
        if label:
            tags = field(2, varint(0) + varint(len(values)))
            values.append(label)
        body += field(2, tags + field(3, kind) + field(4, geometry(kind, points)))
    body += field(3, b"name")
    for value in values:
        body += field(4, field(1, value.encode()))
    return field(3, body + field(5, EXTENT))


def box(left: int, top: int, right: int, bottom: int) -> Points:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def tile() -> bytes:
    """Two streets that cross, a river, a park, and houses along the streets. In no zoom is a place of a test in the river."""
    houses = [(POLYGON, box(x, y, x + 240, y + 300), "") for x in range(150, 3800, 420) for y in (1250, 2350)]
    return b"".join(
        (
            layer("earth", [(POLYGON, box(0, 0, EXTENT, EXTENT), "")]),
            layer("landuse", [(POLYGON, box(200, 2750, 1700, 3300), "")]),
            layer("water", [(POLYGON, box(0, 3400, EXTENT, 3900), "")]),
            layer("buildings", houses),
            layer("roads", [(LINE, [(0, 2000), (EXTENT, 2000)], "Lindenweg"), (LINE, [(2048, 0), (2048, EXTENT)], "")]),
        )
    )


def street_map(path: Path, latitude: float, longitude: float) -> Path:
    """The file, around a place (degrees): nine tiles for each zoom."""
    data = gzip.compress(tile(), mtime=0)
    tiles = set()
    for zoom in ZOOMS:
        x = int((longitude + 180) / 360 * 2**zoom)
        y = int((1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * 2**zoom)
        tiles |= {zxy_to_tileid(zoom, x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    with path.open("wb") as file:
        writer = Writer(file)
        for one in sorted(tiles):
            writer.write_tile(one, data)
        west, south, east, north = (
            round(v * 1e7) for v in (longitude - 0.05, latitude - 0.05, longitude + 0.05, latitude + 0.05)
        )
        writer.finalize(
            {
                "tile_type": TileType.MVT, "tile_compression": Compression.GZIP,
                "min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north,
                "center_zoom": 14, "center_lon_e7": round(longitude * 1e7), "center_lat_e7": round(latitude * 1e7),
            },
            {
                "attribution": "<a href='https://www.openstreetmap.org/copyright'>© OpenStreetMap</a>",
                "vector_layers": [{"id": name, "fields": {}} for name in ("earth", "landuse", "water", "buildings", "roads", "places")],
            },
        )  # fmt: skip
    return path
