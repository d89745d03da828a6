"""`werkfunk profile`: what others see of oneself; another picture, or none."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from werkfunk.cli.options import Json, Profile
from werkfunk.cli.output import Printer


def profile(
    profile: Profile,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Show this one: a JPEG, PNG, WebP, GIF or BMP.")
    ] = None,
    no_picture: Annotated[bool, typer.Option("--no-picture", help="Show none.")] = False,
    json: Json = False,
) -> None:
    """Show the own profile, or choose its picture: seen by those who share a conversation, sealed for the server."""
    if picture is not None and no_picture:
        raise typer.BadParameter("give --picture or --no-picture, not both")
    asyncio.run(_profile(Printer(json=json), profile, picture, no_picture))


async def _profile(printer: Printer, folder: Path, picture: Path | None, no_picture: bool) -> None:
    from werkfunk.cli.people import opened

    jpeg: bytes | None = None
    if picture is not None:
        from werkfunk.sdk import pictures  # Pillow: only for whoever chooses one

        jpeg = await asyncio.to_thread(pictures.portrait, picture)
    async with opened(folder, tolerant=jpeg is None and not no_picture) as client:
        if jpeg is not None or no_picture:
            await client.portraits.set(jpeg)
        me, chains = client.core.keys.user, client.core.chains
        shown = chains.profile(me)
        name, seen = chains.name(me), shown is not None and shown.picture is not None
    values = {"person": me.hex(), "name": name, "picture": seen}
    printer.result(values, f"{name}, {'mit' if seen else 'ohne'} Bild")
