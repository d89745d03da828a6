"""A site's address and place on the command line."""

import pytest

from .process import Cli, Serving

AT = {"latitude": 51.3127, "longitude": 9.4797}


@pytest.fixture
def team(cli: Cli, server: Serving) -> Cli:
    cli.one("join", server.setup, "--profile", "anna", "--name", "Anna")
    cli.one("join", cli.one("invite", "--profile", "anna")["link"], "--profile", "ben", "--name", "Ben")
    return cli


def test_a_site_is_made_with_its_place_and_moved(team: Cli) -> None:
    made = team.one(
        "create", "--profile", "anna", "--title", "Lindenweg", "--with", "Ben", "--site", "Lindenweg 4, Kassel",
        "--at", "51.3127,9.4797",
    )  # fmt: skip
    shown = ("details", "--conversation", "Lindenweg", "--profile")
    site = {"conversation": made["conversation"], "title": "Lindenweg", "site": "Lindenweg 4, Kassel"}
    assert team.one(*shown, "ben") == {**site, **AT}
    # What is not given stays.
    assert team.one(*shown, "anna", "--site", "Lindenweg 6, Kassel")["latitude"] == AT["latitude"]
    moved = team.one(*shown, "anna", "--at", "-33.86,151.21")
    assert (moved["latitude"], moved["longitude"], moved["site"]) == (-33.86, 151.21, "Lindenweg 6, Kassel")
    assert team.one(*shown, "ben") == moved
    gone = team.one(*shown, "anna", "--at", "none")
    assert (gone["latitude"], gone["longitude"]) == (None, None)
    assert team.one(*shown, "ben") == gone
    assert "Lindenweg 6, Kassel" in team.raw(*shown, "ben").stdout


def test_what_is_no_place_is_refused_before_anything_is_made(team: Cli) -> None:
    for at in ("Lindenweg", "91,9", "51.3", "nan,9"):
        assert team.code("create", "--profile", "anna", "--title", "X", "--site", "Y", "--at", at) == 2, at
    assert team.code("create", "--profile", "anna", "--title", "X", "--at", "51.3,9.4") == 2
    assert team.lines("conversations", "--profile", "anna") == []


def test_only_a_lead_moves_the_site(team: Cli) -> None:
    team.one("create", "--profile", "anna", "--title", "Hof", "--with", "Ben", "--site", "")
    assert team.code("details", "--profile", "ben", "--conversation", "Hof", "--at", "51.3,9.4") == 3
    assert team.one("details", "--profile", "anna", "--conversation", "Hof")["latitude"] is None
