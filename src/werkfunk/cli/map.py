"""`werkfunk map`: the street map of an installation."""

from pathlib import Path
from typing import Annotated

import typer

from werkfunk.cli.options import Data, Json
from werkfunk.cli.output import Printer

app = typer.Typer(help="The street map: list, add, remove.", no_args_is_help=True)


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="A PMTiles file: Protomaps base map, or raster tiles.")],
    data: Data,
    json: Json = False,
) -> None:
    """Add a street map, in place of the one before."""
    from werkfunk.adapters.config import ConfigError
    from werkfunk.adapters.maps import MapFolder, MapRefused

    if not data.is_dir():
        raise ConfigError(f"there is no Werkfunk in {data}; make one with: werkfunk init --data {data} --org NAME")
    try:
        found = MapFolder(data).add(file)
    except MapRefused as error:
        raise MapRefused(f"{file} {error}") from error
    west, south, east, north = found.bounds
    Printer(json=json).result(
        {"map": found.name, "kind": found.kind, "size": found.size, "max_zoom": found.max_zoom, "bounds": found.bounds},
        f"Straßenkarte übernommen: {found.size / 1e6:.1f} MB, bis Stufe {found.max_zoom}, "
        f"{south:.2f} bis {north:.2f} Nord, {west:.2f} bis {east:.2f} Ost. Die App zeigt sie beim nächsten Öffnen.",
    )


@app.command("list")
def listing(data: Data, json: Json = False) -> None:
    """The maps that this installation has."""
    from werkfunk.adapters.maps import MapFolder

    printer = Printer(json=json)
    for found in MapFolder(data).all():
        fields = {"map": found.name, "kind": found.kind, "size": found.size, "max_zoom": found.max_zoom}
        printer.result(
            fields, f"{found.name}: {found.size / 1e6:.1f} MB, bis Stufe {found.max_zoom}. {found.attribution}"
        )


@app.command("remove")
def remove(data: Data, json: Json = False) -> None:
    """Take the street map away; the base map stays."""
    from werkfunk.adapters.maps import MapFolder

    printer = Printer(json=json)
    gone = MapFolder(data).remove()
    printer.result({"removed": gone}, "Die Straßenkarte ist entfernt." if gone else "Es gab keine Straßenkarte.")
