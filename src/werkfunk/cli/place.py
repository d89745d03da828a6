"""`werkfunk place …`: send a place, share where one is for a while, see where the team is."""

import asyncio
from typing import Annotated

import typer

from werkfunk.cli.options import Conversation, Json, Profile, To
from werkfunk.cli.output import Printer

app = typer.Typer(help="Places: send one, share where you are for a while, see the team.", no_args_is_help=True)
Spot = Annotated[str, typer.Argument(help="LATITUDE,LONGITUDE in degrees, such as 51.3127,9.4797.", metavar="PLACE")]
Accuracy = Annotated[float, typer.Option("--accuracy", help="In metres.", min=0)]


@app.command()
def send(
    profile: Profile,
    to: To,
    place: Spot,
    label: Annotated[str, typer.Option("--label", help="What is there.")] = "",
    accuracy: Accuracy = 0,
    json: Json = False,
) -> None:
    """Send a place as a message."""
    from werkfunk.cli import placing

    asyncio.run(placing.send(Printer(json=json), profile, to, place, label, accuracy))


@app.command()
def share(
    profile: Profile,
    to: To,
    place: Spot,
    span: Annotated[str, typer.Option("--for", help="How long: 15m, 1h, at most 16h.")] = "15m",
    accuracy: Accuracy = 0,
    json: Json = False,
) -> None:
    """Show the members where you are; call it again to move."""
    from werkfunk.cli import placing

    asyncio.run(placing.share(Printer(json=json), profile, to, place, span, accuracy))


@app.command()
def stop(profile: Profile, to: To, json: Json = False) -> None:
    """Take the shared place away."""
    from werkfunk.cli import placing

    asyncio.run(placing.stop(Printer(json=json), profile, to))


@app.command()
def team(
    profile: Profile,
    conversation: Conversation,
    json: Json = False,
) -> None:
    """Where the members are who share it now."""
    from werkfunk.cli import placing

    asyncio.run(placing.team(Printer(json=json), profile, conversation))


@app.command()
def rule(profile: Profile, json: Json = False) -> None:
    """Whether sharing where one is is allowed, and who has decided that when."""
    from werkfunk.cli import placing

    asyncio.run(placing.rule(Printer(json=json), profile))


@app.command()
def allow(profile: Profile, json: Json = False) -> None:
    """Allow everybody to share where they are, if they want to (owner, admin)."""
    from werkfunk.cli import placing

    asyncio.run(placing.allow(Printer(json=json), profile, wanted=True))


@app.command()
def forbid(profile: Profile, json: Json = False) -> None:
    """Forbid sharing where one is (owner, admin)."""
    from werkfunk.cli import placing

    asyncio.run(placing.allow(Printer(json=json), profile, wanted=False))
