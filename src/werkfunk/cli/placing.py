"""What `werkfunk place …` does."""

from pathlib import Path

from werkfunk.cli.output import Printer
from werkfunk.cli.people import duration, local, opened
from werkfunk.sdk.errors import Usage


def degrees(text: str) -> tuple[float, float]:
    """`51.3127,9.4797` as latitude and longitude. Raises Usage."""
    try:
        north, east = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Usage("a place is LATITUDE,LONGITUDE in degrees, such as 51.3127,9.4797") from error
    return north, east


async def send(printer: Printer, profile: Path, to: str, place: str, label: str, accuracy: float) -> None:
    """See `place.send`."""
    north, east = degrees(place)
    async with opened(profile) as client:
        conversation = client.find_conversation(to)
        ack = await client.places.send(conversation, north, east, accuracy=accuracy, label=label)
        printer.result({"id": ack.message_id.hex(), "seq": ack.seq}, "Gesendet.")


async def share(printer: Printer, profile: Path, to: str, place: str, span: str, accuracy: float) -> None:
    """See `place.share`."""
    north, east = degrees(place)
    async with opened(profile) as client:
        conversation = client.find_conversation(to)
        ends = client.core.clock() + 1000 * duration(span)
        await client.places.share(conversation, north, east, ends=ends, accuracy=accuracy)
        printer.result({"conversation": conversation.hex(), "ends": ends}, f"Dein Standort ist zu sehen, {span} lang.")


async def stop(printer: Printer, profile: Path, to: str) -> None:
    """See `place.stop`."""
    async with opened(profile) as client:
        conversation = client.find_conversation(to)
        await client.places.stop(conversation)
        printer.result({"conversation": conversation.hex()}, "Dein Standort ist nicht mehr zu sehen.")


async def team(printer: Printer, profile: Path, conversation: str) -> None:
    """See `place.team`."""
    async with opened(profile) as client:
        for spot in await client.places.team(client.find_conversation(conversation)):
            name = client.core.chains.name(spot.user)
            age = max(0, client.core.clock() - spot.time) // 60_000
            printer.result(
                {
                    "person": spot.user.hex(),
                    "name": name,
                    "latitude": spot.latitude,
                    "longitude": spot.longitude,
                    "accuracy": spot.accuracy,
                    "time": spot.time,
                    "ends": spot.ends,
                },
                f"{name}: {spot.latitude:.5f}, {spot.longitude:.5f} (±{spot.accuracy:.0f} m, vor {age} min)",
            )


async def rule(printer: Printer, profile: Path) -> None:
    """See `place.rule`."""
    async with opened(profile) as client:
        await client.core.chains.refresh()
        name, allowed, rulings = client.core.chains.name, client.places.allowed, client.places.rulings()
        changes = [
            {"allowed": one.value == 1, "person": one.by.hex(), "name": name(one.by), "time": one.time}
            for one in rulings
        ]
        lines = ["Standorte teilen ist erlaubt. Niemand muss." if allowed else "Standorte teilen ist nicht erlaubt."]
        for one in rulings:
            lines.append(f"  {local(one.time)} {name(one.by)}: {'erlaubt' if one.value == 1 else 'nicht erlaubt'}")
    printer.result({"live_location": allowed, "changes": changes}, "\n".join(lines))


async def allow(printer: Printer, profile: Path, *, wanted: bool) -> None:
    """See `place.allow` and `place.forbid`."""
    async with opened(profile) as client:
        await client.places.allow(wanted)
        text = (
            "Standorte teilen ist jetzt erlaubt. Alle sehen das." if wanted else "Standorte teilen ist jetzt verboten."
        )
        printer.result({"live_location": wanted}, text)
