"""Voice notes in real browsers: hold and let go, slide away, lock, pause; heard by the other at three speeds."""

from playwright.async_api import Page, expect

from e2e.process import Cli, Serving

from .conftest import Make
from .joining import look
from .test_ptt import PATIENCE_MS, crew, until_note
from .tools import axe

PLAYERS = """{
  // What plays sound in the page.
  globalThis.players = [];
  const Real = Audio;
  globalThis.Audio = class extends Real { constructor(...given) { super(...given); players.push(this); } };
}"""
HOLD = "Sprachnachricht: halten und sprechen"


async def finger(page: Page) -> tuple[float, float]:
    """Put it on the key; recording has begun when this returns."""
    key = page.get_by_role("button", name=HOLD)
    box = await key.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await expect(page.get_by_role("timer")).to_be_visible(timeout=PATIENCE_MS)
    return x, y


async def recorded(page: Page) -> None:
    """A second has been recorded."""
    await expect(page.get_by_role("timer")).to_contain_text("0:02", timeout=PATIENCE_MS)


async def test_a_note_is_held_sent_and_played_at_three_speeds(
    cli: Cli, server: Serving, phone: Make, desktop: Make
) -> None:
    anna, bernd = await phone(), await desktop()
    await bernd.context.add_init_script(PLAYERS)
    speaker, listener, chat = await crew(cli, server, anna, bernd)
    for page in (speaker, listener):
        await page.goto(f"{anna.origin}/c/{chat}")
    await finger(speaker)
    await recorded(speaker)
    await look(speaker, "sprachnachricht-aufnehmen")
    await speaker.mouse.up()
    play = listener.get_by_role("button", name="Abspielen")
    await expect(play).to_be_visible(timeout=PATIENCE_MS)
    note = await until_note(cli)
    assert note["type"] == "audio/ogg"
    assert note["duration"] >= 1_000
    for spoken in ("1-fach", "1,5-fach", "2-fach"):
        speed = listener.get_by_role("button", name=f"Tempo {spoken}")
        await expect(speed).to_be_visible()
        if spoken != "2-fach":
            await speed.click()
    await look(listener, "sprachnachricht-desktop")
    await look(speaker, "sprachnachricht-phone")
    await play.click()
    await expect(listener.get_by_role("button", name="Anhalten")).to_be_visible(timeout=PATIENCE_MS)
    assert await listener.evaluate("[players.length, players[0].playbackRate, players[0].preservesPitch]") == [
        1,
        2,
        True,
    ]
    # It plays to its end by itself.
    await expect(play).to_be_visible(timeout=PATIENCE_MS)


async def test_slide_away_lock_pause_and_keyboard(cli: Cli, server: Serving, phone: Make) -> None:
    anna, bernd = await phone(), await phone()
    speaker, _, chat = await crew(cli, server, anna, bernd)
    await speaker.goto(f"{anna.origin}/c/{chat}")
    x, y = await finger(speaker)
    await recorded(speaker)
    await speaker.mouse.move(x - 150, y, steps=5)
    await speaker.mouse.up()
    await expect(speaker.get_by_role("timer")).to_be_hidden()
    await finger(speaker)
    await speaker.mouse.move(x, y - 120, steps=5)
    await speaker.mouse.up()
    await expect(speaker.get_by_role("button", name="Aufnahme anhalten")).to_be_visible()
    await recorded(speaker)
    await axe(speaker)
    await speaker.get_by_role("button", name="Aufnahme anhalten").click()
    await expect(speaker.get_by_role("button", name="Weiter aufnehmen")).to_be_visible()
    await speaker.get_by_role("button", name="Weiter aufnehmen").click()
    await speaker.get_by_role("button", name="Sprachnachricht senden").click()
    await expect(speaker.get_by_role("button", name="Abspielen")).to_have_count(1, timeout=PATIENCE_MS)
    await speaker.get_by_role("button", name=HOLD).focus()
    await speaker.keyboard.press("Enter")
    await expect(speaker.get_by_role("button", name="Verwerfen")).to_be_visible(timeout=PATIENCE_MS)
    await speaker.get_by_role("button", name="Verwerfen").click()
    await expect(speaker.get_by_role("button", name=HOLD)).to_be_visible()
    await expect(speaker.get_by_role("button", name="Abspielen")).to_have_count(1)
