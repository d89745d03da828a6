"""What was drawn on a photo (docs/protocol.md, 8.1): pure data, changed later without touching the picture. [M38]

Lengths and places are in units of the picture, upright: its longer side has 16,384 of them, so a list of layers fits the
preview and the full size alike. The first corner is at the top left.
"""

import enum
from dataclasses import dataclass

from werkfunk.protocol.cbor import decode, encode
from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.records import Record, at, between, each, one_of, record, text

VERSION = 1
SIDE = 16_384
DOCUMENT_MAX = 262_144
LAYERS_MAX = 1_000
POINTS_MAX = 2_000
PLACE = between(-4 * SIDE, 4 * SIDE)


class Shape(enum.IntEnum):
    """What a layer is."""

    ARROW = 1
    LINE = 2
    ELLIPSE = 3
    RECTANGLE = 4
    PEN = 5
    TEXT = 6
    MARK = 7
    DIMENSION = 8
    BLACK_OUT = 9
    PIXELATE = 10
    STAMP = 11


POINTS = {Shape.PEN: (1, POINTS_MAX), Shape.TEXT: (1, 1), Shape.MARK: (1, 1), Shape.STAMP: (0, 0)}
"""How many points a shape has; two where it is not said."""
WITH_TEXT = {Shape.TEXT, Shape.DIMENSION, Shape.STAMP}
COVERING = {Shape.BLACK_OUT, Shape.PIXELATE}
"""Shapes that take pixels away. They never travel: what they cover is gone from every picture sent."""


@dataclass(frozen=True, slots=True)
class Layer(Record):
    """One thing drawn. `points`: x, y, x, y …; `colour` as 0xRRGGBB; `size`: the stroke's width, or the letters' height."""

    shape: Shape = at(0, one_of(Shape))
    points: tuple[int, ...] = at(1, each(PLACE, 2 * POINTS_MAX))
    colour: int = at(2, between(0, 0xFFFFFF))
    size: int = at(3, between(1, SIDE))
    text: str | None = at(4, text(500), optional=True)
    number: int | None = at(5, between(1, 9_999), optional=True)


@dataclass(frozen=True, slots=True)
class Frame(Record):
    """What of the picture is seen: a rectangle about its centre (x, y), turned clockwise by `angle` hundredths of a degree."""

    x: int = at(0, PLACE)
    y: int = at(1, PLACE)
    width: int = at(2, between(1, 2 * SIDE))
    height: int = at(3, between(1, 2 * SIDE))
    angle: int = at(4, between(0, 35_999))


@dataclass(frozen=True, slots=True)
class Layers(Record):
    """The whole document. `brightness` and `contrast` in percent, 0 is the picture as it is."""

    version: int = at(0, between(VERSION, VERSION))
    width: int = at(1, between(1, SIDE))
    height: int = at(2, between(1, SIDE))
    frame: Frame = at(3, record(Frame))
    brightness: int = at(4, between(-100, 100))
    contrast: int = at(5, between(-100, 100))
    layers: tuple[Layer, ...] = at(6, each(record(Layer), LAYERS_MAX))


def read_layers(data: bytes) -> Layers:
    """Read a document from a message.

    Raises:
        EncodingRefused: `layers_too_large`, `record_form` (also where a shape has the wrong number of points, lacks its
            text or number, or takes pixels away), or what `cbor.decode` says.
    """
    if len(data) > DOCUMENT_MAX:
        raise EncodingRefused("layers_too_large")
    document = Layers.from_map(decode(data))
    if max(document.width, document.height) != SIDE:
        raise EncodingRefused("record_form", "the longer side")
    for layer in document.layers:
        _check(layer)
        if layer.shape in COVERING:
            raise EncodingRefused("record_form", "a covering layer does not travel")
    return document


def write_layers(document: Layers) -> bytes:
    """Encode a document. Raises as `read_layers`."""
    data = encode(document.to_map())
    read_layers(data)
    return data


def _check(layer: Layer) -> None:
    least, most = POINTS.get(layer.shape, (2, 2))
    right = (
        len(layer.points) % 2 == 0
        and least <= len(layer.points) // 2 <= most
        and (layer.text is not None) == (layer.shape in WITH_TEXT)
        and (layer.number is not None) == (layer.shape is Shape.MARK)
    )
    if not right:
        raise EncodingRefused("record_form", f"Layer: not a {layer.shape.name.lower()}")
