"""What `werkfunk create` and `werkfunk details` do: conversations, what they are called, where a site is."""

from dataclasses import replace
from pathlib import Path

from werkfunk.cli.output import Printer
from werkfunk.cli.people import opened
from werkfunk.cli.placing import degrees
from werkfunk.protocol.content import Details, Point
from werkfunk.sdk.places import E7, point

NOWHERE = "none"
"""In place of coordinates: take the place away."""


def _place(at: str | None) -> Point | None:
    return point(*degrees(at)) if at is not None and at != NOWHERE else None


async def create(
    printer: Printer, profile: Path, title: str, site: str | None, at: str | None, names: list[str]
) -> None:
    """Create a group, or a site with its address and place."""
    place = _place(at)
    async with opened(profile) as client:
        people = [client.core.chains.find(name) for name in names]
        conversation = await client.create(title, people, site=site, place=place)
    printer.result({"conversation": conversation.hex()}, f"„{title}“ ist angelegt: {conversation.hex()}")


async def details(
    printer: Printer, profile: Path, conversation: str, title: str | None, site: str | None, at: str | None
) -> None:
    """Print what a conversation is called and where it is, after changing what is given."""
    place = _place(at)
    async with opened(profile) as client:
        found = client.find_conversation(conversation)
        said = client.core.logs.details(found)
        wanted = replace(
            said,
            title=said.title if title is None else title,
            site=said.site if site is None else site or None,
            place=said.place if at is None else place,
        )
        if wanted != said:
            await client.describe(found, wanted)
        _print(printer, found, wanted)


def _print(printer: Printer, conversation: bytes, said: Details) -> None:
    spot = (said.place.latitude / E7, said.place.longitude / E7) if said.place else None
    printer.result(
        {
            "conversation": conversation.hex(),
            "title": said.title,
            "site": said.site or "",
            "latitude": spot[0] if spot else None,
            "longitude": spot[1] if spot else None,
        },
        " · ".join(part for part in (said.title, said.site, f"{spot[0]:.5f}, {spot[1]:.5f}" if spot else "") if part),
    )
