import type { Change, Engine } from "../../src/lib/sync/api";
import { Problem } from "../../src/lib/sync/api";
import { connect } from "../../src/lib/sync/client";
import { contentBytes } from "../../src/lib/sync/lines";
import { type EventRow, OPENED } from "../../src/lib/storage/rows";
import { Batch, Store } from "../../src/lib/storage/store";

/**
 * The engine without the app, for the end-to-end tests (tests/app of the project): the same worker, under the same
 * headers, asked by the test. Never part of the shipped build.
 */

type Answer = { value: unknown } | { problem: string; detail: string };
type Area = Record<string, (...args: unknown[]) => Promise<unknown>>;

const { engine, listen, show } = connect();
const changes: Change[] = [];
const waiting = new Set<() => void>();
listen((change) => {
  changes.push(change);
  for (const wake of waiting) wake();
  waiting.clear();
});

/** Bytes cross into the page as `{base64, type}` (a Blob, or an array where the type is "bytes") and out of it as `{base64, type}`. */
function inward(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inward);
  if (value === null || typeof value !== "object") return value;
  if ("base64" in value) {
    const { base64, type } = value as { base64: string; type: string };
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    return type === "bytes" ? bytes : new Blob([bytes], { type });
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inward(item)]));
}

async function outward(value: unknown): Promise<unknown> {
  if (value instanceof Blob) return { base64: base64(new Uint8Array(await value.arrayBuffer())), type: value.type };
  if (value instanceof Uint8Array) return { base64: base64(value), type: "" };
  if (Array.isArray(value)) return Promise.all(value.map(outward));
  if (value === null || typeof value !== "object") return value;
  const pairs = await Promise.all(Object.entries(value).map(async ([name, item]) => [name, await outward(item)]));
  return Object.fromEntries(pairs as [string, unknown][]);
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

const WORDS =
  "Kabel Dose Schalter Leitung Zähler Rohr Wand Decke Keller Plan Gerüst Kran Morgen Mittag fertig offen".split(" ");

function line(conversation: string, sender: string, seq: number, n: number, count: number): EventRow {
  const long = n % 7 === 0 ? 40 : (n * 5) % 12;
  const words = Array.from({ length: 2 + long }, (_, at) => WORDS[(n * 3 + at * 7) % WORDS.length]);
  return {
    conversation,
    seq,
    time: Date.now() - (count - n) * 60_000,
    state: OPENED,
    generation: 1,
    messageId: seq.toString(16).padStart(32, "0"),
    sender,
    head: new Uint8Array(32),
    data: null,
    kind: 1,
    content: contentBytes({ type: "text", text: `${String(n + 1)}. ${words.join(" ")}` }),
    target: "",
    shown: true,
    edited: null,
    deleted: false,
    reactions: n % 50 === 0 ? [[sender, "👍"]] : [],
    notice: "",
  };
}

Object.assign(globalThis, {
  async ask(area: keyof Engine, method: string, args: unknown[]): Promise<Answer> {
    try {
      const call = (engine[area] as unknown as Area)[method]!;
      return { value: await outward(await call(...(inward(args) as unknown[]))) };
    } catch (error) {
      if (error instanceof Problem) return { problem: error.code, detail: error.message };
      throw error;
    }
  },
  changes,
  show,
  /** Lines of a person, as if they had come and been opened, behind those that are there: a long history at once. */
  async seed(conversation: string, sender: string, from: number, count: number): Promise<void> {
    const store = await Store.open();
    for (let at = 0; at < count; at += 500) {
      const batch = new Batch();
      for (let n = at; n < Math.min(count, at + 500); n++) {
        const row = line(conversation, sender, from + n, n, count);
        batch.put("event", [conversation, row.seq], row);
      }
      await store.write(batch);
    }
    store.close();
  },
  /** Change a row of the store, as what happened elsewhere would have left it. */
  async change(table: "conversation" | "person", id: string, change: object): Promise<void> {
    const store = await Store.open();
    const row = await store.get(table, id);
    await store.put(table, id, { ...row!, ...change } as never);
    store.close();
  },
  /** Resolves when more than `count` changes have been told. */
  changedSince(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (changes.length > count) resolve();
      else waiting.add(resolve);
    });
  },
});
