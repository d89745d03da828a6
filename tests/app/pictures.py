"""Photos as a camera makes them, and what a test looks for in what was sent."""

import base64
import io
from typing import Any

from PIL import Image

SECRET = (0, 200, 0)
SIDE = 16_384


def exif(orientation: int = 1) -> Image.Exif:
    """A camera's name, a time and a place."""
    said = Image.Exif()
    said[0x0112] = orientation
    said[0x010F] = "Geheimkamera"
    said.get_ifd(0x8769)[0x9003] = "2026:11:24 13:05:09"
    gps = said.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (52.0, 30.0, 36.0), "E", (13.0, 22.0, 12.0)
    return said


def secret_photo(width: int = 1600, height: int = 1200, form: str = "JPEG") -> bytes:
    """Grey, with a green patch at (400, 300) of a quarter of each side; green is nowhere else. With place and camera."""
    image = Image.new("RGB", (width, height), (128, 128, 128))
    image.paste(SECRET, (width // 4, height // 4, width // 2, height // 2))
    out = io.BytesIO()
    image.save(out, form, exif=exif().tobytes(), quality=95)
    return out.getvalue()


def big_photo() -> bytes:
    """48 megapixels, with the green patch."""
    image = Image.linear_gradient("L").resize((8_000, 6_000)).convert("RGB")
    image.paste(SECRET, (2_000, 1_500, 4_000, 3_000))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def turned_photo(orientation: int) -> bytes:
    """A photo that, upright, is 400 x 200 with red at the top left and blue at the bottom right, stored as the camera
    was held."""
    upright = Image.new("RGB", (400, 200), (255, 255, 255))
    upright.paste((255, 0, 0), (0, 0, 100, 50))
    upright.paste((0, 0, 255), (300, 150, 400, 200))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    out = io.BytesIO()
    stored.save(out, "JPEG", exif=exif(orientation).tobytes(), quality=95)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def says_nothing(data: bytes) -> None:
    """No EXIF, no place, no camera, no XMP: neither for a reader nor as bytes."""
    image = opened(data)
    assert dict(image.getexif()) == {}
    assert "exif" not in image.info
    for planted in (b"Exif", b"EXIF", b"eXIf", b"Geheim", b"2026:11", b"xmp"):
        assert planted not in data


def greenest(image: Image.Image) -> int:
    """How much greener than anything else the greenest pixel is."""
    red, green, blue = image.convert("RGB").split()
    return max(g - max(r, b) for r, g, b in zip(red.tobytes(), green.tobytes(), blue.tobytes(), strict=True))


def edit(width: int, height: int, *layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document of layers for a picture of so many pixels."""
    scale = SIDE / max(width, height)
    w, h = round(width * scale), round(height * scale)
    frame = {"x": w // 2, "y": h // 2, "width": w, "height": h, "angle": 0}
    found = {"version": 1, "width": w, "height": h, "frame": frame, "brightness": 0, "contrast": 0}
    return {**found, "layers": list(layers), **more}


def covering(shape: int, width: int, height: int) -> dict[str, Any]:
    """A layer over the green patch."""
    scale = SIDE / max(width, height)
    points = [round(value * scale) for value in (width // 4, height // 4, width // 2, height // 2)]
    return {"shape": shape, "points": points, "colour": 0, "size": 1}


def blob(value: dict[str, str]) -> bytes:
    return base64.b64decode(value["base64"])
