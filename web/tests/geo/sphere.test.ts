import { describe, expect, test } from "vitest";
import { bearing, direction, distance, type Point } from "../../src/lib/geo/sphere";

/** Distance and bearing, against places that everybody can look up. */

const at = (latitude: number, longitude: number): Point => ({ latitude, longitude });
const [KASSEL, BERLIN, HAMBURG] = [at(51.3127, 9.4797), at(52.52, 13.405), at(53.5511, 9.9937)];
const HALF_AROUND = 6_371_008.8 * 3.1416;

test("known distances", () => {
  expect(Math.abs(distance(BERLIN, HAMBURG) / 255_300 - 1)).toBeLessThan(0.005);
  expect(Math.abs(distance(at(0, 0), at(0, 1)) - 111_195)).toBeLessThan(1);
  expect(distance(KASSEL, KASSEL)).toBe(0);
});

describe("known bearings", () => {
  test.each([
    [KASSEL, at(52, 9.4797), 0, 0.01, "n"],
    [at(0, 0), at(0, 1), 90, 1e-6, "e"],
    [at(0, 0), at(-1, 0), 180, 1e-6, "s"],
    [at(0, 0), at(0, -1), 270, 1e-6, "w"],
    [HAMBURG, BERLIN, 115, 2, "se"],
  ] as const)("%j to %j", (from, to, degrees, off, said) => {
    expect(Math.abs(bearing(from, to) - degrees)).toBeLessThan(off);
    expect(direction(bearing(from, to))).toBe(said);
  });
});

test("a way is as long back and never longer than half around", () => {
  const points: Point[] = [];
  for (let latitude = -90; latitude <= 90; latitude += 22.5) {
    for (let longitude = -180; longitude <= 180; longitude += 30) points.push(at(latitude, longitude));
  }
  for (const from of points) {
    for (const to of points) {
      const there = distance(from, to);
      expect(there).toBeGreaterThanOrEqual(0);
      expect(there).toBeLessThanOrEqual(HALF_AROUND);
      expect(Math.abs(there - distance(to, from))).toBeLessThan(1);
      expect(bearing(from, to)).toBeGreaterThanOrEqual(0);
      expect(bearing(from, to)).toBeLessThanOrEqual(360);
    }
  }
});
