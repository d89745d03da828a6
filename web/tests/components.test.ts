import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");
const UI = join(SRC, "lib/ui");
const IMPORT = /from "(\.[^"]+)"/g;

function imported(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(IMPORT)]
    .map((match) => resolve(dirname(file), match[1]!))
    .map((path) => (existsSync(path) ? path : `${path}.ts`));
}

/** A file and all that it shows, by its own imports and theirs. */
function reached(start: string): Set<string> {
  const seen = new Set<string>();
  const wanted = [start];
  for (let file = wanted.pop(); file !== undefined; file = wanted.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (file === start || file.startsWith(UI) || file.startsWith(dirname(start))) wanted.push(...imported(file));
  }
  return seen;
}

/**
 * These show what only a running engine gives them; every one of them is opened, looked at and checked for barriers by the
 * tests in the browser.
 */
const WITH_ENGINE: Readonly<Record<string, string>> = {
  "": "NetworkLine Scroll UpdatePrompt",
  alarm: "GatewaySheet MachineSheet Persons PlanFields PlanSheet Ringing Sos StepFields TemplateSheet",
  chat: "Announcer Hits MediaStrip MemberSheet MessageList MuteSheet RenameSheet SendSheet Viewer",
  map: "Map",
  people: "CodeReminder OpenInvites",
  photo: "EditBefore EditReceived Editing Editor Framing Light Stage Stamping Styling",
  place: "ArrivalHint PinField PinSheet RuleNews ShareSheet SharingLine SiteCard",
  scan: "Scanner",
};

it("shows every component on the component page but those that need an engine", () => {
  const shown = reached(join(SRC, "dev/Components.svelte"));
  const missing = readdirSync(UI, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".svelte") && !shown.has(join(UI, name)))
    .map((name) => name.replace(".svelte", ""))
    .sort();
  const excepted = Object.entries(WITH_ENGINE).flatMap(([area, names]) =>
    names.split(" ").map((one) => join(area, one)),
  );
  expect(missing).toEqual(excepted.sort());
});
