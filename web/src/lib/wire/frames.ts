import { decode, encode } from "@msgpack/msgpack";

/**
 * The WebSocket frames of docs/frames.md: MessagePack arrays `[tag, field, …]`, one binary message each. Fields that a
 * newer server adds at the end are passed over.
 */

export type ClientFrame =
  | { tag: "authenticate"; device: Uint8Array; signature: Uint8Array }
  | { tag: "send"; event: Uint8Array; blobs: Uint8Array[] }
  | { tag: "sync"; cursors: [Uint8Array, number][] }
  | { tag: "fetch"; conversation: Uint8Array; after: number; limit: number }
  | { tag: "slot"; event: Uint8Array }
  | { tag: "ping"; value: number }
  | { tag: "pong"; value: number }
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

export type ServerFrame =
  | { tag: "challenge"; nonce: Uint8Array; time: number }
  | { tag: "welcome"; user: Uint8Array; time: number; organisationLength: number; userLength: number }
  | { tag: "ack"; messageId: Uint8Array; conversation: Uint8Array; seq: number; time: number }
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

type Kind = "bytes" | "int" | "text" | "bool" | "events" | "list";
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
};
const LOGGED: readonly Field[] = [
  ["seq", "int"],
  ["time", "int"],
  ["event", "bytes"],
  ["hash", "bytes", new Uint8Array()],
];
const NAMES: Readonly<Record<ClientFrame["tag"], readonly string[]>> = {
  authenticate: ["device", "signature"],
  send: ["event", "blobs"],
  sync: ["cursors"],
  fetch: ["conversation", "after", "limit"],
  slot: ["event"],
  ping: ["value"],
  pong: ["value"],
  tune: ["conversations"],
  floor_request: ["conversation", "generation", "burst", "urgent"],
  floor_release: ["conversation", "burst"],
  voice: ["burst", "number", "sealed"],
};

/** The bytes of a client's frame. */
export function encodeFrame(frame: ClientFrame): Uint8Array<ArrayBuffer> {
  const fields = frame as unknown as Record<string, unknown>;
  return encode([frame.tag, ...NAMES[frame.tag].map((name) => fields[name])]);
}

/** A server's frame. Throws FrameRefused for anything that docs/frames.md does not name. */
export function decodeFrame(data: ArrayBuffer | Uint8Array): ServerFrame {
  let raw: unknown;
  try {
    raw = decode(data);
  } catch {
    throw new FrameRefused("not MessagePack");
  }
  if (!Array.isArray(raw) || typeof raw[0] !== "string") throw new FrameRefused("not a frame");
  const fields = Object.hasOwn(SERVER, raw[0]) ? SERVER[raw[0]] : undefined;
  if (!fields) throw new FrameRefused(`unknown frame ${raw[0]}`);
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

function checked(value: unknown, kind: Kind, name: string): unknown {
  const right =
    kind === "bytes"
      ? value instanceof Uint8Array
      : kind === "int"
        ? Number.isSafeInteger(value)
        : kind === "text"
          ? typeof value === "string"
          : kind === "bool"
            ? typeof value === "boolean"
            : Array.isArray(value) && (kind !== "list" || value.every((item) => item instanceof Uint8Array));
  if (!right) throw new FrameRefused(`${name} is not ${kind}`);
  if (kind !== "events") return value;
  return (value as unknown[]).map((item) => {
    if (!Array.isArray(item)) throw new FrameRefused("an event is not an array");
    return load(item, LOGGED);
  });
}
