"""`werkfunk photo`: covered pixels and metadata are gone from the file, and from what is sent."""

import io
from pathlib import Path

import pytest
from PIL import Image

from app.pictures import greenest, opened, says_nothing, secret_photo, turned_photo

from .process import Cli, Serving


@pytest.mark.parametrize(("suffix", "how"), [(".jpg", "--rect"), (".png", "--rect"), (".webp", "--pixelate")])
def test_m38_redact_takes_pixels_and_place_away(cli: Cli, suffix: str, how: str) -> None:
    (cli.folder / "in.jpg").write_bytes(secret_photo())
    done = cli.one("photo", "redact", "in.jpg", f"out{suffix}", how, "400,300,400,300")
    assert done["path"] == f"out{suffix}"
    data = (cli.folder / f"out{suffix}").read_bytes()
    says_nothing(data)
    image = opened(data).convert("RGB")
    assert image.size == (1600, 1200)
    inside = image.crop((398, 298, 802, 602))
    if how == "--rect":
        assert greenest(image) < 40
        assert max(high for _, high in inside.getextrema()) < (1 if suffix == ".png" else 40)
    else:
        assert len({tuple(value // 32 for value in pixel) for pixel in inside.get_flattened_data()}) <= 64
    # Beside the rectangle nothing is missing.
    assert image.getpixel((380, 300)) == (128, 128, 128)


def test_the_rectangle_counts_upright(cli: Cli) -> None:
    for orientation in range(1, 9):
        (cli.folder / "in.jpg").write_bytes(turned_photo(orientation))
        cli.one("photo", "redact", "in.jpg", "out.png", "--rect", "2,2,96,46")
        image = opened((cli.folder / "out.png").read_bytes()).convert("RGB")
        assert image.size == (400, 200)
        assert image.getpixel((50, 25)) == (0, 0, 0)
        blue = image.getpixel((350, 175))
        assert isinstance(blue, tuple)
        assert blue[2] > 200 > 60 > blue[0]


def test_what_is_no_picture_and_no_rectangle_ends_with_2(cli: Cli) -> None:
    (cli.folder / "in.jpg").write_bytes(secret_photo())
    (cli.folder / "text.jpg").write_text("Hallo")
    (cli.folder / "cut.jpg").write_bytes(secret_photo()[:300])
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    (cli.folder / "bomb.png").write_bytes(bomb.getvalue())
    for source in ("text.jpg", "cut.jpg", "bomb.png", "missing.jpg"):
        assert cli.code("photo", "redact", source, "out.jpg", "--rect", "1,1,5,5") == 2, source
    for rectangle in ("1,1,5", "a,b,c,d", "1,1,0,5", "5000,5000,5,5"):
        assert cli.code("photo", "redact", "in.jpg", "out.jpg", "--rect", rectangle) == 2, rectangle
    assert cli.code("photo", "redact", "in.jpg", "out.jpg") == 2
    assert cli.code("photo", "redact", "in.jpg", "out.gif", "--rect", "1,1,5,5") == 2
    assert not (cli.folder / "out.jpg").exists()


def test_photos_are_sent_small_and_clean(cli: Cli, server: Serving) -> None:
    cli.one("join", server.setup, "--profile", "petra", "--name", "Petra")
    cli.one("create", "--profile", "petra", "--title", "Lindenweg")
    (cli.folder / "IMG_1.png").write_bytes(secret_photo(3000, 2000, "PNG"))
    (cli.folder / "IMG_2.jpg").write_bytes(turned_photo(6))
    cli.one("photo", "send", "IMG_1.png", "IMG_2.jpg", "--profile", "petra", "--to", "Lindenweg", "--text", "Riss")
    lines = cli.lines("read", "--profile", "petra", "--conversation", "Lindenweg", "--save", "came")
    (message,) = [line for line in lines if line["kind"] == "photo"]
    assert message["text"] == "Riss"
    for file, size in zip(message["files"], [(2048, 1365), (400, 200)], strict=True):
        assert file["type"] == "image/jpeg"
        data = Path(cli.folder, file["path"]).read_bytes()
        says_nothing(data)
        assert opened(data).size == size
    assert cli.code("photo", "send", *["IMG_2.jpg"] * 11, "--profile", "petra", "--to", "Lindenweg") == 2


def test_thumbnails_travel_with_photos(tmp_path: Path) -> None:
    from werkfunk.sdk import pictures

    (tmp_path / "in.jpg").write_bytes(secret_photo())
    made = pictures.prepare(tmp_path / "in.jpg")
    assert made.thumbnail is not None
    assert len(made.thumbnail) <= 16_384
    says_nothing(made.thumbnail)
