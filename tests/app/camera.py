"""A camera that sees what a test wants it to see: Chromium plays a file in its place (raw video, YUV4MPEG2)."""

from pathlib import Path

import segno

WIDTH, HEIGHT = 640, 480
GREY = bytes([128]) * (WIDTH * HEIGHT // 4)


def seeing(folder: Path, *texts: str) -> list[str]:
    """Chromium's flags for a camera that looks at a QR code of each text, one after the other, for a second each."""
    return [f"--use-file-for-fake-video-capture={film(folder, *map(luma, texts))}"]


def film(folder: Path, *pictures: bytes) -> Path:
    """Pictures (one byte a pixel, WIDTH x HEIGHT), each for a second; the camera plays it from when it is next opened."""
    path = folder / "camera.y4m"
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            for _ in range(10):
                file.write(b"FRAME\n" + picture + GREY + GREY)
    return path


def luma(text: str) -> bytes:
    """A code on a light wall, in the middle."""
    rows = [list(row) for row in segno.make(text, error="m", boost_error=False).matrix]
    scale = (HEIGHT - 80) // (len(rows) + 8)
    side = scale * (len(rows) + 8)
    left, top = (WIDTH - side) // 2, (HEIGHT - side) // 2
    picture = [bytearray([200]) * WIDTH for _ in range(HEIGHT)]
    for y in range(side):
        picture[top + y][left : left + side] = bytes([235]) * side
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                at = left + (x + 4) * scale
                for line in range(top + (y + 4) * scale, top + (y + 5) * scale):
                    picture[line][at : at + scale] = bytes([20]) * scale
    return b"".join(picture)
