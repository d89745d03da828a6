"""Push-to-talk and voice notes in real browsers with a fake microphone: spoken here, heard there, kept as a note."""

import asyncio
import re
import subprocess
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from e2e.process import Cli, Serving
from packages import need
from werkfunk.sdk import ogg, sound

from .browser import Device
from .conftest import Make
from .joining import come_in, look
from .tools import axe

TITLE = "Baustelle Lindenweg"
PATIENCE_MS = 40_000
"""A command takes seconds to start on a busy machine."""


def speech(folder: Path, text: str = "Achtung, der Kran schwenkt gleich nach links. Bitte alle vom Gerüst.") -> Path:
    """A sentence of espeak-ng as the microphone hears it, 48 kHz; it is repeated as long as the microphone is open."""
    need("espeak-ng", "sox")
    raw, path = folder / "raw.wav", folder / "microphone.wav"
    subprocess.run(["espeak-ng", "-v", "de", "-w", str(raw), text], check=True)
    subprocess.run(["sox", str(raw), "-r", "48000", "-c", "1", str(path)], check=True)
    return path


async def with_microphone(make: Make, wav: Path, **more: Any) -> Device:
    """A device whose microphone hears the file, again and again; a browser process of its own."""
    device = await make(flags=[f"--use-file-for-fake-audio-capture={wav}"], **more)
    # A fresh browser process looks for updates of itself; nothing of it is reached.
    device.guard.expected.append(r"foreign target: (http://)?[-a-z]+\.(google|googleapis)\.com")
    return device


async def crew(cli: Cli, server: Serving, anna: Device, bernd: Device) -> tuple[Page, Page, str]:
    """The owner on the command line, Anna and Bernd in their browsers, one site; gives both pages and its id."""
    run = asyncio.to_thread
    await run(cli.one, "join", server.setup, "--profile", "chef", "--name", "Chef")
    pages = []
    for device, name in ((anna, "Anna"), (bernd, "Bernd")):
        link = (await run(cli.one, "invite", "--profile", "chef"))["link"]
        pages.append(await come_in(device, link, name))
    made = await run(
        cli.one, "create", "--profile", "chef", "--title", TITLE, "--site", "Lindenweg 1", "--with", "Anna", "--with", "Bernd",
    )  # fmt: skip
    for page in pages:
        await page.goto(anna.origin + f"/c/{made['conversation']}/ptt")
        await expect(page.get_by_role("heading", level=1, name=TITLE)).to_be_visible()
        await expect(page.get_by_role("status").filter(has_text="Kanal frei")).to_be_visible()
    return pages[0], pages[1], made["conversation"]


async def hold(page: Page) -> None:
    await expect(page.locator(".ptt")).to_be_enabled()
    box = await page.locator(".ptt").bounding_box()
    assert box
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()


def status(page: Page, text: str) -> Any:
    return expect(page.locator(".status")).to_contain_text(text, timeout=PATIENCE_MS)


async def loud(page: Page) -> None:
    """A voice is heard: the level moves. Looked at with each picture, for speech has pauses."""
    level = "() => Number(document.querySelector('[role=meter]').ariaValueNow) > 5"
    await page.wait_for_function(level, timeout=PATIENCE_MS)


async def test_two_people_talk_and_what_was_said_is_kept(
    cli: Cli, server: Serving, phone: Make, desktop: Make, tmp_path: Path
) -> None:
    wav = speech(tmp_path)
    anna, bernd = await with_microphone(phone, wav), await desktop()
    speaker, listener, _ = await crew(cli, server, anna, bernd)
    await hold(speaker)
    await status(speaker, "Du sprichst")
    await status(listener, "Anna spricht")
    # The listener hears a voice: the level moves.
    await loud(listener)
    await look(speaker, "funk-sprechen")
    await look(listener, "funk-hoeren-desktop")
    # Whoever comes later hears the rest.
    await listener.reload()
    await status(listener, "Anna spricht")
    await loud(listener)
    await speaker.wait_for_function("() => (globalThis.since ??= performance.now()) + 3000 < performance.now()")
    await speaker.mouse.up()
    await status(speaker, "Kanal frei")
    await status(listener, "Kanal frei")
    note = await until_note(cli)
    assert note["duration"] >= 2_500
    heard = [sound.Decoder().decode(packet) for packet in ogg.read(Path(note["path"]).read_bytes())]
    assert max(sound.peak(frame) for frame in heard) > 20


async def until_note(cli: Cli) -> dict[str, Any]:
    """The newest voice note, saved, once the owner's device has it."""
    while True:
        lines = await asyncio.to_thread(
            cli.lines, "read", "--profile", "chef", "--conversation", TITLE, "--save", "notes"
        )
        notes = [line for line in lines if line["kind"] == "voice_note"]
        if notes:
            (file,) = notes[-1]["files"]
            path = cli.folder / file["path"]
            packets = ogg.read(path.read_bytes()) if file["type"] == "audio/ogg" else []
            return {"path": path, "duration": len(packets) * 20, "type": file["type"]}
        await asyncio.sleep(0.2)


async def test_the_command_line_is_heard_in_the_app_and_waits_its_turn(
    cli: Cli, server: Serving, phone: Make, tmp_path: Path
) -> None:
    anna, bernd = await phone(), await phone()
    first, second, _ = await crew(cli, server, anna, bernd)
    wav = speech(tmp_path)
    speaking = asyncio.create_task(
        asyncio.to_thread(cli.one, "ptt", "send", "--profile", "chef", "--to", TITLE, str(wav))
    )
    await status(first, "Chef spricht")
    await hold(second)
    await status(second, "Du bist als Nächstes dran")
    await expect(first.get_by_text("In der Reihe: Bernd")).to_be_visible()
    await look(second, "funk-reihe")
    assert (await speaking)["lost"] == ""
    await status(second, "Du sprichst")
    await status(first, "Bernd spricht")
    await second.mouse.up()
    await status(first, "Kanal frei")


WATCHED = """(() => {
  // What the app asks of the browser, which does it all the same.
  globalThis.watched = { playing: [], locks: [], keys: {}, tones: [] };
  const Node = AudioWorkletNode;
  globalThis.AudioWorkletNode = class extends Node {
    constructor(context, name, options) {
      super(context, name, options);
      if (name === "playback") watched.playing.push(context);
    }
  };
  const request = WakeLock.prototype.request;
  WakeLock.prototype.request = async function (...given) {
    const lock = await request.apply(this, given);
    watched.locks.push(lock);
    return lock;
  };
  const start = AudioScheduledSourceNode.prototype.start;
  AudioScheduledSourceNode.prototype.start = function (...given) {
    start.apply(this, given);
    if (this instanceof OscillatorNode) watched.tones.push(this.frequency.value);
  };
  const set = MediaSession.prototype.setActionHandler;
  MediaSession.prototype.setActionHandler = function (action, handler) {
    set.call(this, action, handler);
    watched.keys[action] = handler;
  };
})();"""
AWAKE = "() => watched.locks.some((lock) => !lock.released)"
ASLEEP = "() => watched.locks.length > 0 && watched.locks.every((lock) => lock.released)"


async def test_keyboard_headset_hands_free_and_listening_in(
    cli: Cli, server: Serving, desktop: Make, phone: Make
) -> None:
    anna, bernd = await desktop(), await phone()
    await anna.context.add_init_script(WATCHED)
    speaker, listener, _ = await crew(cli, server, anna, bernd)
    other = await asyncio.to_thread(cli.one, "create", "--profile", "chef", "--title", "Werkstatt", "--with", "Bernd")
    await speaker.locator("body").press("Tab")
    await speaker.keyboard.down("Space")
    await status(speaker, "Du sprichst")
    # Two notes that rise say that the floor is granted, without looking.
    await speaker.wait_for_function("() => watched.tones.at(-2) < watched.tones.at(-1)")
    await speaker.keyboard.up("Space")
    await status(speaker, "Kanal frei")
    # The key of a headset, as the browser hands it to the page: once to speak, once more to stop.
    for words in ("Du sprichst", "Kanal frei"):
        await speaker.evaluate("watched.keys.play({ action: 'play' })")
        await status(speaker, words)
    await speaker.get_by_role("switch", name=re.compile("Freihand")).click()
    await speaker.locator(".ptt").click()
    await status(speaker, "Du sprichst")
    await status(listener, "Anna spricht")
    await speaker.locator(".ptt").click()
    await status(listener, "Kanal frei")
    # Bernd listens in to the workshop as well.
    row = listener.get_by_role("switch", name="Werkstatt")
    await row.click()
    talk = asyncio.create_task(
        asyncio.to_thread(
            cli.one, "ptt", "send", "--profile", "chef", "--to", other["conversation"], str(speech(cli.folder))
        )
    )
    await expect(listener.get_by_text("Chef spricht")).to_be_visible(timeout=PATIENCE_MS)
    await loud(listener)
    await look(listener, "funk-mithoeren")
    await talk
    # One loudspeaker plays, and the screen stays on until the page is left.
    assert await speaker.evaluate("watched.playing.filter((one) => one.state !== 'closed').length") == 1
    await speaker.wait_for_function(AWAKE)
    await speaker.get_by_role("link", name="Einstellungen").click()
    await speaker.wait_for_function(ASLEEP)


async def test_without_an_encoder_a_voice_note_is_sent(cli: Cli, server: Serving, phone: Make) -> None:
    anna, bernd = await phone(), await phone()
    await anna.context.add_init_script("delete globalThis.AudioEncoder")
    speaker, listener, chat = await crew(cli, server, anna, bernd)
    await expect(speaker.get_by_text("Dieser Browser kann nicht funken.")).to_be_visible()
    await expect(speaker.locator(".ptt")).to_have_count(0)
    await axe(speaker)
    await speaker.get_by_role("button", name="Sprachnachricht: halten und sprechen").hover()
    await speaker.mouse.down()
    await expect(speaker.get_by_role("timer")).to_contain_text("0:02", timeout=PATIENCE_MS)
    await speaker.mouse.up()
    note = await until_note(cli)
    assert note["type"].startswith(("audio/mp4", "audio/webm"))
    # What this browser made, the other one plays.
    await listener.goto(f"{bernd.origin}/c/{chat}")
    await listener.get_by_role("button", name="Abspielen").click(timeout=PATIENCE_MS)
    await expect(listener.get_by_role("button", name="Anhalten")).to_be_visible(timeout=PATIENCE_MS)
