"""Places on the command line: one sent, the rule, sharing for a while, the team."""

import pytest

from .process import Cli, Serving

KASSEL = "51.3127,9.4797"


@pytest.fixture
def team(cli: Cli, server: Serving) -> Cli:
    cli.one("join", server.setup, "--profile", "anna", "--name", "Anna")
    cli.one("join", cli.one("invite", "--profile", "anna")["link"], "--profile", "ben", "--name", "Ben")
    cli.one("create", "--profile", "anna", "--title", "Lindenweg", "--with", "Ben")
    return cli


def test_a_place_is_sent_shared_when_allowed_and_taken_away(team: Cli, server: Serving) -> None:
    sent = team.one("place", "send", "--profile", "anna", "--to", "Lindenweg", KASSEL, "--label", "Kran")
    (line,) = [
        one for one in team.lines("read", "--profile", "ben", "--conversation", "Lindenweg") if one["kind"] == "place"
    ]
    assert line["seq"] == sent["seq"]

    # Off until somebody who may allows it; then it says who, and when.
    share = ("place", "share", "--to", "Lindenweg", KASSEL, "--accuracy", "8", "--for", "15m", "--profile")
    assert team.code(*share, "ben") == 3
    assert team.one("place", "rule", "--profile", "ben") == {"live_location": False, "changes": []}
    assert team.code("place", "allow", "--profile", "ben") == 3
    team.one("place", "allow", "--profile", "anna")
    rule = team.one("place", "rule", "--profile", "ben")
    (change,) = rule["changes"]
    assert (rule["live_location"], change["allowed"], change["name"]) == (True, True, "Anna")
    assert "Anna: erlaubt" in team.raw("place", "rule", "--profile", "ben").stdout

    ends = team.one(*share, "ben")["ends"]
    (spot,) = team.lines("place", "team", "--profile", "anna", "--conversation", "Lindenweg")
    assert (spot["name"], spot["latitude"], spot["longitude"], spot["accuracy"]) == ("Ben", 51.3127, 9.4797, 8)
    assert spot["ends"] == ends
    assert 14 * 60_000 < ends - spot["time"] <= 15 * 60_000
    team.one("place", "stop", "--profile", "ben", "--to", "Lindenweg")
    assert team.lines("place", "team", "--profile", "anna", "--conversation", "Lindenweg") == []

    team.one(*share, "ben")
    team.one("place", "forbid", "--profile", "anna")
    assert team.lines("place", "team", "--profile", "anna", "--conversation", "Lindenweg") == []
    assert [one["allowed"] for one in team.one("place", "rule", "--profile", "ben")["changes"]] == [False, True]

    for wrong in ("Lindenweg", "91,9", "51.3"):
        assert team.code("place", "send", "--profile", "anna", "--to", "Lindenweg", wrong) == 2, wrong
    team.one("place", "allow", "--profile", "anna")
    assert team.code("place", "share", "--profile", "ben", "--to", "Lindenweg", KASSEL, "--for", "17h") == 2
    server.stop()
    assert team.code("place", "send", "--profile", "anna", "--to", "Lindenweg", KASSEL) == 4
