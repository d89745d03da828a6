import { expect, test } from "vitest";
import { isQuiet } from "../../src/lib/sync/quiet";

const at = (text: string): number => Date.parse(`2026-03-10T${text}:00+01:00`);

test("over midnight", () => {
  const quiet = { begins: "20:00", ends: "06:00", zone: "Europe/Berlin" };
  const times = ["19:59", "20:00", "23:59", "00:00", "05:59", "06:00"];
  expect(times.map((time) => isQuiet(quiet, at(time)))).toEqual([false, true, true, true, true, false]);
});

test("within a day, in the zone where they were set", () => {
  const quiet = { begins: "12:00", ends: "13:00", zone: "Europe/Berlin" };
  expect(["11:59", "12:00", "12:59", "13:00"].map((time) => isQuiet(quiet, at(time)))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(isQuiet({ ...quiet, zone: "America/New_York" }, at("12:30"))).toBe(false);
  // In summer the same hour of the day is another hour of the world.
  expect(isQuiet(quiet, Date.parse("2026-07-10T10:30:00Z"))).toBe(true);
});
