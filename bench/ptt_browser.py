"""(h) Push-to-talk from browser to browser: press to grant, capture to playout, and a stalled network.

    pytest -m bench tests/app/test_ptt_measured.py      runs it and writes bench/results/ptt_browser.json

The product is not asked: scripts put into the pages before the app starts listen in on what the microphone gives and what goes
to the loudspeaker, with the time of each, and both clocks are the machine's. Pure functions over these recordings.
"""

import math
from collections.abc import Sequence

RATE = 48_000
STEP = 240
"""5 ms: the grain of onsets."""

TAP = """
(() => {
  globalThis.taps = { in: [], out: [] };
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
  const tapped = new WeakSet();
  async function tap(node, kind) {
    if (tapped.has(node)) return;
    tapped.add(node);
    const context = node.context;
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    const worklet = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0, channelCount: 1 });
    worklet.port.onmessage = ({ data: [at, samples] }) => {
      const stamp = context.getOutputTimestamp();
      const zero = performance.timeOrigin + stamp.performanceTime - stamp.contextTime * 1000;
      taps[kind].push({ at: zero + at * 1000, samples: Array.from(samples, (x) => Math.round(x * 32767)) });
    };
    connect.call(node, worklet);
  }
  AudioNode.prototype.connect = function (target, ...more) {
    if (this instanceof MediaStreamAudioSourceNode) void tap(this, "in");
    else if (target instanceof AudioDestinationNode && this instanceof AudioWorkletNode && this.numberOfInputs === 0) void tap(this, "out");
    return connect.call(this, target, ...more);
  };
})();
"""


def joined(parts: Sequence[dict[str, object]]) -> tuple[float, list[int]]:
    """A recording's parts as one: the time of its first sample (ms), and the samples; parts follow without gap."""
    first = float(parts[0]["at"])  # type: ignore[arg-type]
    samples: list[int] = []
    offsets = []
    for part in parts:
        offsets.append(float(part["at"]) - len(samples) * 1000 / RATE)  # type: ignore[arg-type]
        samples += part["samples"]  # type: ignore[operator]
    # Each part's stamp is a reading of the same clock: their median is better than the first.
    return sorted(offsets)[len(offsets) // 2] if offsets else first, samples


def onsets(start: float, samples: Sequence[int], quiet_ms: int = 150, share: float = 0.3) -> list[float]:
    """Times (ms) at which sound begins after silence, to 1 ms."""
    size = RATE // 1000
    loud = [max(abs(s) for s in samples[i : i + size]) for i in range(0, len(samples) - size, size)]
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


def paired(before: Sequence[float], after: Sequence[float], most: float = 600) -> list[float]:
    """For each onset after, how long ago (ms) the last one before was."""
    lags = []
    for time in after:
        earlier = [one for one in before if 0 <= time - one < most]
        if earlier:
            lags.append(time - earlier[-1])
    return lags


def spectrum(samples: Sequence[int], bands: Sequence[int]) -> list[list[float]]:
    """Loudness (dB) of each band for each 100 ms."""
    table = []
    for start in range(0, len(samples) - 4_800, 4_800):
        part = samples[start : start + 4_800]
        row = []
        for hertz in bands:
            c = 2 * math.cos(2 * math.pi * hertz / RATE)
            a = b = 0.0
            for value in part:
                a, b = value + c * a - b, a
            row.append(10 * math.log10(max(100.0, a * a + b * b - c * a * b)))
        table.append(row)
    return table


def likeness(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]]) -> float:
    """Correlation of two spectrograms of the same length, 1 for the same sound."""
    x = [v for row in one for v in row]
    y = [v for row in other for v in row]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    top = sum((p - mx) * (q - my) for p, q in zip(x, y, strict=True))
    return top / math.sqrt(sum((p - mx) ** 2 for p in x) * sum((q - my) ** 2 for q in y) or 1)
