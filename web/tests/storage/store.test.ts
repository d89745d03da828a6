import "fake-indexeddb/auto";
import { openDB } from "idb";
import { afterEach, expect, test } from "vitest";
import { type EventRow, MISSING } from "../../src/lib/storage/rows";
import { Batch, Store } from "../../src/lib/storage/store";
import { eventRow } from "../rows";

const NAME = "test";
let store: Store | undefined;

afterEach(async () => {
  store?.close();
  await Store.destroy(NAME);
});

test("what was written is read again, also by the next start", async () => {
  store = await Store.open(NAME);
  await store.write(new Batch().put("event", ["c1", 1], eventRow(1)).put("kv", "base", "https://x"));
  store.close();
  store = await Store.open(NAME);
  expect(await store.get("event", ["c1", 1])).toEqual(eventRow(1));
  expect(await store.get("kv", "base")).toBe("https://x");
});

test("nothing of a row's content lies readable in the database, and the key cannot be read out", async () => {
  store = await Store.open(NAME);
  await store.put("event", ["c1", 1], eventRow(1));
  const raw = await openDB(NAME);
  const row = (await raw.get("event", ["c1", 1])) as { x: Uint8Array };
  expect(new TextDecoder("latin1").decode(row.x)).not.toContain("Geheime");
  const key = (await raw.get("keys", "rows")) as CryptoKey;
  expect(key.extractable).toBe(false);
  raw.close();
});

test("a row that was moved to another place does not open", async () => {
  store = await Store.open(NAME);
  await store.put("kv", "one", 1);
  const raw = await openDB(NAME);
  await raw.put("kv", await raw.get("kv", "one"), "two");
  raw.close();
  await expect(store.get("kv", "two")).rejects.toThrow();
});

test("events are found by state, id, target and as shown lines", async () => {
  store = await Store.open(NAME);
  const batch = new Batch();
  for (let seq = 1; seq <= 10; seq++) {
    const hidden = seq % 3 === 0;
    batch.put("event", ["c1", seq], eventRow(seq, hidden ? { shown: false, state: MISSING, target: "m1" } : {}));
  }
  batch.put("event", ["c2", 4], eventRow(4, { conversation: "c2" }));
  await store.write(batch);
  const seqs = (rows: EventRow[]): number[] => rows.map((row) => row.seq);
  expect(seqs(await store.events("st", "c1", MISSING))).toEqual([3, 6, 9]);
  expect(seqs(await store.events("to", "c1", "m1"))).toEqual([3, 6, 9]);
  expect(seqs(await store.events("id", "c1", "m5"))).toEqual([5]);
  expect(seqs(await store.shown("c1", { before: 8 }, 3))).toEqual([7, 5, 4]);
  expect(seqs(await store.shown("c1", { after: 4 }, 3))).toEqual([5, 7, 8]);
  expect(await store.countShown("c1", 4)).toBe(4);
});

test("a batch is written whole or not at all", async () => {
  store = await Store.open(NAME);
  const batch = new Batch().put("kv", "a", 1);
  batch.changes.push({ table: "kv", key: {} as IDBValidKey, row: 2 });
  await expect(store.write(batch)).rejects.toThrow();
  expect(await store.get("kv", "a")).toBeUndefined();
});

test("two that open at once share one key", async () => {
  const [one, two] = await Promise.all([Store.open(NAME), Store.open(NAME)]);
  await one.put("kv", "a", 1);
  expect(await two.get("kv", "a")).toBe(1);
  one.close();
  two.close();
});
