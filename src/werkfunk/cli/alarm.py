"""`werkfunk alarm …`, `werkfunk oncall …`, `werkfunk duty`: arguments; what they do stands in `alarms.py`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from werkfunk.cli.options import Json, Profile
from werkfunk.cli.output import Printer

alarm_app = typer.Typer(
    help="Alarms: raise, answer, follow, end, report; policies, gateways, machines.", no_args_is_help=True
)
policy_app = typer.Typer(help="Policies: what happens when nobody answers.", no_args_is_help=True)
gateway_app = typer.Typer(help="Gateways for SMS, calls and mail.", no_args_is_help=True)
oncall_app = typer.Typer(help="On-call plans.", no_args_is_help=True)
alarm_app.add_typer(policy_app, name="policy")
alarm_app.add_typer(gateway_app, name="gateway")

Alarm = Annotated[str, typer.Argument(help="The alarm's id, or its beginning.")]
File = Annotated[Path, typer.Argument(help="A JSON file; - for standard input.")]


@alarm_app.command("raise")
def raise_(
    profile: Profile,
    to: Annotated[list[str], typer.Option("--to", help="A conversation or a person; several times for several.")],
    text: Annotated[str, typer.Argument(help="What has happened; sealed. Without it: the template's text.")] = "",
    template: Annotated[str, typer.Option("--template", help="Title or id of a template.")] = "",
    level: Annotated[str, typer.Option("--level", help="info, urgent or emergency.")] = "",
    policy: Annotated[str, typer.Option("--policy", help="Name of a policy.")] = "",
    answer: Annotated[
        list[str] | None, typer.Option("--answer", help="An own answer, CODE=WORDS, such as 7='Bringe Pumpe'.")
    ] = None,
    on_duty: Annotated[bool, typer.Option("--on-duty", help="Only who is on duty.")] = False,
    drill: Annotated[bool, typer.Option("--drill", help="A drill, marked as such everywhere.")] = False,
    json: Json = False,
) -> None:
    """Raise an alarm."""
    from werkfunk.cli import alarms

    asyncio.run(
        alarms.raise_(
            Printer(json=json), profile, to, text, template, level, policy, answer or [], on_duty=on_duty, drill=drill
        )
    )


@alarm_app.command("list")
def list_(profile: Profile, json: Json = False) -> None:
    """The newest alarms."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.list_(Printer(json=json), profile))


@alarm_app.command()
def ack(
    alarm: Alarm,
    profile: Profile,
    answer: Annotated[
        str, typer.Option("--answer", help="coming, not-coming, minutes such as 15m, or an own code.")
    ] = "",
    words: Annotated[str, typer.Option("--words", help="Words of your own, sealed.")] = "",
    json: Json = False,
) -> None:
    """Confirm an alarm, with an answer if given."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.ack(Printer(json=json), profile, alarm, answer, words))


@alarm_app.command()
def status(alarm: Alarm, profile: Profile, json: Json = False) -> None:
    """How an alarm stands."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.status(Printer(json=json), profile, alarm))


@alarm_app.command()
def cancel(alarm: Alarm, profile: Profile, json: Json = False) -> None:
    """It was raised by mistake."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.end(Printer(json=json), profile, alarm, cancelled=True))


@alarm_app.command()
def end(alarm: Alarm, profile: Profile, json: Json = False) -> None:
    """All-clear."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.end(Printer(json=json), profile, alarm, cancelled=False))


@alarm_app.command()
def report(
    alarm: Alarm,
    profile: Profile,
    out: Annotated[Path, typer.Option("--out", help="The file to write: PDF where it ends in .pdf, else JSON.")],
    json: Json = False,
) -> None:
    """Write the report: timeline, each person, each message."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.report(Printer(json=json), profile, alarm, out))


@alarm_app.command()
def template(
    profile: Profile,
    title: Annotated[str, typer.Argument(help="The title.")],
    text: Annotated[str, typer.Argument(help="What the alarm says; empty takes the template back.")],
    to: Annotated[list[str], typer.Option("--to", help="Conversations whose members may read and use it.")],
    level: Annotated[str, typer.Option("--level")] = "urgent",
    policy: Annotated[str, typer.Option("--policy", help="The policy that goes with it.")] = "",
    json: Json = False,
) -> None:
    """Put a template into conversations."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.template(Printer(json=json), profile, title, text, to, level, policy))


@alarm_app.command()
def machine(
    profile: Profile,
    name: Annotated[str, typer.Argument(help="What the machine is called.")],
    to: Annotated[list[str], typer.Option("--to", help="Conversations whose members its alarms call.")],
    level: Annotated[str, typer.Option("--level", help="The highest level that it may raise.")] = "emergency",
    policy: Annotated[str, typer.Option("--policy")] = "",
    json: Json = False,
) -> None:
    """Let a machine raise alarms; prints its address and, once, its secret."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.machine(Printer(json=json), profile, name, to, level, policy))


@alarm_app.command()
def machines(profile: Profile, json: Json = False) -> None:
    """Machines that may raise alarms."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.machines(Printer(json=json), profile))


@alarm_app.command()
def revoke(
    profile: Profile,
    name: Annotated[str, typer.Argument(help="The machine's name or id.")],
    json: Json = False,
) -> None:
    """Withdraw a machine's access."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.revoke_machine(Printer(json=json), profile, name))


@alarm_app.command()
def log(profile: Profile, json: Json = False) -> None:
    """The delivery log of the gateways."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.log(Printer(json=json), profile))


@policy_app.command("get")
def policy_get(
    profile: Profile, name: Annotated[str, typer.Argument(help="One policy; without it all.")] = "", json: Json = False
) -> None:
    """Print policies, in words or as JSON."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.policy_get(Printer(json=json), profile, name))


@policy_app.command("set")
def policy_set(profile: Profile, file: File, json: Json = False) -> None:
    """Set a policy from JSON, with people and plans by name."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.policy_set(Printer(json=json), profile, file))


@gateway_app.command("set")
def gateway_set(
    profile: Profile,
    file: File,
    secret_file: Annotated[Path | None, typer.Option("--secret-file", help="A file with the secret.")] = None,
    json: Json = False,
) -> None:
    """Set a gateway from JSON."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.gateway_set(Printer(json=json), profile, file, secret_file))


@gateway_app.command("list")
def gateway_list(profile: Profile, json: Json = False) -> None:
    """List the gateways."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.gateway_list(Printer(json=json), profile))


@gateway_app.command("test")
def gateway_test(
    profile: Profile,
    name: Annotated[str, typer.Argument()],
    to: Annotated[str, typer.Option("--to")],
    json: Json = False,
) -> None:
    """Send a test message."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.gateway_test(Printer(json=json), profile, name, to))


@oncall_app.command("list")
def oncall_list(profile: Profile, json: Json = False) -> None:
    """Plans, who is on call now, and rests that are too short."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.oncall_list(Printer(json=json), profile))


@oncall_app.command("set")
def oncall_set(profile: Profile, file: File, json: Json = False) -> None:
    """Set a plan from JSON, with people by name; warns where less than eleven hours of rest are left."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.oncall_set(Printer(json=json), profile, file))


@oncall_app.command("get")
def oncall_get(profile: Profile, name: Annotated[str, typer.Argument()], json: Json = False) -> None:
    """Print a plan as JSON."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.oncall_get(Printer(json=json), profile, name))


def duty(
    profile: Profile,
    status: Annotated[str, typer.Argument(help="on, break or off; without it: show.")] = "",
    phone: Annotated[
        str | None, typer.Option("--phone", help="For SMS and calls in an alarm, +49…; empty deletes.")
    ] = None,
    mail: Annotated[str | None, typer.Option("--mail", help="For mail in an alarm; empty deletes.")] = None,
    quiet: Annotated[str | None, typer.Option("--quiet", help="Quiet hours, 20:00-06:00; empty deletes.")] = None,
    json: Json = False,
) -> None:
    """Own status: on duty, on a break, or finished; contact for alarms and quiet hours."""
    from werkfunk.cli import alarms

    asyncio.run(alarms.duty(Printer(json=json), profile, status, phone, mail, quiet))
