import { expect, test } from "vitest";
import { NEAR_M, siteAt, VAGUE_M } from "../../src/lib/geo/arrival";

const DEGREE_M = 111_195;
const KASSEL = { latitude: 51.3127, longitude: 9.4797 };
const north = (metres: number, accuracy = 10) => ({
  latitude: KASSEL.latitude + metres / DEGREE_M,
  longitude: KASSEL.longitude,
  accuracy,
});
const gate = { id: "gate", place: KASSEL };
const crane = { id: "crane", place: north(100) };

test("on the site, and just beyond it", () => {
  expect(siteAt(north(0), [gate])).toBe(gate);
  expect(siteAt(north(NEAR_M - 1), [gate])).toBe(gate);
  expect(siteAt(north(NEAR_M + 1), [gate])).toBeNull();
});

test("of two sites the nearer one", () => {
  expect(siteAt(north(30), [crane, gate])).toBe(gate);
  expect(siteAt(north(80), [gate, crane])).toBe(crane);
});

test("who only knows the village is not on the site", () => {
  expect(siteAt(north(0, VAGUE_M), [gate])).toBe(gate);
  expect(siteAt(north(0, VAGUE_M + 1), [gate])).toBeNull();
});

test("a site without a place is never arrived at", () => {
  expect(siteAt(north(0), [{ place: null }])).toBeNull();
  expect(siteAt(north(0), [])).toBeNull();
});
