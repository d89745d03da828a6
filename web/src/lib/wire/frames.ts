import { decode, encode } from "@msgpack/msgpack";

/**
 * The WebSocket frames of docs/frames.md: MessagePack arrays `[tag, field, …]`, one binary message each. Fields that a
 * newer server adds at the end are passed over.
 */

export type ClientFrame =
  | { tag: "authenticate"; device: Uint8Array; signature: Uint8Array }
  | { tag: "send"; event: Uint8Array; blobs: Uint8Array[]; quiet: boolean }
  | { tag: "sync"; cursors: [Uint8Array, number][] }
  | { tag: "fetch"; conversation: Uint8Array; after: number; limit: number }
  | { tag: "slot"; event: Uint8Array }
  | { tag: "shown"; shown: boolean }
  | { tag: "ping"; value: number }
  | { tag: "pong"; value: number }
  | { tag: "alarm_seen"; alarm: Uint8Array; stage: number }
  | { tag: "tune"; conversations: Uint8Array[] }
  | { tag: "floor_request"; conversation: Uint8Array; generation: number; burst: Uint8Array; urgent: boolean }
  | { tag: "floor_release"; conversation: Uint8Array; burst: Uint8Array }
  | VoiceFrame;

/** Sealed frame `number` of a burst, either way. */
export interface VoiceFrame {
  tag: "voice";
  burst: Uint8Array;
  number: number;
  sealed: Uint8Array;
}

/** What the server says about a floor (docs/frames.md). */
export type FloorFrame =
  | { tag: "floor_granted"; conversation: Uint8Array; burst: Uint8Array; ends: number }
  | { tag: "floor_queued"; conversation: Uint8Array; burst: Uint8Array; position: number }
  | {
      tag: "floor_taken";
      conversation: Uint8Array;
      burst: Uint8Array;
      user: Uint8Array;
      device: Uint8Array;
      generation: number;
      ends: number;
      urgent: boolean;
      waiting: Uint8Array[];
    }
  | { tag: "floor_released"; conversation: Uint8Array; burst: Uint8Array; reason: string };

/** `event` is empty and `hash` its SHA-256 where it is not visible to the asker. */
export interface Logged {
  seq: number;
  time: number;
  event: Uint8Array;
  hash: Uint8Array;
}

/** An alarm that calls you, or that you may watch; see docs/frames.md. */
export interface AlarmFrame {
  tag: "alarm";
  alarm: Uint8Array;
  level: number;
  status: number;
  time: number;
  raiser: Uint8Array;
  conversations: Uint8Array[];
  template: Uint8Array;
  drill: boolean;
  called: boolean;
  watching: boolean;
  round: number;
  stage: number;
  code: number | null;
}

/** One person in a board. */
export interface BoardLine {
  user: Uint8Array;
  stage: number;
  code: number | null;
  time: number;
}

/** People of an alarm whose state has changed, and the numbers now. */
export interface BoardFrame {
  tag: "alarm_board";
  alarm: Uint8Array;
  status: number;
  coming: number;
  seen: number;
  called: number;
  changes: BoardLine[];
}

export type ServerFrame =
  | AlarmFrame
  | BoardFrame
  | { tag: "challenge"; nonce: Uint8Array; time: number }
  | { tag: "welcome"; user: Uint8Array; time: number; organisationLength: number; userLength: number }
  | { tag: "ack"; messageId: Uint8Array; conversation: Uint8Array; seq: number; time: number; repeated: boolean }
  | { tag: "refused"; reference: Uint8Array; code: string; detail: string }
  | { tag: "event"; conversation: Uint8Array; seq: number; time: number; event: Uint8Array }
  | { tag: "page"; conversation: Uint8Array; events: Logged[]; lastSeq: number; more: boolean }
  | { tag: "synced"; conversations: number }
  | { tag: "slot_changed"; conversation: Uint8Array; event: Uint8Array }
  | { tag: "chain"; kind: number; chain: Uint8Array; length: number }
  | { tag: "repair"; conversation: Uint8Array; generation: number; user: Uint8Array; answered: boolean }
  | { tag: "ping"; value: number }
  | { tag: "pong"; value: number }
  | { tag: "goodbye"; code: string }
  | FloorFrame
  | VoiceFrame;

/** What the server sent is not a frame of ours. */
export class FrameRefused extends Error {}

type Kind = "bytes" | "int" | "text" | "bool" | "events" | "list" | "code" | "people";
type Field = readonly [name: string, kind: Kind, fallback?: unknown];

const SERVER: Readonly<Record<string, readonly Field[]>> = {
  challenge: [
    ["nonce", "bytes"],
    ["time", "int"],
  ],
  welcome: [
    ["user", "bytes"],
    ["time", "int"],
    ["organisationLength", "int"],
    ["userLength", "int"],
  ],
  ack: [
    ["messageId", "bytes"],
    ["conversation", "bytes"],
    ["seq", "int"],
    ["time", "int"],
    ["repeated", "bool", false],
  ],
  refused: [
    ["reference", "bytes"],
    ["code", "text"],
    ["detail", "text", ""],
  ],
  event: [
    ["conversation", "bytes"],
    ["seq", "int"],
    ["time", "int"],
    ["event", "bytes"],
  ],
  page: [
    ["conversation", "bytes"],
    ["events", "events"],
    ["lastSeq", "int"],
    ["more", "bool"],
  ],
  synced: [["conversations", "int"]],
  slot_changed: [
    ["conversation", "bytes"],
    ["event", "bytes"],
  ],
  chain: [
    ["kind", "int"],
    ["chain", "bytes"],
    ["length", "int"],
  ],
  repair: [
    ["conversation", "bytes"],
    ["generation", "int"],
    ["user", "bytes"],
    ["answered", "bool", false],
  ],
  ping: [["value", "int", 0]],
  pong: [["value", "int", 0]],
  goodbye: [["code", "text"]],
  floor_granted: [
    ["conversation", "bytes"],
    ["burst", "bytes"],
    ["ends", "int"],
  ],
  floor_queued: [
    ["conversation", "bytes"],
    ["burst", "bytes"],
    ["position", "int"],
  ],
  floor_taken: [
    ["conversation", "bytes"],
    ["burst", "bytes"],
    ["user", "bytes"],
    ["device", "bytes"],
    ["generation", "int"],
    ["ends", "int"],
    ["urgent", "bool"],
    ["waiting", "list", []],
  ],
  floor_released: [
    ["conversation", "bytes"],
    ["burst", "bytes"],
    ["reason", "text"],
  ],
  voice: [
    ["burst", "bytes"],
    ["number", "int"],
    ["sealed", "bytes"],
  ],
  alarm: [
    ["alarm", "bytes"],
    ["level", "int"],
    ["status", "int"],
    ["time", "int"],
    ["raiser", "bytes"],
    ["conversations", "list"],
    ["template", "bytes", new Uint8Array()],
    ["drill", "bool", false],
    ["called", "bool", true],
    ["watching", "bool", false],
    ["round", "int", 0],
    ["stage", "int", 0],
    ["code", "code", null],
  ],
  alarm_board: [
    ["alarm", "bytes"],
    ["status", "int"],
    ["coming", "int"],
    ["seen", "int"],
    ["called", "int"],
    ["changes", "people"],
  ],
};
const LINE: readonly Field[] = [
  ["user", "bytes"],
  ["stage", "int"],
  ["code", "code"],
  ["time", "int"],
];
const LOGGED: readonly Field[] = [
  ["seq", "int"],
  ["time", "int"],
  ["event", "bytes"],
  ["hash", "bytes", new Uint8Array()],
];
const NAMES: Readonly<Record<ClientFrame["tag"], readonly string[]>> = {
  authenticate: ["device", "signature"],
  send: ["event", "blobs", "quiet"],
  sync: ["cursors"],
  fetch: ["conversation", "after", "limit"],
  slot: ["event"],
  shown: ["shown"],
  ping: ["value"],
  pong: ["value"],
  tune: ["conversations"],
  floor_request: ["conversation", "generation", "burst", "urgent"],
  floor_release: ["conversation", "burst"],
  voice: ["burst", "number", "sealed"],
  alarm_seen: ["alarm", "stage"],
};

/** The bytes of a client's frame. */
export function encodeFrame(frame: ClientFrame): Uint8Array<ArrayBuffer> {
  const fields = frame as unknown as Record<string, unknown>;
  return encode([frame.tag, ...NAMES[frame.tag].map((name) => fields[name])]);
}

/** A server's frame; null for a kind that a newer server may send. Throws FrameRefused for what is no frame or malformed. */
export function decodeFrame(data: ArrayBuffer | Uint8Array): ServerFrame | null {
  let raw: unknown;
  try {
    raw = decode(data);
  } catch {
    throw new FrameRefused("not MessagePack");
  }
  if (!Array.isArray(raw) || typeof raw[0] !== "string") throw new FrameRefused("not a frame");
  const fields = Object.hasOwn(SERVER, raw[0]) ? SERVER[raw[0]] : undefined;
  if (!fields) return null;
  return { tag: raw[0], ...load(raw.slice(1), fields) } as ServerFrame;
}

function load(raw: readonly unknown[], fields: readonly Field[]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  fields.forEach(([name, kind, fallback], index) => {
    const value = index < raw.length ? raw[index] : fallback;
    out[name] = checked(value, kind, name);
  });
  return out;
}

const TESTS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  bytes: (value) => value instanceof Uint8Array,
  int: Number.isSafeInteger,
  text: (value) => typeof value === "string",
  bool: (value) => typeof value === "boolean",
  code: (value) => value === null || Number.isSafeInteger(value),
  list: (value) => Array.isArray(value) && value.every((id) => id instanceof Uint8Array),
  events: Array.isArray,
  people: Array.isArray,
};

function checked(value: unknown, kind: Kind, name: string): unknown {
  if (!TESTS[kind](value)) throw new FrameRefused(`${name} is not ${kind}`);
  if (kind !== "events" && kind !== "people") return value;
  return (value as unknown[]).map((item) => {
    if (!Array.isArray(item)) throw new FrameRefused(`one of ${name} is not an array`);
    return load(item, kind === "events" ? LOGGED : LINE);
  });
}
