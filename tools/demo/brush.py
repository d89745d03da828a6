"""What the drawn photos share: walls with grain and light, cables that hang, the look of a phone's camera."""

import math
import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIZE = (1600, 1200)
Colour = tuple[int, int, int]
Point = tuple[float, float]


def surface(colour: Colour, grain: float = 14, size: tuple[int, int] = SIZE) -> Image.Image:
    """A surface of one colour with coarse and fine grain."""
    image = Image.new("RGB", size, colour)
    small = (size[0] // 9, size[1] // 9)
    for noise in (
        Image.effect_noise(size, grain),
        Image.effect_noise(small, grain * 0.6).resize(size, Image.Resampling.BICUBIC),
    ):
        image = ImageChops.add(image, Image.merge("RGB", [noise] * 3), 1, -128)
    return image


def lit(image: Image.Image, where: Point = (0.35, 0.2), dark: int = 105) -> Image.Image:
    """Light from one side, dark corners, slightly soft: as a phone takes it."""
    width, height = image.size
    small = Image.new("L", (80, 60))
    for y in range(60):
        for x in range(80):
            away = math.hypot(x / 80 - where[0], (y / 60 - where[1]) * 0.8)
            small.putpixel((x, y), round(255 - dark * min(1.0, away**1.3)))
    light = small.resize((width, height), Image.Resampling.BICUBIC)
    shaded = ImageChops.multiply(image, Image.merge("RGB", [light] * 3))
    return shaded.filter(ImageFilter.GaussianBlur(1.1))


def soft_shadow(image: Image.Image, box: Sequence[float], depth: int = 18, strength: int = 120) -> None:
    """The shadow of a box that stands before the surface, in place."""
    mask = Image.new("L", image.size, 0)
    x0, y0, x1, y1 = box
    ImageDraw.Draw(mask).rectangle((x0 + depth, y0 + depth, x1 + depth, y1 + depth), fill=strength)
    image.paste((20, 18, 16), mask=mask.filter(ImageFilter.GaussianBlur(depth)))


def cable(draw: ImageDraw.ImageDraw, points: Sequence[Point], colour: Colour, width: int = 18) -> None:
    """A round cable along a smooth curve through the points: dark edge, body, gloss."""
    line = _smooth(points)
    dark: Colour = (colour[0] * 2 // 5, colour[1] * 2 // 5, colour[2] * 2 // 5)
    bright: Colour = (min(255, colour[0] + 60), min(255, colour[1] + 60), min(255, colour[2] + 60))
    draw.line(line, fill=dark, width=width + 4, joint="curve")
    draw.line(line, fill=colour, width=width, joint="curve")
    shifted = [(x - width * 0.18, y - width * 0.18) for x, y in line]
    draw.line(shifted, fill=bright, width=max(1, width // 5), joint="curve")


def _smooth(points: Sequence[Point], steps: int = 16) -> list[Point]:
    """Catmull-Rom through the points."""
    whole = [points[0], *points, points[-1]]
    out: list[Point] = []
    for a, b, c, d in zip(whole, whole[1:], whole[2:], whole[3:], strict=False):
        for step in range(steps):
            t = step / steps
            out.append((_blend(a[0], b[0], c[0], d[0], t), _blend(a[1], b[1], c[1], d[1], t)))
    return [*out, points[-1]]


def _blend(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)


def rough(box: Sequence[float], chance: random.Random, step: int = 22, depth: int = 9) -> list[Point]:
    """A rectangle whose edges were broken out by hand."""
    x0, y0, x1, y1 = box

    def edge(length: float) -> list[float]:
        return [i * step for i in range(int(length // step) + 1)]

    def jitter() -> float:
        return chance.uniform(-depth, depth)

    top = [(x0 + i, y0 + jitter()) for i in edge(x1 - x0)]
    right = [(x1 + jitter(), y0 + i) for i in edge(y1 - y0)]
    bottom = [(x1 - i, y1 + jitter()) for i in edge(x1 - x0)]
    left = [(x0 + jitter(), y1 - i) for i in edge(y1 - y0)]
    return [*top, *right, *bottom, *left]
