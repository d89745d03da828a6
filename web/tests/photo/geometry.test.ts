import { describe, expect, test } from "vitest";
import { blank } from "../../src/lib/photo/document";
import {
  corners,
  covering,
  cropped,
  fitted,
  inverse,
  ofRatio,
  quarterTurn,
  straighten,
  through,
  tilt,
  toView,
  upright,
} from "../../src/lib/photo/geometry";
import { SIDE } from "../../src/lib/protocol/layers";

const picture = blank(4000, 3000);

describe("all eight EXIF orientations end upright", () => {
  // Where the stored picture's top left and top right corners belong (EXIF 2.32, table of tag 0x0112).
  const places: Record<number, [string, string]> = {
    1: ["top left", "top right"],
    2: ["top right", "top left"],
    3: ["bottom right", "bottom left"],
    4: ["bottom left", "bottom right"],
    5: ["top left", "bottom left"],
    6: ["top right", "bottom right"],
    7: ["bottom right", "top right"],
    8: ["bottom left", "top left"],
  };
  test.each(Object.entries(places))("%s", (orientation, [first, second]) => {
    const { matrix, swapped } = upright(Number(orientation), 40, 30);
    const [width, height] = swapped ? [30, 40] : [40, 30];
    const name = (x: number, y: number): string => {
      const point = through(matrix, { x, y });
      expect([0, width]).toContain(point.x);
      expect([0, height]).toContain(point.y);
      return `${point.y === 0 ? "top" : "bottom"} ${point.x === 0 ? "left" : "right"}`;
    };
    expect(name(0, 0)).toBe(first);
    expect(name(40, 0)).toBe(second);
  });
});

describe("frames", () => {
  test("the view's corners are the frame's", () => {
    for (const angle of [0, 350, 9_000, 12_345, 35_999]) {
      const frame = { x: 5_000, y: 4_000, width: 3_000, height: 2_000, angle };
      const view = toView(frame, 0.5);
      const [topLeft, , bottomRight] = corners(frame);
      expect(through(view, topLeft!).x).toBeCloseTo(0);
      expect(through(view, bottomRight!)).toEqual({ x: expect.closeTo(1_500), y: expect.closeTo(1_000) });
      const there = through(inverse(view), through(view, { x: 123, y: 456 }));
      expect(there).toEqual({ x: expect.closeTo(123), y: expect.closeTo(456) });
    }
  });

  test("a quarter turn clockwise brings the top left to the top right; four are none", () => {
    const turned = quarterTurn(picture.frame, 1);
    expect([turned.width, turned.height]).toEqual([picture.height, picture.width]);
    const corner = through(toView(turned, 1), { x: 0, y: 0 });
    expect(corner).toEqual({ x: expect.closeTo(turned.width), y: expect.closeTo(0) });
    expect(quarterTurn(turned, 3)).toEqual(picture.frame);
    expect(quarterTurn(picture.frame, -1)).toEqual(quarterTurn(picture.frame, 3));
  });

  test("straightened, only picture is seen, and straightening back gives the whole again", () => {
    for (const hundredths of [-4_400, -250, 1, 700, 4_499]) {
      const frame = straighten(picture, hundredths);
      expect(tilt(frame)).toBe(hundredths);
      for (const { x, y } of corners(frame)) {
        expect(x).toBeGreaterThanOrEqual(-2);
        expect(x).toBeLessThanOrEqual(picture.width + 2);
        expect(y).toBeGreaterThanOrEqual(-2);
        expect(y).toBeLessThanOrEqual(picture.height + 2);
      }
      expect(straighten({ ...picture, frame }, 0)).toEqual(picture.frame);
    }
  });

  test("straightened after a quarter turn", () => {
    const turned = { ...picture, frame: quarterTurn(picture.frame, 1) };
    const frame = straighten(turned, 300);
    expect(tilt(frame)).toBe(300);
    expect(frame.height).toBeGreaterThan(frame.width);
    expect(straighten({ ...turned, frame }, 0)).toEqual(turned.frame);
  });

  test("a crop is what was framed, also of a turned picture", () => {
    const frame = cropped(picture, { x: 1_000, y: 2_000 }, { x: 5_000, y: 4_000 });
    expect(frame).toEqual({ x: 3_000, y: 3_000, width: 4_000, height: 2_000, angle: 0 });
    const turned = { ...picture, frame: quarterTurn(picture.frame, 1) };
    const part = cropped(turned, { x: 0, y: 0 }, { x: 1_000, y: 2_000 });
    expect([part.width, part.height, part.angle]).toEqual([1_000, 2_000, turned.frame.angle]);
    // The view's top left is the picture's bottom left.
    expect([part.x, part.y]).toEqual([1_000, picture.height - 500]);
  });

  test("never larger than the picture, never nothing", () => {
    const huge = fitted(picture, { x: 90_000, y: -90_000, width: 30_000, height: 30_000, angle: 0 });
    expect(huge.width).toBeGreaterThanOrEqual(1);
    expect(cropped(picture, { x: 5, y: 5 }, { x: 5, y: 5 }).width).toBe(1);
  });

  test("ratios", () => {
    expect(ofRatio(400, 300, 1)).toEqual({ width: 300, height: 300 });
    expect(ofRatio(300, 400, 3 / 2)).toEqual({ width: 300, height: 200 });
  });
});

test("what covers a tilted view's rectangle covers all of it", () => {
  const frame = straighten(picture, 500);
  const [from, to] = [
    { x: 2_000, y: 2_000 },
    { x: 4_000, y: 3_000 },
  ];
  const [left, top, right, bottom] = covering(frame, from, to);
  const back = inverse(toView(frame, 1));
  for (const corner of [from, to, { x: from.x, y: to.y }, { x: to.x, y: from.y }]) {
    const { x, y } = through(back, corner);
    expect(x).toBeGreaterThanOrEqual(left);
    expect(x).toBeLessThanOrEqual(right);
    expect(y).toBeGreaterThanOrEqual(top);
    expect(y).toBeLessThanOrEqual(bottom);
  }
});

test("units: the longer side has 16,384", () => {
  expect([picture.width, picture.height]).toEqual([SIDE, 12_288]);
  expect(blank(1, 10_000).width).toBe(2);
});
