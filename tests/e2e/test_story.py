"""The main job, on the command line: a firm is set up, people talk, join, leave, lose everything and come back."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from .process import ENVIRONMENT, WERKFUNK, Cli, Serving

GROUP = "Baustelle Süd 🏗"


def texts(cli: Cli, profile: str, conversation: str = GROUP) -> list[str]:
    return [line["text"] for line in cli.lines("read", "--profile", profile, "--conversation", conversation)]


def test_the_whole_story(cli: Cli, server: Serving) -> None:
    owner = cli.one("join", server.setup, "--profile", "anna", "--name", "Anna Huber")
    assert set(owner) == {"organisation", "person", "device", "recovery"}
    invite = cli.one("invite", "--profile", "anna", "--uses", "2")
    assert set(invite) == {"link", "expires"}
    joerg = cli.one("join", invite["link"], "--profile", "joerg", "--name", "Jörg")
    mehmet = cli.one("join", invite["link"], "--profile", "mehmet", "--name", "Mehmet Öz")
    assert joerg["organisation"] == mehmet["organisation"] == owner["organisation"]
    people = cli.lines("people", "--profile", "joerg")
    assert {(p["name"], p["role"]) for p in people} == {
        ("Anna Huber", "owner"),
        ("Jörg", "member"),
        ("Mehmet Öz", "member"),
    }

    made = cli.one("create", "--profile", "anna", "--title", GROUP, "--with", "Jörg", "--with", mehmet["person"])
    assert set(made) == {"conversation"}
    text = "Grüß Gott 👷\nzweite Zeile: äöüß „Zitat“"
    sent = cli.one("send", "--profile", "anna", "--to", GROUP, text)
    assert set(sent) == {"id", "seq"}
    plan = cli.folder / "plan größer.pdf"
    plan.write_bytes(os.urandom(5_000_000))
    cli.one("send", "--profile", "joerg", "--to", GROUP, "Der Plan", "--file", plan.name)
    first, second = cli.lines("read", "--profile", "mehmet", "--conversation", GROUP, "--save", "got")
    assert first["text"] == text
    assert {"seq", "id", "sender", "kind", "text", "files", "at"} <= set(first)
    assert (first["sender"], first["kind"], first["id"]) == (owner["person"], "text", sent["id"])
    assert (second["kind"], second["files"][0]["name"]) == ("file", plan.name)
    assert (cli.folder / second["files"][0]["path"]).read_bytes() == plan.read_bytes()

    server.kill()
    server.start()

    code = cli.one("devices", "add", "--profile", "joerg")["code"]
    second_device = cli.one("join", code, "--profile", "joerg2", "--device-name", "Büro-PC")
    assert second_device["person"] == joerg["person"]
    assert texts(cli, "joerg2") == [text, "Der Plan"]
    states = {d["device"]: (d["name"], d["state"]) for d in cli.lines("devices", "--profile", "joerg")}
    assert states[second_device["device"]] == ("Büro-PC", "active")

    for path in (cli.folder / "mehmet").iterdir():
        path.unlink()
    back = cli.one("recover", mehmet["recovery"], "--url", f"http://localhost:{server.port}", "--profile", "mehmet2")
    assert back["person"] == mehmet["person"]
    assert texts(cli, "mehmet2") == [text, "Der Plan"]

    removed = cli.one("remove", "--profile", "anna", "--conversation", GROUP, "Jörg")
    assert removed == {"conversation": made["conversation"], "person": joerg["person"]}
    cli.one("send", "--profile", "anna", "--to", GROUP, "Ohne Jörg")
    for profile in ("joerg", "joerg2"):
        assert texts(cli, profile) == [text, "Der Plan"]
        assert cli.code("send", "--profile", profile, "--to", GROUP, "hallo?") == 3
    assert texts(cli, "mehmet2")[-1] == "Ohne Jörg"
    (room,) = cli.lines("conversations", "--profile", "mehmet2")
    assert {"conversation", "title", "unread", "last_seq"} <= set(room)
    assert (room["title"], room["unread"]) == (GROUP, 0)


@pytest.fixture
def pair(cli: Cli, server: Serving) -> Cli:
    """Anna and Bernd in one group."""
    cli.one("join", server.setup, "--profile", "anna", "--name", "Anna")
    link = cli.one("invite", "--profile", "anna")["link"]
    cli.one("join", link, "--profile", "bernd", "--name", "Bernd")
    cli.one("create", "--profile", "anna", "--title", GROUP, "--with", "Bernd")
    return cli


def test_links_are_single_use(pair: Cli, server: Serving) -> None:
    assert pair.code("join", server.setup, "--profile", "x", "--name", "X") == 3
    link = pair.one("invite", "--profile", "anna")["link"]
    pair.one("join", link, "--profile", "clara", "--name", "Clara")
    assert pair.code("join", link, "--profile", "dora", "--name", "Dora") == 3
    link = pair.one("invite", "--profile", "anna", "--uses", "3")["link"]
    open_one = pair.one("invite", "--profile", "anna", "--list")
    assert (open_one["role"], open_one["left"]) == ("member", 3)
    assert pair.code("invite", "--profile", "bernd", "--withdraw", open_one["invite"]) == 3
    pair.one("invite", "--profile", "anna", "--withdraw", open_one["invite"][:12])
    assert pair.lines("invite", "--profile", "anna", "--list") == []
    assert pair.code("join", link, "--profile", "dora", "--name", "Dora") == 3
    code = pair.one("devices", "add", "--profile", "bernd")["code"]
    pair.one("join", code, "--profile", "bernd2")
    assert pair.code("join", code, "--profile", "bernd3") == 3
    assert not (pair.folder / "bernd3" / "profile.key").exists()


def test_a_revoked_device_is_out_and_the_others_go_on(pair: Cli, server: Serving) -> None:
    code = pair.one("devices", "add", "--profile", "bernd")["code"]
    lost = pair.one("join", code, "--profile", "lost")["device"]
    revoked = pair.one("devices", "revoke", lost, "--profile", "bernd")
    assert (revoked["device"], revoked["state"]) == (lost, "revoked")
    assert pair.code("send", "--profile", "lost", "--to", GROUP, "hallo") == 3
    pair.one("send", "--profile", "anna", "--to", GROUP, "neue Schlüssel")
    assert texts(pair, "bernd") == ["neue Schlüssel"]
    assert pair.code("people", "--profile", "lost") == 3


def test_exit_codes(pair: Cli, server: Serving) -> None:
    assert pair.code("people", "--profile", "anna") == 0
    assert pair.code("people", "--profile", "nobody") == 2
    assert pair.code("send", "--profile", "anna", "--to", "Unbekannt", "x") == 2
    assert pair.code("nonsense") == 2
    assert pair.code("join", "http://localhost/#i=abc", "--profile", "x", "--name", "X") == 2
    assert pair.code("invite", "--profile", "bernd") == 3
    number = pair.one("verify", "Bernd", "--profile", "anna")
    assert number["verified"] is False
    assert pair.code("verify", "Bernd", "1" * 60, "--profile", "anna") == 5
    assert pair.one("verify", "Bernd", number["number"], "--profile", "anna")["verified"] is True
    assert pair.one("verify", "Anna", "--profile", "bernd")["number"] == number["number"]
    assert pair.code("serve", "--data", "data", "--listen", "0.0.0.0:1") == 2
    assert pair.code("doctor", "--data", "nothing") == 1
    assert {"check", "ok", "hint"} == set(pair.lines("doctor", "--data", "data")[0])
    server.stop()
    assert pair.code("send", "--profile", "anna", "--to", GROUP, "später") == 4


def test_the_outbox_waits_for_the_server_and_sends_once(pair: Cli, server: Serving) -> None:
    server.kill()
    assert pair.code("send", "--profile", "anna", "--to", GROUP, "aus dem Keller") == 4
    server.start()
    pair.lines("conversations", "--profile", "anna")
    pair.lines("conversations", "--profile", "anna")
    assert texts(pair, "bernd") == ["aus dem Keller"]


def test_one_message_a_line(pair: Cli) -> None:
    sent = pair.lines("send", "--profile", "anna", "--to", GROUP, "-", stdin="eins\nzwei\n\ndrei\n")
    assert [line["seq"] for line in sent] == [3, 4, 5]
    assert texts(pair, "bernd") == ["eins", "zwei", "drei"]


def test_a_new_device_shows_its_code(pair: Cli, server: Serving) -> None:
    base = f"http://localhost:{server.port}"
    with subprocess.Popen(
        [WERKFUNK, "devices", "offer", "--url", base, "--profile", "bernd2", "--device-name", "Büro", "--json"],
        cwd=pair.folder, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
    ) as waiting:  # fmt: skip
        assert waiting.stdout is not None
        shown = json.loads(waiting.stdout.readline())
        assert (shown["state"], shown["name"]) == ("waiting", "Büro")
        assert pair.one("devices", "add", shown["code"], "--profile", "bernd")["state"] == "taken"
        joined = json.loads(waiting.stdout.readline())
        assert waiting.wait() == 0
    assert (
        joined["person"]
        == pair.one("join", pair.one("devices", "add", "--profile", "bernd")["code"], "--profile", "b3")["person"]
    )
    assert ("Büro", "active") in [(d["name"], d["state"]) for d in pair.lines("devices", "--profile", "bernd")]


def test_listening_and_sending_on_one_profile(pair: Cli) -> None:
    with subprocess.Popen(
        [WERKFUNK, "listen", "--profile", "bernd", "--json"], cwd=pair.folder, stdout=subprocess.PIPE, text=True,
        env=ENVIRONMENT,
    ) as listening:  # fmt: skip
        assert listening.stdout is not None
        # Until `listen` is connected it prints nothing: speak until the first line comes.
        while not select.select([listening.stdout], [], [], 0.5)[0]:
            pair.one("send", "--profile", "anna", "--to", GROUP, "hörst du?")
        for text in ("ja", "und wie"):
            pair.one("send", "--profile", "bernd", "--to", GROUP, text)
        seen: list[str] = []
        while seen[-1:] != ["und wie"]:
            seen.append(json.loads(listening.stdout.readline())["text"])
        listening.terminate()
    assert seen[-2:] == ["ja", "und wie"]
    assert set(seen[:-2]) == {"hörst du?"}


def test_the_bot_in_the_documentation_answers_once(pair: Cli) -> None:
    bot = Path(__file__).parents[2] / "docs" / "bot.py"
    with (
        subprocess.Popen(
            [WERKFUNK, "listen", "--profile", "bernd", "--json"], cwd=pair.folder, stdout=subprocess.PIPE, env=ENVIRONMENT
        ) as listening,
        subprocess.Popen([sys.executable, str(bot)], stdin=listening.stdout, stdout=subprocess.PIPE) as thinking,
        subprocess.Popen(
            [WERKFUNK, "send", "--profile", "bernd", "--to", GROUP, "-", "--json"],
            cwd=pair.folder, stdin=thinking.stdout, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
        ) as sending,
    ):  # fmt: skip
        assert sending.stdout is not None
        with subprocess.Popen(
            [WERKFUNK, "send", "--profile", "anna", "--to", GROUP, "-", "--json"], cwd=pair.folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
        ) as asking:  # fmt: skip
            assert asking.stdin is not None
            # Until the bot is connected it may miss a question: ask again, as a person would.

            while not select.select([sending.stdout], [], [], 1)[0]:
                asking.stdin.write("!echo Moin\n")
                asking.stdin.flush()
            asking.stdin.close()
        assert json.loads(sending.stdout.readline())["seq"] > 2
        listening.terminate()
        thinking.terminate()
        sending.terminate()
    answers = [line for line in texts(pair, "anna") if line == "Echo: Moin"]
    questions = [line for line in texts(pair, "anna") if line == "!echo Moin"]
    assert 1 <= len(answers) <= len(questions)
