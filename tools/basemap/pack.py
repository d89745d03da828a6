"""Packs the tiles of tiles.mjs (standard input) into the PMTiles archive named as argument."""

import base64
import json
import sys
from pathlib import Path

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

ATTRIBUTION = "Natural Earth · GeoNames (CC BY 4.0)"
E7 = 10_000_000


def main(target: Path) -> None:
    """Read tiles, write the archive; the same tiles give the same bytes."""
    tiles = [json.loads(line) for line in sys.stdin]
    tiles.sort(key=lambda tile: zxy_to_tileid(tile["z"], tile["x"], tile["y"]))
    with target.open("wb") as file:
        writer = Writer(file)
        for tile in tiles:
            writer.write_tile(zxy_to_tileid(tile["z"], tile["x"], tile["y"]), base64.b64decode(tile["data"]))
        writer.finalize(
            {
                "tile_type": TileType.MVT,
                "tile_compression": Compression.GZIP,
                "min_lon_e7": -25 * E7, "min_lat_e7": 34 * E7, "max_lon_e7": 45 * E7, "max_lat_e7": 72 * E7,
                "center_zoom": 5, "center_lon_e7": 102 * E7 // 10, "center_lat_e7": 511 * E7 // 10,
            },
            {"name": "Europa", "attribution": ATTRIBUTION, "vector_layers": [
                {"id": "land", "fields": {}},
                {"id": "borders", "fields": {}},
                {"id": "places", "fields": {"name": "String", "population": "Number", "zoom": "Number"}},
            ]},
        )  # fmt: skip
    print(f"{target}: {len(tiles)} tiles, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
