import { describe, expect, test } from "vitest";
import { Concealer, FRAME } from "../../src/lib/media/conceal";
import { DELAY_MAX_MS, DELAY_MIN_MS, JitterBuffer } from "../../src/lib/media/jitter";
import { peakOf, picture } from "../../src/lib/media/levels";

/** Arrivals `[number, ms]`; what is played from the first on, asked every 20 ms: numbers, or "lost", "stretch", "silence". */
function play(arrivals: [number, number][], until: number, buffer = new JitterBuffer<number>()) {
  const heard: (number | string)[] = [];
  const when: number[] = [];
  const waiting = [...arrivals].sort((a, b) => a[1] - b[1]);
  for (let now = 0; now < until; now += 20) {
    while (waiting.length > 0 && waiting[0]![1] <= now) {
      const [number, at] = waiting.shift()!;
      buffer.put(number, number, at);
    }
    const out = buffer.take(now);
    heard.push(out.kind === "frame" ? out.frame : out.kind);
    if (out.kind === "frame") when[out.frame] = now;
  }
  return { heard, when, buffer };
}
const steady = (count: number, shift: (n: number) => number = () => 0): [number, number][] =>
  Array.from({ length: count }, (_, n) => [n, n * 20 + 5 + shift(n)]);

describe("jitter buffer", () => {
  test("a steady stream waits one frame and the margin, and nothing is lost", () => {
    const { heard, when, buffer } = play(steady(200), 4000);
    expect(heard.filter((one) => typeof one === "number")).toEqual(
      Array.from({ length: heard.filter((one) => typeof one === "number").length }, (_, n) => n),
    );
    expect(buffer.count).toMatchObject({ lost: 0, late: 0, stretched: 0, skipped: 0 });
    expect(when[100]! - 100 * 20 - 5).toBeGreaterThanOrEqual(DELAY_MIN_MS - 20);
    expect(when[100]! - 100 * 20 - 5).toBeLessThanOrEqual(DELAY_MIN_MS + 20);
  });

  test("it begins with the frame that came first, whatever its number", () => {
    const { heard } = play(
      steady(40).map(([n, at]) => [n + 1000, at]),
      700,
    );
    expect(heard.find((one) => typeof one === "number")).toBe(1000);
  });

  test("a jittery network gets a longer delay, and nothing is lost any more", () => {
    const { buffer, heard } = play(
      steady(500, (n) => (n * 37) % 90),
      10_000,
    );
    expect(buffer.delay).toBeGreaterThan(80);
    expect(heard.slice(200).filter((one) => one === "lost" || one === "stretch").length).toBeLessThan(15);
  });

  test("the delay never grows beyond its limit", () => {
    const { buffer } = play(
      steady(500, (n) => (n * 137) % 2000),
      12_000,
    );
    expect(buffer.delay).toBeLessThanOrEqual(DELAY_MAX_MS);
  });

  test("after a stall of a second it is live again at once: late frames are dropped", () => {
    const stall = (n: number): number => (n >= 100 && n < 150 ? (150 - n) * 20 : 0);
    const { heard, when, buffer } = play(steady(300, stall), 6000);
    expect(buffer.count.late).toBeGreaterThan(30);
    const first = heard.find((one) => typeof one === "number" && one >= 105) as number;
    expect(when[first]! - (150 * 20 + 5)).toBeLessThanOrEqual(60);
    expect(when[280]! - 280 * 20).toBeLessThan(DELAY_MAX_MS + 40);
  });

  test("when the network is good again the delay comes back down", () => {
    const { when, buffer } = play(
      steady(3000, (n) => (n < 500 ? (n * 37) % 200 : 0)),
      60_000,
    );
    expect(buffer.delay).toBe(DELAY_MIN_MS);
    expect(when[2900]! - 2900 * 20).toBeLessThan(120);
    expect(buffer.count.skipped).toBeGreaterThan(3);
  });

  test("a doubled frame is played once, one that is late never", () => {
    const { heard, buffer } = play([...steady(50), [20, 900]], 1000);
    expect(heard.filter((one) => one === 20)).toHaveLength(1);
    expect(buffer.count.late).toBe(1);
  });

  test("lost frames are concealed, and the end is silent", () => {
    const buffer = new JitterBuffer<number>();
    const { heard } = play(
      steady(50).filter(([n]) => n !== 25),
      1020,
      buffer,
    );
    expect(heard.filter((one) => one === "lost" || one === "stretch").length).toBeGreaterThan(0);
    buffer.close();
    const rest: string[] = [];
    for (let now = 1020; now < 1400; now += 20) rest.push(buffer.take(now).kind);
    expect(rest.filter((kind) => kind === "frame").length).toBeLessThan(5);
    expect(rest.at(-1)).toBe("silence");
    expect(buffer.done).toBe(true);
  });
});

function tone(hertz: number, from = 0, amplitude = 0.5): Float32Array {
  return Float32Array.from(
    { length: FRAME },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hertz * (from + i)) / 48_000),
  );
}
function power(samples: Float32Array, hertz: number): number {
  let [re, im] = [0, 0];
  samples.forEach((value, i) => {
    re += value * Math.cos((2 * Math.PI * hertz * i) / 48_000);
    im += value * Math.sin((2 * Math.PI * hertz * i) / 48_000);
  });
  return (2 * Math.hypot(re, im)) / samples.length;
}

describe("concealment", () => {
  test.each([110, 220, 440])("a tone of %d Hz goes on at its pitch and fades", (hertz) => {
    const concealer = new Concealer();
    for (let n = 0; n < 5; n++) concealer.good(tone(hertz, n * FRAME));
    const [first, second, third, fourth] = [1, 2, 3, 4].map(() => concealer.lost());
    expect(power(first!, hertz)).toBeGreaterThan(0.35);
    expect(peakOf(second!)).toBeLessThan(peakOf(first!));
    expect(peakOf(third!)).toBeLessThan(peakOf(second!));
    expect(peakOf(fourth!)).toBe(0);
  });

  test("there is no click where sound comes back", () => {
    const concealer = new Concealer();
    for (let n = 0; n < 5; n++) concealer.good(tone(200, n * FRAME));
    const lost = concealer.lost();
    const back = concealer.good(tone(200, 6 * FRAME + 77));
    const step = Math.abs(back[0]! - lost[FRAME - 1]!);
    expect(step).toBeLessThan(0.06);
    let largest = 0;
    for (let i = 1; i < FRAME; i++) largest = Math.max(largest, Math.abs(back[i]! - back[i - 1]!));
    expect(largest).toBeLessThan(0.06);
  });

  test("silence stays silent", () => {
    expect(peakOf(new Concealer().lost())).toBe(0);
  });
});

test("levels and their picture", () => {
  expect(peakOf(Float32Array.of(0, -0.5, 0.25))).toBe(128);
  expect(picture([])).toEqual(new Uint8Array());
  expect([...picture([3, 9, 4])]).toEqual([3, 9, 4]);
  expect(picture(Array.from({ length: 3000 }, (_, n) => n % 256))).toHaveLength(64);
});
