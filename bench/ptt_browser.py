"""(g) Push-to-talk from browser to browser: press to grant, capture to playout, and a stalled network.

    pytest -m bench tests/app/test_ptt_measured.py      runs it and writes bench/results/ptt_browser.json

The product is not asked: scripts put into the pages before the app starts listen in on what the microphone gives and what goes
to the loudspeaker, with the time of each, and both clocks are the machine's. Pure functions over these recordings.

Sound counts as captured when the browser's audio graph has it, and as played when the graph hands it on; how long the
browser itself then holds it (`outputLatency`) is added, so the figure is what a person beside both machines would hear but for
the hardware.
"""

import base64
import math
from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

RATE = 48_000
GRAIN_MS = 10
GRAIN = RATE * GRAIN_MS // 1000
SEGMENT = 100
"""Grains (1 s) of what is said that are looked for in what is heard."""

TAP = """
(() => {
  globalThis.taps = { in: [], out: [], counts: [] };
  const source = `registerProcessor("tap", class extends AudioWorkletProcessor {
    constructor() { super(); this.parts = []; this.count = 0; }
    process([input]) {
      const samples = input[0];
      if (samples) {
        if (this.count === 0) this.at = currentTime;
        this.parts.push(samples.slice());
        this.count += samples.length;
        if (this.count >= 4800) {
          const whole = new Float32Array(this.count);
          let at = 0;
          for (const part of this.parts) { whole.set(part, at); at += part.length; }
          this.port.postMessage([this.at, whole], [whole.buffer]);
          this.parts = []; this.count = 0;
        }
      }
      return true;
    }
  });`;
  const connect = AudioNode.prototype.connect;
  const contexts = [];
  const tapped = new WeakSet();
  async function tap(node, kind) {
    if (tapped.has(node)) return;
    tapped.add(node);
    const context = node.context;
    if (!contexts.includes(context)) contexts.push(context);
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    const worklet = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0, channelCount: 1 });
    worklet.port.onmessage = ({ data: [at, samples] }) => {
      taps[kind].push({
        graph: contexts.indexOf(context),
        at: at * 1000,
        arrived: performance.timeOrigin + performance.now(),
        latency: context.outputLatency * 1000,
        samples: Int16Array.from(samples, (x) => Math.round(x * 32767)),
      });
    };
    connect.call(node, worklet);
    if (kind === "out") node.port.addEventListener("message", ({ data }) => data.type === "done" && taps.counts.push(data.count));
  }
  AudioNode.prototype.connect = function (target, ...more) {
    if (this instanceof MediaStreamAudioSourceNode) void tap(this, "in");
    else if (target instanceof AudioDestinationNode && this instanceof AudioWorkletNode && this.numberOfInputs === 0) void tap(this, "out");
    return connect.call(this, target, ...more);
  };
  const text = (samples) => {
    let out = "";
    for (const byte of new Uint8Array(samples.buffer)) out += String.fromCharCode(byte);
    return btoa(out);
  };
  globalThis.tapped = (kind) => taps[kind].map((part) => ({ ...part, samples: text(part.samples) }));
})();
"""


def joined(parts: Sequence[dict[str, Any]]) -> tuple[float, list[int], float]:
    """The parts of one audio graph as one recording: when the graph had its first sample (ms since 1970), the samples, and
    how long the browser holds sound before it goes to the hardware (ms).

    A part's message comes some time after its last sample: the quickest of all tells the graph's clock by the machine's.

    Raises:
        ValueError: more than one graph recorded: the app plays the same twice.
    """
    graphs = {part["graph"] for part in parts}
    if len(graphs) != 1:
        raise ValueError(f"{len(graphs)} audio graphs recorded at once")
    samples: list[int] = []
    first = parts[0]["at"]
    offsets: list[float] = []
    for part in parts:
        # The graph's clock goes by samples; where it left some out, so does the recording.
        missing = round((part["at"] - first) * RATE / 1000) - len(samples)
        samples += [0] * max(0, missing)
        samples += array("h", base64.b64decode(part["samples"]))
        offsets.append(part["arrived"] - first - len(samples) * 1000 / RATE)
    latencies = sorted(float(part["latency"]) for part in parts)
    return first + min(offsets), samples, latencies[len(latencies) // 2]


def loudness(samples: Sequence[int]) -> list[int]:
    """The loudest sample of each 10 ms."""
    return [max(map(abs, samples[i : i + GRAIN])) for i in range(0, len(samples) - GRAIN + 1, GRAIN)]


def onsets(start: float, samples: Sequence[int], quiet_ms: int = 150, share: float = 0.3) -> list[float]:
    """Times (ms) at which sound begins after silence, to 1 ms."""
    size = RATE // 1000
    loud = [max(map(abs, samples[i : i + size])) for i in range(0, len(samples) - size, size)]
    top = max(loud, default=0)
    found, silent = [], quiet_ms
    for ms, level in enumerate(loud):
        if level > share * top:
            if silent >= quiet_ms:
                found.append(start + ms)
            silent = 0
        elif level < 0.1 * top:
            silent += 1
    return found


def paired(before: Sequence[float], after: Sequence[float], most: float = 450) -> list[float]:
    """For each onset before, how long (ms) until the first one after."""
    lags = []
    for time in before:
        later = [one for one in after if 0 <= one - time < most]
        if later:
            lags.append(later[0] - time)
    return lags


def spectrum(samples: Sequence[int], bands: Sequence[int]) -> list[list[float]]:
    """Loudness (dB) of each band (Hz) for each 50 ms; quieter than -60 dB of full scale counts as that."""
    size = RATE // 20
    # Fewer samples do: nothing above 4 kHz is looked at. Neighbours are averaged, against what folds down.
    table = []
    for start in range(0, len(samples) - size + 1, size):
        part = [sum(samples[i : i + 4]) for i in range(start, start + size, 4)]
        row = []
        for hertz in bands:
            c = 2 * math.cos(2 * math.pi * hertz * 4 / RATE)
            a = b = 0.0
            for value in part:
                a, b = value + c * a - b, a
            row.append(10 * math.log10(max(1e9, a * a + b * b - c * a * b)))
        table.append(row)
    return table


def likeness(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]]) -> float:
    """Correlation of two spectrograms of the same length, 1 for the same sound."""
    x = [v for row in one for v in row]
    y = [v for row in other for v in row]
    return correlation(x, y)


def correlation(x: Sequence[float], y: Sequence[float]) -> float:
    """Pearson's, 0 where one of them does not vary."""
    mx, my = sum(x) / len(x), sum(y) / len(y)
    top = sum((p - mx) * (q - my) for p, q in zip(x, y, strict=True))
    return top / math.sqrt(sum((p - mx) ** 2 for p in x) * sum((q - my) ** 2 for q in y) or 1)


def aligned(said: Sequence[int], heard: Sequence[int], lags: range) -> list[tuple[int, int]]:
    """For each second that was said: its first grain, and the lag (grains) at which the loudness of what was heard fits best.

    The delay of playout follows the network, so each second has a lag of its own.

    Args:
        said: loudness by grains.
        heard: likewise, beginning at the same time.
        lags: those to try, grains.
    """
    pairs = []
    for start in range(0, len(said) - SEGMENT, SEGMENT):
        part = said[start : start + SEGMENT]
        fits = [
            (correlation(part, heard[start + lag : start + lag + SEGMENT]), lag)
            for lag in lags
            if start + lag + SEGMENT <= len(heard)
        ]
        if fits:
            pairs.append((start, max(fits)[1]))
    return pairs


def recoveries(
    stalls: Sequence[tuple[float, float]], said: Sequence[bool], heard: Sequence[bool], start: float, lag: float
) -> list[float]:
    """For each stall, how much (ms) of what was to be heard after its end is missed until sound is heard again.

    Args:
        stalls: begin and end of each (ms since 1970); such as follow each other at once are one.
        said: whether something was said, by grains.
        heard: whether something was heard, by grains, beginning at the same time.
        start: that time, ms since 1970.
        lag: how long after it was said a thing is usually heard, ms.
    """
    back = []
    shift = round(lag / GRAIN_MS)
    for _, end in runs(stalls):
        first = max(0, round((end - start) / GRAIN_MS))
        due = [place for place in range(max(first, shift), min(len(heard), len(said) + shift)) if said[place - shift]]
        if due:
            again = next((place for place in range(due[0], len(heard)) if heard[place]), len(heard))
            # Pauses of the speaker are no gaps.
            back.append(float(sum(place < again for place in due) * GRAIN_MS))
    return back


def runs(stalls: Sequence[tuple[float, float]], apart: float = 25) -> list[tuple[float, float]]:
    """Stalls that follow each other within `apart` ms, as one."""
    merged: list[tuple[float, float]] = []
    for begin, end in stalls:
        if merged and begin - merged[-1][1] < apart:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((begin, end))
    return merged


def gaps(said: Sequence[bool], heard: Sequence[bool], lag: float) -> list[int]:
    """Stretches (ms) in which something was said and nothing is heard, `lag` ms later."""
    shift = round(lag / GRAIN_MS)
    missed = [s and not h for s, h in zip(said, heard[shift:], strict=False)]
    lengths = accumulate(missed, lambda run, miss: run + 1 if miss else 0, initial=0)
    ends = list(lengths)
    return [run * GRAIN_MS for run, after in zip(ends, [*ends[1:], 0], strict=True) if run and not after]
