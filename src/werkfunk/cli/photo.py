"""`werkfunk photo`: cover parts of a picture, send photos."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from werkfunk.cli.options import Json, Profile, To
from werkfunk.cli.output import Printer

app = typer.Typer(help="Photos: cover parts of one, send some.", no_args_is_help=True)


@app.command("redact")
def redact(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A JPEG, PNG, WebP, GIF or BMP.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Ends in .jpg, .png or .webp.")],
    rect: Annotated[list[str] | None, typer.Option("--rect", metavar="X,Y,W,H", help="Black out; repeatable.")] = None,
    pixelate: Annotated[
        list[str] | None, typer.Option("--pixelate", metavar="X,Y,W,H", help="Not for letters and numbers.")
    ] = None,
    json: Json = False,
) -> None:
    """Take parts of a picture away for good, and all that it says about place and camera. Pixels count upright."""
    from werkfunk.sdk import pictures
    from werkfunk.sdk.errors import Usage

    if not rect and not pixelate:
        raise Usage("there is nothing to take away: give --rect X,Y,W,H or --pixelate X,Y,W,H")
    black, blurred = [_rectangle(one) for one in rect or []], [_rectangle(one) for one in pixelate or []]
    pictures.redact(source, target, black, blurred)
    values = {"path": str(target), "black": len(black), "pixelated": len(blurred)}
    text = f"{target}: {len(black) + len(blurred)} Stellen unkenntlich, ohne Ort und Kameradaten."
    Printer(json=json).result(values, text)


def _rectangle(text: str) -> tuple[float, float, float, float]:
    from werkfunk.sdk.errors import Usage

    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise Usage(f"{text!r} is no rectangle: give X,Y,W,H in pixels, for example 10,20,300,40") from None
    if not (width > 0 and height > 0 and all(abs(value) < 1e6 for value in (x, y, width, height))):
        raise Usage(f"{text!r} is no rectangle: width and height must be above 0")
    return x, y, width, height


@app.command("send")
def send(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="At most ten.")],
    profile: Profile,
    to: To,
    text: Annotated[str, typer.Option("--text", help="The caption.")] = "",
    json: Json = False,
) -> None:
    """Send photos: made smaller, with thumbnails, without place and camera data."""
    asyncio.run(_send(Printer(json=json), profile, to, text, photos))


async def _send(printer: Printer, profile: Path, to: str, text: str, photos: list[Path]) -> None:
    from werkfunk.cli.people import opened

    async with opened(profile) as client:
        conversation = client.find_conversation(to)
        ack = await client.send_photos(conversation, text, photos)
    printer.result({"seq": ack.seq, "conversation": conversation.hex()}, f"Gesendet ({ack.seq}).")
