import { describe, expect, test } from "vitest";
import {
  added,
  blank,
  isBlank,
  moved,
  nextNumber,
  removed,
  replaced,
  thinned,
  travelling,
} from "../../src/lib/photo/document";
import { begun, done, redone, undone } from "../../src/lib/photo/history";
import { handles, held, hit, pulled } from "../../src/lib/photo/hit";
import { area, blocks, coverings, pixelate } from "../../src/lib/photo/redact";
import { applyTone, toneTable } from "../../src/lib/photo/tone";
import { type Layer, readLayers, Shape, writeLayers } from "../../src/lib/protocol/layers";

const of = (shape: Shape, points: number[], more: Partial<Layer> = {}): Layer => ({
  shape,
  points,
  colour: 0xe11d48,
  size: 100,
  ...more,
});
const picture = blank(4000, 3000);

describe("the list of layers", () => {
  test("each change leaves the old list as it was", () => {
    const one = added(picture, of(Shape.LINE, [0, 0, 9, 9]));
    const two = added(one, of(Shape.MARK, [5, 5], { number: 1 }));
    expect(replaced(two, 0, moved(two.layers[0]!, 10, -5)).layers[0]!.points).toEqual([10, -5, 19, 4]);
    expect(removed(two, 0).layers).toEqual([two.layers[1]]);
    expect([picture.layers.length, one.layers.length, two.layers.length]).toEqual([0, 1, 2]);
    expect(isBlank(picture)).toBe(true);
    expect(isBlank({ ...picture, contrast: 1 })).toBe(false);
  });

  test("numbers go on above those of the photo and of the conversation's list", () => {
    const marked = added(picture, of(Shape.MARK, [5, 5], { number: 4 }));
    expect(nextNumber(picture, [])).toBe(1);
    expect(nextNumber(marked, [2])).toBe(5);
    expect(nextNumber(marked, [7])).toBe(8);
  });

  test("what covers does not travel [M38]", () => {
    const covered = added(added(picture, of(Shape.BLACK_OUT, [0, 0, 9, 9])), of(Shape.LINE, [0, 0, 9, 9]));
    expect(() => writeLayers(covered)).toThrow("does not travel");
    expect(readLayers(writeLayers(travelling(covered))).layers).toEqual([of(Shape.LINE, [0, 0, 9, 9])]);
  });

  test("a stroke is thinned but keeps its ends", () => {
    expect(thinned([0, 0, 1, 0, 2, 0, 10, 0, 11, 0], 5)).toEqual([0, 0, 10, 0, 11, 0]);
  });
});

test("undo and redo without limit", () => {
  let history = begun(0);
  for (let i = 1; i <= 1_000; i++) history = done(history, i);
  for (let i = 0; i < 1_000; i++) history = undone(history);
  expect(history.now).toBe(0);
  expect(undone(history)).toBe(history);
  for (let i = 0; i < 1_000; i++) history = redone(history);
  expect(history.now).toBe(1_000);
  expect(redone(history)).toBe(history);
  expect(done(undone(history), 7).future).toEqual([]);
});

describe("what lies under a finger", () => {
  const layers = [
    of(Shape.LINE, [0, 0, 1_000, 0]),
    of(Shape.RECTANGLE, [2_000, 2_000, 4_000, 4_000]),
    of(Shape.ELLIPSE, [5_000, 2_000, 7_000, 4_000]),
    of(Shape.BLACK_OUT, [8_000, 2_000, 9_000, 4_000]),
    of(Shape.MARK, [500, 40], { number: 1, size: 300 }),
    of(Shape.TEXT, [2_000, 6_000], { text: "Riss", size: 500 }),
    of(Shape.PEN, [100, 9_000, 900, 9_000, 900, 9_900]),
  ];
  const document = { ...picture, layers };
  test.each([
    [500, 20, 4],
    [950, 40, 0],
    [3_000, 2_010, 1],
    [3_000, 3_000, -1],
    [6_000, 2_010, 2],
    [6_000, 3_000, -1],
    [8_500, 3_000, 3],
    [2_600, 6_200, 5],
    [900, 9_500, 6],
    [12_000, 12_000, -1],
  ])("%i, %i: layer %i", (x, y, index) => {
    expect(hit(document, { x, y }, 60)).toBe(index);
  });

  test("corners and ends can be pulled", () => {
    const box = layers[1]!;
    expect(handles(box)).toHaveLength(4);
    expect(pulled(box, 1, { x: 5_000, y: 1_000 }).points).toEqual([2_000, 1_000, 5_000, 4_000]);
    expect(pulled(box, 3, { x: 1_000, y: 5_000 }).points).toEqual([1_000, 2_000, 4_000, 5_000]);
    expect(pulled(layers[0]!, 1, { x: 1, y: 2 }).points).toEqual([0, 0, 1, 2]);
    expect(handles(layers[6]!)).toEqual([]);
  });
});

describe("taking pixels away", () => {
  test("two pixels more on each side, never outside", () => {
    expect(area([10, 6, 18, 11], 40, 24, 1)).toEqual({ x: 8, y: 4, width: 12, height: 9 });
    expect(area([18, 11, 10, 6], 40, 24, 1)).toEqual({ x: 8, y: 4, width: 12, height: 9 });
    expect(area([0, 0, 16_384, 12_288], 400, 300, 400 / 16_384)).toEqual({ x: 0, y: 0, width: 400, height: 300 });
    expect(area([50, 0, 60, 8], 40, 24, 1)).toBeNull();
  });

  test("at most 8 x 8 blocks, of at least 16 x 16 pixels, that fill the area without a gap", () => {
    for (const [width, height] of [
      [1, 1],
      [15, 40],
      [33, 17],
      [400, 30],
      [1_000, 1_000],
      [2_047, 1_365],
    ] as const) {
      const parts = blocks(width, height);
      expect(parts.length).toBeLessThanOrEqual(64);
      expect(parts.reduce((sum, part) => sum + part.width * part.height, 0)).toBe(width * height);
      for (const part of parts) {
        expect(part.width).toBeGreaterThanOrEqual(Math.min(16, width));
        expect(part.height).toBeGreaterThanOrEqual(Math.min(16, height));
      }
    }
  });

  test("of a pixelated text no two pixels of a block differ, and noise changes what is left", () => {
    const stripes = (): Uint8ClampedArray => new Uint8ClampedArray(4 * 32 * 16).map((_, i) => (i % 7 ? 0 : 255));
    const [one, other] = [stripes(), stripes()];
    pixelate(one, 32, 16, new Uint8Array(6).fill(0));
    pixelate(other, 32, 16, new Uint8Array(6).fill(31));
    const colours = new Set<number>();
    for (let at = 0; at < one.length; at += 4) colours.add(one[at]! * 65_536 + one[at + 1]! * 256 + one[at + 2]!);
    expect(colours.size).toBeLessThanOrEqual(2);
    expect(one).not.toEqual(other);
  });

  test("black-outs come last", () => {
    const layers = [of(Shape.BLACK_OUT, [0, 0, 1, 1]), of(Shape.LINE, [0, 0, 1, 1]), of(Shape.PIXELATE, [0, 0, 1, 1])];
    expect(coverings({ ...picture, layers }).map((layer) => layer.shape)).toEqual([Shape.PIXELATE, Shape.BLACK_OUT]);
  });
});

test("brightness and contrast", () => {
  expect([...toneTable(0, 0)]).toEqual([...Array(256).keys()]);
  expect(toneTable(100, 0)[128]).toBe(255);
  expect(toneTable(0, -100)[7]).toBe(128);
  expect(toneTable(0, 50)[200]).toBe(255);
  const pixels = new Uint8ClampedArray([0, 128, 255, 77]);
  applyTone(pixels, toneTable(-50, 0));
  expect([...pixels]).toEqual([0, 64, 191, 77]);
});

describe("a handle is taken hold of", () => {
  const square = [
    { x: 0, y: 0 },
    { x: 100, y: 0 },
    { x: 100, y: 100 },
    { x: 0, y: 100 },
  ];

  test.each([
    ["on it", 100, 100, 2],
    ["from outside, as far as it reaches", 133, 133, 2],
    ["not from further away", 135, 135, -1],
    ["from inside, a third of the way", 77, 77, 2],
    ["not from the middle", 50, 50, -1],
    ["not from half way to the next one", 50, 0, -1],
  ])("%s", (_, x, y, handle) => {
    expect(held(square, { x, y }, 48)).toBe(handle);
  });

  test("a single one is the thing itself", () => {
    expect(held([{ x: 0, y: 0 }], { x: 0, y: 0 }, 48)).toBe(-1);
  });
});
