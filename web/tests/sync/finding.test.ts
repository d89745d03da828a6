import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EventRow, MISSING } from "../../src/lib/storage/rows";
import { Batch, Store } from "../../src/lib/storage/store";
import { find } from "../../src/lib/sync/finding";
import { contentBytes } from "../../src/lib/sync/lines";
import { messageView } from "../../src/lib/sync/render";
import { eventRow } from "../rows";

const NAME = "finding";
const [SITE, OTHER, ANNA] = ["11", "22", "33"].map((byte) => byte.repeat(16)) as [string, string, string];
const SIGHT = { me: "", name: () => "Anna", transfer: () => null, here: () => false };
let store: Store;

beforeEach(async () => {
  store = await Store.open(NAME);
});
afterEach(async () => {
  store.close();
  await Store.destroy(NAME);
});

function row(seq: number, text: string, over: Partial<EventRow> = {}): EventRow {
  const messageId = seq.toString(16).padStart(32, "0");
  const content = contentBytes({ type: "text", text });
  return eventRow(seq, { conversation: SITE, messageId, sender: ANNA, content, ...over });
}

async function written(...rows: EventRow[]): Promise<void> {
  const batch = new Batch();
  for (const one of rows) batch.put("event", [one.conversation, one.seq], one);
  await store.write(batch);
}

/** Every text that is found, asked for until all is looked through; and how often that was. */
async function found(words: string, newest: number): Promise<[string[], number]> {
  const texts: string[] = [];
  let [below, asked] = [newest + 1, 0];
  while (below > 0) {
    const answer = await find(
      store,
      SITE,
      words,
      below,
      (one) => messageView(one, SIGHT, { delivered: 0, read: 0 }).view,
    );
    texts.push(...answer.hits.map((hit) => hit.text));
    expect(answer.below).toBeLessThan(below);
    [below, asked] = [answer.below, asked + 1];
  }
  return [texts, asked];
}

test("what people see is found, the newest first, in this conversation alone", async () => {
  await written(
    row(1, "Der Kran kommt"),
    row(2, "Kran weg", { deleted: true, content: null }),
    row(3, "Kran", { edited: "Leiter" }),
    row(4, "Leiter", { edited: "der zweite Kran" }),
    row(5, "Kran", { shown: false }),
    row(6, "", { state: MISSING, content: null }),
    row(7, "Kran dort", { conversation: OTHER }),
    row(8, "", { notice: JSON.stringify({ event: "renamed", by: ANNA, title: "Kran" }) }),
  );
  expect(await found("kran", 8)).toEqual([["der zweite Kran", "Der Kran kommt"], 1]);
});

test("a word that stands everywhere is found in portions", async () => {
  await written(...Array.from({ length: 70 }, (_, at) => row(at + 1, `Kran ${String(at)}`)));
  const [texts, asked] = await found("kran", 70);
  expect(texts).toEqual(Array.from({ length: 70 }, (_, at) => `Kran ${String(69 - at)}`));
  expect(asked).toBe(3);
});

test("a long log is looked through in parts, each once", async () => {
  const rows = Array.from({ length: 900 }, (_, at) => row(at + 1, at % 300 === 0 ? `Kran ${String(at)}` : "Leiter"));
  await written(...rows);
  expect(await found("kran", 900)).toEqual([["Kran 600", "Kran 300", "Kran 0"], 3]);
});
