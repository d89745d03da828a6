"""Layers of a photo: what the vectors cannot hold because it is too large."""

import pytest

from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.layers import DOCUMENT_MAX, SIDE, Frame, Layer, Layers, Shape, read_layers, write_layers

FRAME = Frame(SIDE // 2, SIDE // 4, SIDE, SIDE // 2, 0)


def test_m38_a_covering_layer_is_never_written() -> None:
    for shape in (Shape.BLACK_OUT, Shape.PIXELATE):
        covered = Layers(1, SIDE, SIDE // 2, FRAME, 0, 0, (Layer(shape, (0, 0, 9, 9), 0, 1),))
        with pytest.raises(EncodingRefused, match="does not travel"):
            write_layers(covered)


def test_a_document_is_bounded() -> None:
    with pytest.raises(EncodingRefused, match="layers_too_large"):
        read_layers(bytes(DOCUMENT_MAX + 1))
    strokes = tuple(Layer(Shape.PEN, (60_000,) * 4_000, 0, 1) for _ in range(30))
    with pytest.raises(EncodingRefused, match="layers_too_large"):
        write_layers(Layers(1, SIDE, SIDE // 2, FRAME, 0, 0, strokes))
