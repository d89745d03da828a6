"""`werkfunk …`: arguments and exit codes. What a command does stands in `people.py` and `server.py`.

The bodies import what they run: a server must not carry the client library in its memory (20 MB), nor a client the
server. Imports still point down only.
"""

import asyncio
import platform
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from werkfunk import __version__
from werkfunk.cli import map as maps
from werkfunk.cli import photo, place, profile, ptt
from werkfunk.cli.alarm import alarm_app, duty, oncall_app
from werkfunk.cli.options import Conversation, Data, Json, Profile, To
from werkfunk.cli.output import Exit, Printer

# httpx's own command line (click, pygments, rich) would be a third of each start; httpx does without it by itself.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

app = typer.Typer(
    help="Werkfunk: der verschlüsselte Messenger für Handwerksbetriebe.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
devices_app = typer.Typer(help="Own devices: list, add, revoke.", invoke_without_command=True)
app.add_typer(devices_app, name="devices")
app.add_typer(ptt.app, name="ptt")
app.add_typer(maps.app, name="map")
app.add_typer(place.app, name="place")
app.add_typer(alarm_app, name="alarm")
app.add_typer(oncall_app, name="oncall")
app.command("duty")(duty)
app.command("profile")(profile.profile)
app.add_typer(photo.app, name="photo")

DeviceName = Annotated[str, typer.Option("--device-name", help="What this device is called.")]
DEVICE = f"Kommandozeile {platform.system()}"


def _run(printer: Printer, work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@app.command()
def init(
    data: Data,
    org: Annotated[str, typer.Option("--org", help="The organisation's name.")],
    owner: Annotated[str, typer.Option("--owner", help="The owner's name.")] = "",
    public_url: Annotated[str | None, typer.Option("--public-url", help="How people reach the server.")] = None,
    listen: Annotated[str | None, typer.Option("--listen", help="host:port that the server will use.")] = None,
    key_file: Annotated[str | None, typer.Option("--key-file", help="Keep the key elsewhere.")] = None,
    json: Json = False,
) -> None:
    """Prepare a server; prints the owner's set-up link."""
    from werkfunk.cli import server

    overrides = {"public_url": public_url, "key_file": key_file, "listen": listen}
    server.init(Printer(json=json), data, org, owner, overrides)


@app.command()
def serve(
    data: Data,
    listen: Annotated[str | None, typer.Option("--listen", help="host:port")] = None,
    public_url: Annotated[str | None, typer.Option("--public-url")] = None,
    key_file: Annotated[str | None, typer.Option("--key-file")] = None,
    tls_cert: Annotated[str | None, typer.Option("--tls-cert")] = None,
    tls_key: Annotated[str | None, typer.Option("--tls-key")] = None,
    json: Json = False,
) -> None:
    """Run the server."""
    from werkfunk.cli import starting

    overrides = {
        "listen": listen, "public_url": public_url, "key_file": key_file, "tls_cert": tls_cert, "tls_key": tls_key,
    }  # fmt: skip
    starting.serve(data, overrides, json=json)


@app.command()
def doctor(data: Data, json: Json = False) -> None:
    """Check an installation."""
    from werkfunk.cli import server

    raise typer.Exit(server.doctor(Printer(json=json), data))


@app.command()
def config(
    data: Annotated[Path | None, typer.Option("--data", help="The server's data folder.")] = None, json: Json = False
) -> None:
    """Print the effective settings, secrets masked."""
    from werkfunk.cli import server

    server.show_config(Printer(json=json), data)


@app.command()
def join(
    link: Annotated[str, typer.Argument(help="The link of an invitation, set-up or further device.")],
    profile: Profile,
    name: Annotated[str, typer.Option("--name", help="Your name.")] = "",
    device_name: DeviceName = DEVICE,
    json: Json = False,
) -> None:
    """Join by a link."""
    from werkfunk.cli import people

    printer = Printer(json=json)
    _run(printer, people.join(printer, link, profile, name, device_name))


@app.command()
def recover(
    code: Annotated[str, typer.Argument(help="The printed recovery code.")],
    url: Annotated[str, typer.Option("--url", help="The server's address.")],
    profile: Profile,
    device_name: DeviceName = DEVICE,
    json: Json = False,
) -> None:
    """Come back with the recovery code."""
    from werkfunk.cli import people

    printer = Printer(json=json)
    _run(printer, people.recover(printer, code, url, profile, device_name))


@app.command()
def invite(
    profile: Profile,
    role: Annotated[str, typer.Option("--role", help="owner, admin, site-lead, member or guest")] = "member",
    uses: Annotated[int, typer.Option("--uses", help="How many may join with it.", min=1, max=1000)] = 1,
    expires: Annotated[str, typer.Option("--expires", help="For example 12h, 7d.")] = "7d",
    listed: Annotated[bool, typer.Option("--list", help="Show the open ones instead.")] = False,
    withdraw: Annotated[str, typer.Option("--withdraw", help="Withdraw this one instead; the id is in --list.")] = "",
    json: Json = False,
) -> None:
    """Make an invitation; list the open ones; withdraw one."""
    from werkfunk.cli import people

    printer = Printer(json=json)
    if listed:
        return _run(printer, people.invites(printer, profile))
    if withdraw:
        return _run(printer, people.withdraw(printer, profile, withdraw))
    _run(printer, people.invite(printer, profile, role, uses, expires))


@app.command("people")
def list_people(profile: Profile, json: Json = False) -> None:
    """List the organisation's people."""
    from werkfunk.cli import people

    printer = Printer(json=json)
    _run(printer, people.people(printer, profile))


@app.command("remove-person")
def remove_person(person: str, profile: Profile, json: Json = False) -> None:
    """Remove a person from the organisation."""
    from werkfunk.cli import people

    printer = Printer(json=json)
    _run(printer, people.remove_person(printer, profile, person))


@app.command()
def role(person: str, new_role: str, profile: Profile, json: Json = False) -> None:
    """Give a person another role."""
    from werkfunk.cli import people

    printer = Printer(json=json)
    _run(printer, people.change_role(printer, profile, person, new_role))


@app.command()
def conversations(profile: Profile, json: Json = False) -> None:
    """List the conversations."""
    from werkfunk.cli import people

    printer = Printer(json=json)
    _run(printer, people.conversations(printer, profile))


@app.command()
def create(
    profile: Profile,
    title: Annotated[str, typer.Option("--title")],
    with_: Annotated[list[str] | None, typer.Option("--with", help="Name or id; may be repeated.")] = None,
    more: Annotated[list[str] | None, typer.Argument(metavar="[PERSON]...", help="Further people.")] = None,
    site: Annotated[str | None, typer.Option("--site", help="A site's address.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="Where the site is: LATITUDE,LONGITUDE.")] = None,
    json: Json = False,
) -> None:
    """Create a group, or a site with an address."""
    from werkfunk.cli import details as doing

    printer = Printer(json=json)
    _run(printer, doing.create(printer, profile, title, site, at, [*(with_ or []), *(more or [])]))


@app.command()
def details(
    profile: Profile,
    conversation: Conversation,
    title: Annotated[str | None, typer.Option("--title")] = None,
    site: Annotated[str | None, typer.Option("--site", help="A site's address; empty for none.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Where the site is: LATITUDE,LONGITUDE, or none to take it away.")
    ] = None,
    json: Json = False,
) -> None:
    """What a conversation is called and where it is; with options, changed (leads)."""
    from werkfunk.cli import details as doing

    printer = Printer(json=json)
    _run(printer, doing.details(printer, profile, conversation, title, site, at))


@app.command()
def add(profile: Profile, conversation: Conversation, person: str, json: Json = False) -> None:
    """Add somebody to a conversation."""
    from werkfunk.cli import people

    printer = Printer(json=json)
    _run(printer, people.change(printer, profile, conversation, person, add=True))


@app.command()
def remove(profile: Profile, conversation: Conversation, person: str, json: Json = False) -> None:
    """Remove somebody from a conversation."""
    from werkfunk.cli import people

    printer = Printer(json=json)
    _run(printer, people.change(printer, profile, conversation, person, add=False))


@app.command()
def send(
    profile: Profile,
    to: To,
    text: Annotated[str, typer.Argument(help="The text, or - for one message a line of standard input.")] = "",
    file: Annotated[list[Path] | None, typer.Option("--file", help="A file; may be repeated.")] = None,
    json: Json = False,
) -> None:
    """Send a message."""
    from werkfunk.cli import people

    if not text and not file:
        raise typer.BadParameter("there is nothing to send: give a text or --file")
    printer = Printer(json=json)
    _run(printer, people.send(printer, profile, to, text, file or []))


@app.command()
def read(
    profile: Profile,
    conversation: Conversation,
    since: Annotated[int, typer.Option("--since", help="Only messages after this number.", min=0)] = 0,
    save: Annotated[Path | None, typer.Option("--save", help="Save files into this folder.")] = None,
    json: Json = False,
) -> None:
    """Read a conversation."""
    from werkfunk.cli import people

    printer = Printer(json=json)
    _run(printer, people.read(printer, profile, conversation, since, save))


@app.command()
def listen(profile: Profile, json: Json = False) -> None:
    """Print messages as they come."""
    from werkfunk.cli import people

    printer = Printer(json=json)
    _run(printer, people.listen(printer, profile))


@devices_app.callback()
def devices(
    context: typer.Context,
    profile: Annotated[Path | None, typer.Option("--profile", help="The folder of a person's device.")] = None,
    json: Json = False,
) -> None:
    """List the own devices."""
    from werkfunk.cli import people

    context.obj = (profile, json)
    if context.invoked_subcommand is None:
        printer = Printer(json=json)
        _run(printer, people.devices(printer, _profile(context, None)))


def _profile(context: typer.Context, profile: Path | None) -> Path:
    """`--profile` may stand before or after the subcommand."""
    found: Path | None = profile or context.obj[0]
    if found is None:
        raise typer.BadParameter("--profile is missing")
    return found


@devices_app.command("add")
def devices_add(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="What the new device shows (`devices offer`), if it shows one.")] = "",
    profile: Annotated[Path | None, typer.Option("--profile")] = None,
    json: Json = False,
) -> None:
    """Print a code for a further device, or take the one that it shows."""
    from werkfunk.cli import people

    printer = Printer(json=json or context.obj[1])
    _run(printer, people.add_device(printer, _profile(context, profile), code))


@devices_app.command("offer")
def devices_offer(
    context: typer.Context,
    url: Annotated[str, typer.Option("--url", help="The server's address.")],
    profile: Annotated[Path | None, typer.Option("--profile")] = None,
    device_name: DeviceName = DEVICE,
    json: Json = False,
) -> None:
    """Show a code on a new device, and wait until an active one takes it."""
    from werkfunk.cli import people

    printer = Printer(json=json or context.obj[1])
    _run(printer, people.offer_device(printer, url, _profile(context, profile), device_name))


@devices_app.command("revoke")
def devices_revoke(
    context: typer.Context,
    device: str,
    profile: Annotated[Path | None, typer.Option("--profile")] = None,
    json: Json = False,
) -> None:
    """Revoke a device."""
    from werkfunk.cli import people

    printer = Printer(json=json or context.obj[1])
    _run(printer, people.revoke_device(printer, _profile(context, profile), device))


@app.command()
def verify(
    person: str,
    number: Annotated[list[str] | None, typer.Argument(help="The number that the person reads out.")] = None,
    profile: Annotated[Path | None, typer.Option("--profile")] = None,
    json: Json = False,
) -> None:
    """Show or check a person's verification number."""
    from werkfunk.cli import people

    if profile is None:
        raise typer.BadParameter("--profile is missing")
    printer = Printer(json=json)
    _run(printer, people.verify(printer, profile, person, " ".join(number) if number else None))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """The command's entry point."""
    try:
        code = app(standalone_mode=False)
    except typer.Exit as error:
        code = error.exit_code
    except typer.Abort:
        code = Exit.FAILED
    except (KeyboardInterrupt, BrokenPipeError):
        code = Exit.DONE
    except Exception as error:
        from werkfunk.cli.ending import ending

        code = ending(error, json="--json" in sys.argv)
    sys.exit(int(code or 0))


if __name__ == "__main__":
    main()
