"""Push-to-talk measured from browser to browser, real sound, real clocks: `pytest -m bench tests/app/test_ptt_measured.py`."""

import math
import random
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from bench.harness import percentile, save
from bench.ptt_browser import TAP, joined, likeness, onsets, paired, spectrum
from e2e.process import Cli, Serving

from .browser import Device
from .conftest import Make
from .test_ptt import crew, hold, speech, status, with_microphone

BANDS = (300, 500, 800, 1_200, 1_800, 2_600, 3_600)
rows: list[dict[str, Any]] = []

GRANTS = """() => {
  globalThis.grants = [];
  let pressed = 0;
  addEventListener("pointerdown", () => { pressed = performance.now(); }, true);
  new MutationObserver(() => {
    const talking = document.querySelector(".ptt.talking") !== null;
    if (talking && pressed) { grants.push(performance.now() - pressed); pressed = 0; }
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["class"], childList: true });
}"""


def bursts(folder: Path) -> Path:
    """200 ms of tone, 300 ms of silence, again and again, each a little higher."""
    path = folder / "bursts.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        data = bytearray()
        for n in range(20):
            for i in range(24_000):
                value = math.sin(2 * math.pi * (400 + 60 * n) * i / 48_000) * 12_000 if i < 9_600 else 0
                data += round(value).to_bytes(2, "little", signed=True)
        file.writeframes(bytes(data))
    return path


async def tapped(device: Device) -> None:
    """What goes in and out of the page is recorded, whatever the app does."""
    await device.context.add_init_script(TAP)


async def recording(page: Page, kind: str) -> tuple[float, list[int]]:
    parts = await page.evaluate(f"taps.{kind}")
    assert parts, f"nothing was recorded of what goes {kind}"
    return joined(parts)


async def talked(page: Page, seconds: float) -> None:
    await hold(page)
    await status(page, "Du sprichst")
    await page.wait_for_timeout(seconds * 1000)
    await page.mouse.up()
    await status(page, "Kanal frei")


def stalls(seed: int) -> Callable[[], float]:
    """60 to 200 ms at 3 % of the pieces."""
    rng = random.Random(seed)
    return lambda: rng.uniform(0.06, 0.2) if rng.random() < 0.03 else 0.0


def kept(question: str, row: dict[str, Any]) -> None:
    rows.append({"question": question, **row})
    print(rows[-1])
    save("ptt_browser", rows)


@pytest.mark.bench
@pytest.mark.timeout(300)
async def test_press_to_grant_and_capture_to_playout(cli: Cli, server: Serving, phone: Make, tmp_path: Path) -> None:
    anna, bernd = await with_microphone(phone, bursts(tmp_path), bypass_csp=True), await phone(bypass_csp=True)
    for device in (anna, bernd):
        await tapped(device)
    speaker, listener, _ = await crew(cli, server, anna, bernd)
    await speaker.evaluate(GRANTS)
    for _ in range(20):
        await talked(speaker, 0.2)
    grants = await speaker.evaluate("grants")
    first, later = grants[0], grants[1:]
    await listener.evaluate("taps.out.length = 0")
    await speaker.evaluate("taps.in.length = 0")
    await talked(speaker, 30)
    before, after = onsets(*await recording(speaker, "in")), onsets(*await recording(listener, "out"))
    lags = paired(before, after)
    kept(
        "press to grant, capture to playout",
        {
            "presses": len(later),
            "first_press_with_microphone_ms": round(first, 1),
            "press_to_grant_p50_ms": round(percentile(later, 0.5), 1),
            "press_to_grant_p95_ms": round(percentile(later, 0.95), 1),
            "onsets": len(lags),
            "capture_to_playout_p50_ms": round(percentile(lags, 0.5), 1),
            "capture_to_playout_p95_ms": round(percentile(lags, 0.95), 1),
        },
    )
    assert len(lags) > 40


@pytest.mark.bench
@pytest.mark.timeout(300)
async def test_a_network_that_stalls(cli: Cli, server: Serving, phone: Make, tmp_path: Path) -> None:
    wav = speech(tmp_path)
    anna, bernd = await with_microphone(phone, wav, bypass_csp=True), await phone(bypass_csp=True)
    for device in (anna, bernd):
        await tapped(device)
    speaker, listener, _ = await crew(cli, server, anna, bernd)
    await talked(speaker, 0.3)
    bernd.link.stall = stalls(7)
    for kind, page in (("out", listener), ("in", speaker)):
        await page.evaluate(f"taps.{kind}.length = 0")
    await talked(speaker, 20)
    bernd.link.stall = lambda: 0.0
    start_in, said = await recording(speaker, "in")
    start_out, heard = await recording(listener, "out")
    # The same stretch of time of both, by their clocks and the lag that fits best.
    best = max((compared(start_in, said, start_out, heard, lag), lag) for lag in range(40, 420, 20))
    gaps = silences(said, heard, start_in, start_out, best[1])
    kept(
        "stalls of 60 to 200 ms at 3 % of the pieces",
        {
            "seconds": 20,
            "likeness_of_spectra": round(best[0], 3),
            "lag_that_fits_ms": best[1],
            "longest_gap_ms": max(gaps, default=0),
            "gaps_over_300_ms": sum(gap > 300 for gap in gaps),
        },
    )
    assert best[0] > 0.7


def compared(start_in: float, said: list[int], start_out: float, heard: list[int], lag: float) -> float:
    skip_in = round((max(start_in + lag, start_out) - start_in - lag) * 48) + 48_000
    skip_out = round((max(start_in + lag, start_out) - start_out) * 48) + 48_000
    count = min(len(said) - skip_in, len(heard) - skip_out, 15 * 48_000)
    one = spectrum(said[skip_in : skip_in + count], BANDS)
    other = spectrum(heard[skip_out : skip_out + count], BANDS)
    return likeness(one, other)


def silences(said: list[int], heard: list[int], start_in: float, start_out: float, lag: float) -> list[int]:
    """Stretches (ms) in which something was said and nothing is heard."""

    def loud(samples: list[int]) -> list[bool]:
        top = max(map(abs, samples)) * 0.05
        return [max(map(abs, samples[i : i + 480])) > top for i in range(0, len(samples) - 480, 480)]

    spoken, played = loud(said), loud(heard)
    shift = round((start_out - start_in - lag) / 10)
    found, run = [], 0
    for place in range(100, min(len(played), len(spoken) - shift, 1_700)):
        if place + shift >= 0 and spoken[place + shift] and not played[place]:
            run += 10
        else:
            if run:
                found.append(run)
            run = 0
    return found
