import { expect, it } from "vitest";
import { raiserWords } from "../src/lib/ui/alarm/words";
import type { AlarmView } from "../src/lib/sync/alarm_views";

const alarm = (raiser: string, signed: boolean): AlarmView => ({ raiser, signed }) as AlarmView;

it("says whose signature is under an alarm, and where there is none", () => {
  expect(raiserWords(alarm("Petra Kern", true))).toBe("von Petra Kern");
  expect(raiserWords(alarm("Petra Kern", false))).toMatch(/^von Petra Kern, ohne Unterschrift/);
  expect(raiserWords(alarm("", false))).toMatch(/Maschine, ohne Unterschrift/);
});
