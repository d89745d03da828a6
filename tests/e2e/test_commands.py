"""Options and answers of commands beside the main story, on one server: the owner's name, invitations, namesakes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from .process import Cli, Serving

GROUP = "Dachstuhl"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = Serving(Cli(tmp_path_factory.mktemp("commands")), "--owner", "Olga Huber")
    serving.start()
    # The name is the one that `init` was given.
    serving.cli.one("join", serving.setup, "--profile", "olga")
    yield serving
    serving.stop()


@pytest.fixture(scope="module")
def office(server: Serving) -> Cli:
    return server.cli


def people(cli: Cli) -> dict[str, str]:
    return {person["name"]: person["role"] for person in cli.lines("people", "--profile", "olga")}


def test_an_invitation_has_a_role_and_an_end(office: Cli) -> None:
    assert people(office)["Olga Huber"] == "owner"
    before = datetime.now(UTC)
    invite = office.one("invite", "--profile", "olga", "--role", "site-lead", "--expires", "12h")
    end = datetime.fromisoformat(invite["expires"])
    assert end.tzinfo is not None
    assert before + timedelta(hours=12) - timedelta(seconds=1) <= end <= datetime.now(UTC) + timedelta(hours=12)
    listed = office.one("invite", "--profile", "olga", "--list")
    assert (listed["role"], listed["expires"]) == ("site-lead", invite["expires"])
    office.one("join", invite["link"], "--profile", "bernd", "--name", "Bernd")
    assert people(office)["Bernd"] == "site-lead"
    for wrong in (["--role", "boss"], ["--expires", "soon"]):
        assert office.code("invite", "--profile", "olga", *wrong) == 2, wrong


def test_namesakes_out_and_back_in(office: Cli) -> None:
    link = office.one("invite", "--profile", "olga", "--uses", "2")["link"]
    one, other = [office.one("join", link, "--profile", p, "--name", "Ali")["person"] for p in ("ali", "ali2")]
    office.one("create", "--profile", "olga", "--title", GROUP, "--with", one)

    for command in (["add", "--conversation", GROUP, "Ali"], ["create", "--title", "Neu", "--with", "Ali"]):
        wrong = office.raw(*command, "--profile", "olga", "--json")
        assert wrong.returncode == 2, command
        text = json.loads(wrong.stderr)["text"]
        assert one in text, "the ids to choose from"
        assert other in text
    added = office.one("add", "--profile", "olga", "--conversation", GROUP, other)
    made = office.one("conversations", "--profile", "ali2")
    assert added == {"conversation": made["conversation"], "person": other}
    assert made["title"] == GROUP

    def say(text: str) -> int:
        return int(office.one("send", "--profile", "olga", "--to", GROUP, text)["seq"])

    def read(profile: str, *more: str) -> list[tuple[int, str]]:
        lines = office.lines("read", "--profile", profile, "--conversation", GROUP, *more)
        return [(line["seq"], line["text"]) for line in lines]

    first = say("zusammen")
    assert read("ali") == [(first, "zusammen")]
    office.one("remove", "--profile", "olga", "--conversation", GROUP, one)
    second = say("ohne den ersten Ali")
    assert read("ali") == [(first, "zusammen")]
    back = office.one("add", "--profile", "olga", "--conversation", GROUP, one)
    assert back == {"conversation": made["conversation"], "person": one}
    third = say("wieder alle")
    everything = [(first, "zusammen"), (second, "ohne den ersten Ali"), (third, "wieder alle")]
    assert read("ali") == read("ali2") == everything
    assert read("ali2", "--since", str(first)) == everything[1:]
