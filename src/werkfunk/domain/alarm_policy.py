"""What happens when an alarm is not answered: repeat, next step, stop. The JSON form, and the same in German words.

    {"name": "Notfall", "repeat_every": 60, "repeat_times": 10,
     "steps": [{"after": 180, "unless": {"coming": 2}, "to": {"plan": …}, "via": ["app", "voice"]}],
     "stop": {"coming": 3}}

Seconds throughout; ids are bytes (base64 in JSON). The structs are the API's form too, checked where they come in.
"""

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Channel = Literal["app", "sms", "voice", "mail"]
"""Ways to reach a person: in the app (and by push), or through a gateway of that channel."""

Person = Annotated[bytes, Meta(min_length=32, max_length=32)]
Plan = Annotated[bytes, Meta(min_length=16, max_length=16)]
Some = Annotated[int, Meta(ge=0, le=10_000)]


class Goal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is enough: at least `coming` who come, at least `seen` who have confirmed, or `everyone`; all zero: never."""

    coming: Some = 0
    seen: Some = 0
    everyone: bool = False

    def reached(self, coming: int, seen: int, people: int) -> bool:
        """Whether any of the named numbers is there."""
        return (
            bool(self.coming and coming >= self.coming)
            or bool(self.seen and seen >= self.seen)
            or (self.everyone and seen >= people)
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is named, so that it is never reached."""
        return not (self.coming or self.seen or self.everyone)


class Whom(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom a step addresses: `silent` (who has not confirmed), named people, whoever is on call in a plan, or all of these."""

    silent: bool = False
    people: Annotated[list[Person], Meta(max_length=100)] = []
    plan: Plan | None = None


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`after` seconds since the step before (or the beginning), unless the goal is reached, `to` is addressed `via` channels."""

    after: Annotated[int, Meta(ge=5, le=86_400)]
    unless: Goal = Goal(everyone=True)
    to: Whom
    via: Annotated[list[Channel], Meta(min_length=1, max_length=4)]


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Repeat every `repeat_every` seconds, `repeat_times` times, to whoever is silent; take the steps; stop at the goal."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    repeat_every: Annotated[int, Meta(ge=0, le=3_600)] = 0
    repeat_times: Annotated[int, Meta(ge=0, le=100)] = 0
    steps: Annotated[list[Step], Meta(max_length=10)] = []
    stop: Goal = Goal(everyone=True)


NONE = Policy(name="-")
"""Neither repeat nor step."""

CHANNELS = {"app": "in der App", "sms": "per SMS", "voice": "per Anruf", "mail": "per E-Mail"}


def words(policy: Policy, person: Callable[[bytes], str], plan: Callable[[bytes], str]) -> list[str]:
    """The policy as German sentences, one a rule; `person` and `plan` give names for ids."""
    said = []
    if policy.repeat_every and policy.repeat_times:
        said.append(f"Alle {_span(policy.repeat_every)} wiederholen, höchstens {policy.repeat_times}-mal.")
    for number, step in enumerate(policy.steps):
        then = "Nach" if number == 0 else "Nach weiteren"
        said.append(
            f"{then} {_span(step.after)}{_without(step.unless)}: {_whom(step.to, person, plan)} {_via(step.via)}."
        )
    if not policy.stop.empty:
        said.append(f"Ende, sobald {_goal(policy.stop)}.")
    return said or ["Keine Wiederholung, keine weitere Stufe."]


def _span(seconds: int) -> str:
    for size, one, many in ((3600, "Stunde", "Stunden"), (60, "Minute", "Minuten")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {one if count == 1 else many}"
    return f"{seconds} Sekunden"


def _without(goal: Goal) -> str:
    if goal.coming:
        return f" ohne {goal.coming} {'Zusage' if goal.coming == 1 else 'Zusagen'}"
    if goal.seen:
        return f" ohne {goal.seen} {'Bestätigung' if goal.seen == 1 else 'Bestätigungen'}"
    return ", wenn jemand fehlt" if goal.everyone else ""


def _goal(goal: Goal) -> str:
    said = []
    if goal.coming:
        said.append("einer kommt" if goal.coming == 1 else f"{goal.coming} kommen")
    if goal.seen:
        said.append("einer bestätigt hat" if goal.seen == 1 else f"{goal.seen} bestätigt haben")
    if goal.everyone:
        said.append("alle bestätigt haben")
    return " oder ".join(said)


def _whom(whom: Whom, person: Callable[[bytes], str], plan: Callable[[bytes], str]) -> str:
    said = ["wer fehlt"] if whom.silent else []
    said += [person(user) for user in whom.people]
    if whom.plan is not None:
        said.append(f"Bereitschaft „{plan(whom.plan)}“")
    return _list(said) or "niemand"


def _via(channels: list[Channel]) -> str:
    return _list([CHANNELS[channel] for channel in channels])


def _list(items: list[str]) -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " und " + items[-1] if items else ""
