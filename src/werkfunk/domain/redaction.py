"""Taking pixels away, the same in the app (`web/src/lib/photo/redact.ts`), held together by vectors (area `redact`).

Black out leaves nothing. Pixelate leaves at most 8 x 8 colours, each of at least 16 x 16 pixels' mean, with noise and
rounded to 8 steps: a face is gone for the eye, but who knows what a short text may be can compare guesses with what is
left. Letters and numbers are blacked out, not pixelated. Pure.
"""

import math
from dataclasses import dataclass

MARGIN = 2
"""Resampling mixes a pixel with its neighbours: so much more is covered on each side."""
BLOCK_MIN = 16
BLOCKS_MAX = 8
STEP = 32


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of pixels."""

    x: int
    y: int
    width: int
    height: int


def area(x: float, y: float, width: float, height: float, of: tuple[int, int]) -> Area | None:
    """The pixels that a rectangle covers in a picture of `of` pixels; None when it lies beside it."""
    left = max(0, math.floor(x) - MARGIN)
    top = max(0, math.floor(y) - MARGIN)
    right = min(of[0], math.ceil(x + width) + MARGIN)
    bottom = min(of[1], math.ceil(y + height) + MARGIN)
    return Area(left, top, right - left, bottom - top) if right > left and bottom > top else None


def blocks(width: int, height: int) -> list[Area]:
    """Blocks of an area of so many pixels, row by row: none is smaller than 16 by 16 where the area is not."""
    side = max(BLOCK_MIN, math.ceil(max(width, height) / BLOCKS_MAX))
    columns, rows = max(1, width // side), max(1, height // side)
    xs = [i * width // columns for i in range(columns + 1)]
    ys = [i * height // rows for i in range(rows + 1)]
    return [
        Area(xs[column], ys[row], xs[column + 1] - xs[column], ys[row + 1] - ys[row])
        for row in range(rows)
        for column in range(columns)
    ]


def block_value(total: int, count: int, noise: int) -> int:
    """A block's value of one channel: mean of `count` values, with a byte of noise, rounded."""
    mean = total // count + noise % STEP - STEP // 2
    return min(255, max(0, mean)) // STEP * STEP + STEP // 2
