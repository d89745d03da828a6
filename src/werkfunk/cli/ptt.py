"""`werkfunk ptt …`: push-to-talk from the command line. What the commands do stands in `talking.py`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from werkfunk.cli.options import Json, Profile, To
from werkfunk.cli.output import Printer

app = typer.Typer(help="Push-to-talk: speak a file, record what is said.", no_args_is_help=True)


@app.command()
def send(
    profile: Profile,
    to: To,
    file: Annotated[Path, typer.Argument(help="A WAV file, at most 60 s of it are spoken.", metavar="FILE.wav")],
    urgent: Annotated[bool, typer.Option("--urgent", help="For alarms: interrupt who speaks.")] = False,
    json: Json = False,
) -> None:
    """Speak a WAV file as one burst."""
    from werkfunk.cli import talking

    asyncio.run(talking.send(Printer(json=json), profile, to, file, urgent=urgent))


@app.command()
def record(
    profile: Profile,
    conversation: Annotated[list[str], typer.Option("--conversation", help="Title or id; may be repeated.")],
    save: Annotated[Path, typer.Option("--save", help="The folder for the files.")],
    bursts: Annotated[int, typer.Option("--bursts", help="End after so many; 0: never.", min=0)] = 0,
    json: Json = False,
) -> None:
    """Save each burst that is said as an Ogg Opus file."""
    from werkfunk.cli import talking

    asyncio.run(talking.record(Printer(json=json), profile, conversation, save, bursts))
