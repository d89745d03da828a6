"""Map files: PMTiles archives (version 3), the base map of the release and one street map that the operator adds.

They hold public map data and nothing about people. The app reads them in pieces by byte ranges; which pieces, is noted
nowhere.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pmtiles.reader import Reader
from pmtiles.tile import Compression, TileType

BASE = Path(__file__).parent.parent / "maps" / "europe.pmtiles"
STREETS = "streets.pmtiles"
_E7 = 10_000_000
_PIECE_MAX = 1 << 20
"""Bytes of header and metadata that are read at all."""
_PICTURES = {TileType.MVT: "vector", TileType.PNG: "raster", TileType.JPEG: "raster", TileType.WEBP: "raster"}
_NEEDED = {"roads", "water", "earth"}
"""Layers of the Protomaps base map schema, which the app's street style draws."""


class MapRefused(ValueError):
    """Not a map that the app can draw; the text says why and what to do."""

    code = "map_refused"


@dataclass(frozen=True, slots=True)
class MapFile:
    """One map as it lies on the disk; degrees, zoom levels, and the words that its licence asks to show."""

    name: str
    path: Path
    kind: str
    """vector or raster"""
    size: int
    min_zoom: int
    max_zoom: int
    bounds: tuple[float, float, float, float]
    """west, south, east, north"""
    attribution: str


def read(name: str, path: Path) -> MapFile:
    """Look into an archive. Raises MapRefused with a reason for the operator."""
    try:
        with _reader(path) as reader:
            header, metadata = reader.header(), reader.metadata()
    except OSError as error:
        raise MapRefused(f"cannot be read: {error.strerror or error}") from error
    except Exception as error:  # the library raises what its parsing meets: struct, gzip, json, value errors
        raise MapRefused("is not a PMTiles archive of version 3, or it is damaged") from error
    kind = _PICTURES.get(header["tile_type"])
    if kind is None:
        raise MapRefused("holds tiles of a kind that browsers do not draw; MVT, PNG, JPEG or WebP are needed")
    if header["tile_compression"] not in (Compression.NONE, Compression.GZIP):
        raise MapRefused("is packed in a way that browsers do not open; gzip or none is needed")
    size = path.stat().st_size
    if header["tile_data_offset"] + header["tile_data_length"] > size:
        raise MapRefused("is cut off: the file is shorter than its own table of contents says")
    bounds = tuple(header[key] / _E7 for key in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7"))
    west, south, east, north = bounds
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise MapRefused("names an area that is not on the earth")
    attribution = metadata.get("attribution", "") if isinstance(metadata, dict) else ""
    return MapFile(
        name,
        path,
        kind,
        size,
        header["min_zoom"],
        header["max_zoom"],
        (west, south, east, north),
        str(attribution)[:500],
    )


def check_streets(path: Path) -> MapFile:
    """Whether the app can use it as the street map. Raises MapRefused."""
    found = read("streets", path)
    if found.kind == "vector":
        with _reader(path) as reader:
            layers = reader.metadata().get("vector_layers", [])
        names = {layer.get("id") for layer in layers if isinstance(layer, dict)} if isinstance(layers, list) else set()
        if not names >= _NEEDED:
            missing = ", ".join(sorted(_NEEDED - names))
            raise MapRefused(f"lacks the layers {missing}: the Protomaps base map schema is needed")
    return found


@contextlib.contextmanager
def _reader(path: Path) -> Iterator[Reader]:
    with path.open("rb") as file:

        def piece(offset: int, length: int) -> bytes:
            if length > _PIECE_MAX:
                raise ValueError("a table of contents of this size is no table of contents")
            file.seek(offset)
            return file.read(length)

        yield Reader(piece)


class MapFolder:
    """The maps of an installation: the release's base map, and `maps/` of the data folder."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "maps"

    def path(self, name: str) -> Path | None:
        """The archive `base` or `streets`, None where there is none."""
        path = {"base": BASE, "streets": self.streets}.get(name)
        return path if path is not None and path.is_file() else None

    def all(self) -> list[MapFile]:
        """What is there and whole; a damaged street map is left out, the base map stays."""
        found = [read("base", BASE)]
        with contextlib.suppress(MapRefused):
            if self.streets.exists():
                found.append(read("streets", self.streets))
        return found

    @property
    def streets(self) -> Path:
        """Where the operator's street map lies."""
        return self._folder / STREETS

    def add(self, source: Path) -> MapFile:
        """Take a street map in place of the one before: checked, copied beside, then moved. Raises MapRefused, OSError."""
        check_streets(source)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        part = self._folder / (STREETS + ".part")
        try:
            shutil.copyfile(source, part)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            checked = check_streets(part)
            part.replace(self.streets)
        finally:
            part.unlink(missing_ok=True)
        return replace(checked, path=self.streets)

    def remove(self) -> bool:
        """Take the street map away; whether there was one."""
        try:
            self.streets.unlink()
        except FileNotFoundError:
            return False
        return True
