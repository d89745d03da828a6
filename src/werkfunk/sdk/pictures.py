"""Pictures in the client library: read within limits, turned upright, covered, and written without anything they say
about people (place, time, camera). The same rules as in the app (`web/src/lib/photo/`). [M38]
"""

import io
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, ImageStat, UnidentifiedImageError

from werkfunk.domain import redaction
from werkfunk.protocol.content import THUMBNAIL_MAX
from werkfunk.protocol.picture import PICTURE_MAX
from werkfunk.sdk.errors import Usage

BYTES_MAX = 50 * 1_048_576
PIXELS_MAX = 64_000_000
SIDE_MAX = 30_000
LONGEST = 2_048
FORMS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
READ = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
THUMBNAILS_MAX = 45_000
"""Bytes of all thumbnails of a message: an event holds 64 KiB."""
THUMBNAILS = ((480, 60), (360, 50), (240, 40), (160, 30), (96, 20))
PORTRAITS = ((192, 85), (192, 65), (144, 55), (96, 40))
Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A photo as it is sent: JPEG, and a thumbnail that travels in the message."""

    data: bytes
    thumbnail: bytes | None
    width: int
    height: int


def read(path: Path) -> Image.Image:
    """A picture, upright, as RGB; what was transparent is white.

    Raises:
        Usage: it cannot be read, is malformed, or is too large (`picture_unreadable`, `picture_too_large`).
    """
    try:
        if path.stat().st_size > BYTES_MAX:
            raise Usage(f"{path} is too large: at most 50 MB", "picture_too_large")
        with warnings.catch_warnings():
            # Its own warning about many pixels: the limit below decides, before anything is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(path, formats=READ)
            if max(image.size) > SIDE_MAX or image.width * image.height > PIXELS_MAX:
                raise Usage(f"{path} is too large: at most 64 megapixels", "picture_too_large")
            upright = ImageOps.exif_transpose(image)
    except Image.DecompressionBombError as error:
        raise Usage(f"{path} is too large: at most 64 megapixels", "picture_too_large") from error
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise Usage(f"{path} is no picture that can be read", "picture_unreadable") from error
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        ground = Image.new("RGBA", upright.size, "white")
        ground.alpha_composite(upright.convert("RGBA"))
        return ground.convert("RGB")
    return upright.convert("RGB")


def cover(image: Image.Image, black: Sequence[Rectangle], pixelated: Sequence[Rectangle] = ()) -> None:
    """Take the pixels of rectangles (x, y, width, height) away, in place; what is black is black in the end."""
    for rectangle in pixelated:
        covered = redaction.area(*rectangle, image.size)
        if covered is not None:
            _pixelate(image, covered)
    for rectangle in black:
        covered = redaction.area(*rectangle, image.size)
        if covered is not None:
            image.paste((0, 0, 0), _box(covered))


def _pixelate(image: Image.Image, covered: redaction.Area) -> None:
    for block in redaction.blocks(covered.width, covered.height):
        box = _box(redaction.Area(covered.x + block.x, covered.y + block.y, block.width, block.height))
        sums = ImageStat.Stat(image.crop(box)).sum
        noise = os.urandom(3)
        count = block.width * block.height
        red, green, blue = (redaction.block_value(int(total), count, noise[c]) for c, total in enumerate(sums))
        image.paste((red, green, blue), box)


def _box(covered: redaction.Area) -> tuple[int, int, int, int]:
    return covered.x, covered.y, covered.x + covered.width, covered.y + covered.height


def redact(source: Path, target: Path, black: Sequence[Rectangle], pixelated: Sequence[Rectangle] = ()) -> None:
    """Write a picture without the pixels of the rectangles, and without metadata; pixels are those of the upright picture.

    Raises:
        Usage: see `read`; the target's form is not JPEG, PNG or WebP; a rectangle lies beside the picture.
    """
    form = FORMS.get(target.suffix.lower())
    if form is None:
        raise Usage(f"{target} must end in .jpg, .png or .webp")
    image = read(source)
    for rectangle in (*black, *pixelated):
        if redaction.area(*rectangle, image.size) is None:
            raise Usage(f"the rectangle {rectangle} lies beside the picture of {image.width} x {image.height} pixels")
    cover(image, black, pixelated)
    target.write_bytes(_encoded(image, form, 92))


def prepare(path: Path, thumbnail: int = THUMBNAIL_MAX) -> Prepared:
    """A photo ready to be sent, at most 2,048 pixels long; `thumbnail`: bytes that it may have. Raises Usage."""
    image = read(path)
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return Prepared(
        _encoded(image, "JPEG", 82), _thumbnail(image, min(thumbnail, THUMBNAIL_MAX)), image.width, image.height
    )


def portrait(path: Path) -> bytes:
    """A profile picture: the square in the middle, a JPEG of at most 16 KiB. Raises Usage: see `read`."""
    image = read(path)
    for side, quality in PORTRAITS:
        data = _encoded(ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS), "JPEG", quality)
        if len(data) <= PICTURE_MAX:
            return data
    raise Usage(f"{path} cannot be made small enough", "picture_unreadable")


def _thumbnail(image: Image.Image, most: int) -> bytes | None:
    for longest, quality in THUMBNAILS:
        small = image.copy()
        small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        data = _encoded(small, "WEBP", quality)
        if len(data) <= most:
            return data
    return None


def _encoded(image: Image.Image, form: str, quality: int) -> bytes:
    # A fresh image: nothing of what the source said is handed on.
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    out = io.BytesIO()
    clean.save(out, form, quality=quality)
    return out.getvalue()
