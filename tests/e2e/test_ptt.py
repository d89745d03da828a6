"""Push-to-talk on the command line: one process speaks a sentence, another records it; kill -9 frees the floor."""

import json
import math
import subprocess
from array import array
from pathlib import Path
from typing import Any

from packages import need
from werkfunk.sdk import ogg, sound

from .process import ENVIRONMENT, WERKFUNK, Cli, Serving

BANDS = (250, 350, 500, 700, 1_000, 1_400, 2_000, 2_800, 4_000)


def crew(cli: Cli, server: Serving) -> None:
    cli.one("join", server.setup, "--profile", "anna", "--name", "Anna")
    for name in ("bernd", "clara"):
        link = cli.one("invite", "--profile", "anna")["link"]
        cli.one("join", link, "--profile", name, "--name", name.capitalize())
    cli.one("create", "--profile", "anna", "--title", "Baustelle", "--with", "Bernd", "--with", "Clara")


def recorder(cli: Cli, profile: str, bursts: int) -> subprocess.Popen[str]:
    """A process that records; it is listening when this returns."""
    process = subprocess.Popen(
        [WERKFUNK, "ptt", "record", "--profile", profile, "--conversation", "Baustelle", "--save", "heard", "--bursts", str(bursts)],
        cwd=cli.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stderr.readline() == "hört zu\n"
    return process


def said(cli: Cli, text: str) -> Path:
    need("espeak-ng", "libopus0")
    path = cli.folder / "said.wav"
    subprocess.run(["espeak-ng", "-v", "de", "-w", str(path), text], check=True)
    return path


def spectrum(frames: list[bytes]) -> list[list[float]]:
    """Loudness (dB) of each band for each 100 ms."""
    samples = array("h", b"".join(frames))
    table = []
    for start in range(0, len(samples) - 4_800, 4_800):
        part = samples[start : start + 4_800]
        row = []
        for hertz in BANDS:
            c = 2 * math.cos(2 * math.pi * hertz / sound.RATE)
            a = b = 0.0
            for value in part:
                a, b = value + c * a - b, a
            row.append(10 * math.log10(max(1.0, a * a + b * b - c * a * b)))
        table.append(row)
    return table


def likeness(one: list[list[float]], other: list[list[float]]) -> float:
    """Correlation of two spectrograms, 1 for the same sound."""
    x = [v for row in one for v in row][: sum(map(len, other))]
    y = [v for row in other for v in row][: len(x)]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    top = sum((p - mx) * (q - my) for p, q in zip(x, y, strict=True))
    return top / math.sqrt(sum((p - mx) ** 2 for p in x) * sum((q - my) ** 2 for q in y))


def heard(path: Path) -> list[bytes]:
    decoder = sound.Decoder()
    return [decoder.decode(packet) for packet in ogg.read(path.read_bytes())]


def test_a_sentence_is_spoken_recorded_and_kept_as_a_note(cli: Cli, server: Serving) -> None:
    crew(cli, server)
    recording = recorder(cli, "bernd", 1)
    wav = said(cli, "Achtung, der Kran schwenkt gleich nach links.")
    sent = cli.one("ptt", "send", "--profile", "anna", "--to", "Baustelle", str(wav))
    assert sent["lost"] == ""
    assert recording.wait(30) == 0
    (path,) = (cli.folder / "heard").glob("*.ogg")
    original, copy = list(sound.frames_of(wav)), heard(path)
    assert len(copy) == len(original) == sent["packets"]
    assert likeness(spectrum(original), spectrum(copy)) > 0.9
    assert likeness(spectrum(original), spectrum(copy[::-1])) < 0.6, "the comparison can fail"
    (note,) = cli.lines("read", "--profile", "clara", "--conversation", "Baustelle", "--save", "notes")
    assert note["kind"] == "voice_note"
    assert (cli.folder / note["files"][0]["path"]).exists()
    assert ogg.read((cli.folder / note["files"][0]["path"]).read_bytes()) == ogg.read(path.read_bytes())
    assert recording.stdout is not None
    assert recording.stderr is not None
    recording.stdout.close()
    recording.stderr.close()


def test_errors_are_clear(cli: Cli, server: Serving) -> None:
    crew(cli, server)
    bad = cli.folder / "bad.wav"
    bad.write_bytes(b"no sound")
    assert cli.code("ptt", "send", "--profile", "anna", "--to", "Baustelle", str(bad)) == 2
    assert cli.code("ptt", "send", "--profile", "anna", "--to", "Nirgends", str(said(cli, "Hallo"))) == 2
    assert [line["title"] for line in cli.lines("conversations", "--profile", "clara")] == ["Baustelle"]
    cli.one("remove", "--profile", "anna", "--conversation", "Baustelle", "Clara")
    assert cli.code("ptt", "send", "--profile", "clara", "--to", "Baustelle", str(cli.folder / "said.wav")) == 3
    server.stop()
    assert cli.code("ptt", "send", "--profile", "anna", "--to", "Baustelle", str(cli.folder / "said.wav")) == 4


def test_kill_9_frees_the_floor_and_the_recorder_comes_back(cli: Cli, server: Serving) -> None:
    crew(cli, server)
    recording = recorder(cli, "bernd", 1)
    wav = said(
        cli, "Das hier wird unterbrochen, denn der Server wird mitten im Satz getötet, und zwar ohne jede Warnung."
    )
    speaking = subprocess.Popen(
        [WERKFUNK, "ptt", "send", "--profile", "anna", "--to", "Baustelle", str(wav)],
        cwd=cli.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT,
    )  # fmt: skip
    until_somebody_speaks(cli, server)
    server.kill()
    assert speaking.wait(30) == 4
    server.start()
    sent = until_granted(cli)
    assert sent["packets"] > 0
    assert recording.wait(60) == 0
    assert recording.stdout is not None
    assert recording.stderr is not None
    recording.stdout.close()
    recording.stderr.close()


def until_somebody_speaks(cli: Cli, server: Serving) -> None:
    """A second recorder hears the burst begin: the floor is taken."""
    import httpx

    while True:
        text = httpx.get(f"http://{server.listen}/metrics").text
        lines = [line for line in text.splitlines() if line.startswith("werkfunk_voice_frames_total ")]
        if lines and float(lines[0].split()[1]) > 5:
            return


def until_granted(cli: Cli) -> dict[str, Any]:
    """Ask until the dead node's lease is over; other refusals fail the test."""
    short = said(cli, "Weiter geht es.")
    while True:
        done = cli.raw("ptt", "send", "--profile", "clara", "--to", "Baustelle", str(short), "--json")
        if done.returncode == 0:
            return dict(json.loads(done.stdout))
        assert json.loads(done.stderr)["error"] == "busy", done.stderr
