import { describe, expect, test } from "vitest";
import { hex } from "../../src/lib/protocol/bytes";
import { ProtocolError } from "../../src/lib/protocol/errors";
import { OPERATIONS as CHAINS } from "./chain_operations";
import { OPERATIONS as SEALED } from "./sealed_operations";
import { areas, cases, type Inputs } from "./vectors";

const OPERATIONS = { ...SEALED, ...CHAINS };
const asHex = (values: Inputs): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, bytes]) => [name, hex(bytes)]));

test("every area of the vectors is run here, and none is empty", () => {
  expect(areas().sort()).toEqual(Object.keys(OPERATIONS).sort());
  for (const area of areas()) expect(cases(area).length, area).toBeGreaterThan(0);
});

for (const [area, run] of Object.entries(OPERATIONS)) {
  describe(area, () => {
    test.each(cases(area))("$name: $expect", async ({ expect: expected, inputs, outputs }) => {
      let result: string | Record<string, string>;
      try {
        result = asHex(await run(inputs));
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        result = `error ${error.code}`;
      }
      expect(result).toEqual(expected === "ok" ? asHex(outputs) : expected);
    });
  });
}
