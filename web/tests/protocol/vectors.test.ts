import "fake-indexeddb/auto";
import { describe, expect, test } from "vitest";
import { judge } from "./case";
import { OPERATIONS } from "./operations";
import { areas, cases } from "./vectors";

test("every area of the vectors is run here, and none is empty", () => {
  expect(areas().sort()).toEqual(Object.keys(OPERATIONS).sort());
  for (const area of areas()) expect(cases(area).length, area).toBeGreaterThan(0);
});

for (const [area, run] of Object.entries(OPERATIONS)) {
  describe(area, () => {
    test.each(cases(area))("$name: $expect", async (one) => {
      const { result, wanted } = await judge(run, one);
      expect(result).toEqual(wanted);
    });
  });
}
