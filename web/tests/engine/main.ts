import type { Change, Engine } from "../../src/lib/sync/api";
import { Problem } from "../../src/lib/sync/api";
import { connect } from "../../src/lib/sync/client";

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
  /** Resolves when more than `count` changes have been told. */
  changedSince(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (changes.length > count) resolve();
      else waiting.add(resolve);
    });
  },
});
