/**
 * What lies on this device. Every row is sealed (`store.ts`); only what stands in `KeyOf` and `Plain` is readable:
 * random ids and numbers, never names, titles or texts.
 */

import type { Point } from "../geo/sphere";

export type Hex = string;

/** States of an event: opened; its key is missing; it does not open; a statement; before this member's time. */
export const OPENED = 0;
export const MISSING = 1;
export const REFUSED = 2;
export const STATEMENT = 3;
export const HIDDEN = 4;

export interface PersonRow {
  user: Hex;
  /** As it travels: salt and document. */
  profile: Uint8Array;
  /** From the profile, where it matches what the person signed; else "". */
  name: string;
  /** The JPEG, as the signed profile names it; null while there is none here. */
  picture: Uint8Array | null;
  /** Hash of the sealed picture that `picture` was, and the newest key that came, with its hash. */
  pictureHash?: Uint8Array | undefined;
  pictureKey?: { key: Uint8Array; digest: Uint8Array } | undefined;
  /** Organisation role 1 to 5, 0 after removal. */
  role: number;
  verified: boolean;
  /** Why this person's keys are not to be trusted now, or "". */
  suspect: string;
}

export interface ConversationRow {
  id: Hex;
  lastSeq: number;
  head: Uint8Array;
  /** 1 direct, 2 group, 3 site; 0 until the first statement is in. */
  kind: number;
  title: string;
  site: string;
  /** Where the site is, in degrees; absent in rows of before there were such places. */
  place?: Point | null | undefined;
  /** `seq` of the details that say so. */
  detailsSeq?: number | undefined;
  peer: Hex;
  members: Hex[];
  member: boolean;
  lead: boolean;
  readSeq: number;
  unread: number;
  time: number;
  /** `id` of the newest shown message, "" if none. */
  last: Hex;
  draft: string;
  muted: number;
  blocked: string;
  warning: string;
  /** Of the statement that made the newest generation. */
  generationSeq: number;
}

export interface EventRow {
  conversation: Hex;
  seq: number;
  time: number;
  state: number;
  generation: number;
  messageId: Hex;
  sender: Hex;
  head: Uint8Array;
  /** The event's bytes, while they are needed: statements, and what waits for its key. */
  data: Uint8Array | null;
  /** Content kind and map (CBOR) of an opened message. */
  kind: number;
  content: Uint8Array | null;
  /** The message that this one changes, or "". */
  target: Hex;
  /** Shown as a line of its own. */
  shown: boolean;
  /** What changes did to it. */
  edited: string | null;
  deleted: boolean;
  reactions: [Hex, string][];
  /** A statement's lines, as JSON of Notice, else "". */
  notice: string;
}

export interface OutboxRow {
  position: number;
  messageId: Hex;
  conversation: Hex;
  time: number;
  kind: number;
  content: Uint8Array;
  /** Files that must be up before it goes, by local id; those of `sources` are among them. */
  files: Hex[];
  /** Originals and layers that go along: which of the shown files they belong to. */
  sources: { index: number; original: Hex; layers: Hex }[];
  /** A code when it will not go by itself. */
  failure: string;
  /** Nobody's device is woken by it; absent in rows of before there was this. */
  quiet?: boolean;
}

/** A file on its way up, or an original kept here. The pieces are ciphertext. */
export interface FileRow {
  id: Hex;
  direction: "up" | "down";
  conversation: Hex;
  message: Hex;
  key: Uint8Array;
  hash: Uint8Array;
  name: string;
  mediaType: string;
  size: number;
  storedSize: number;
  thumbnail: Uint8Array | null;
  width: number;
  height: number;
  /** The blob's id at the server, "" until it is created. */
  blob: Hex;
  /** Bytes that are over there (up) or here (down). */
  done: number;
  paused: boolean;
  failure: string;
  used: number;
}

/** A numbered defect as its newest event says. `due` in days since 1970. */
export interface DefectRow {
  conversation: Hex;
  defect: Hex;
  /** The message with the photo, and which of its photos. */
  photo: Hex;
  index: number;
  number: number;
  note: string;
  place: string;
  who: string;
  state: number;
  due: number | null;
  seq: number;
  time: number;
  by: Hex;
}

/** A prepared alarm as the newest event of a lead says; an empty title: taken back. `answers` as [code, words]. */
export interface TemplateRow {
  conversation: Hex;
  template: Hex;
  title: string;
  text: string;
  level: number;
  answers: [number, string][];
  /** "" for none. */
  policy: Hex;
  seq: number;
  time: number;
}

export interface PartsRow {
  parts: Uint8Array;
}
export interface SeedRow {
  seed: Uint8Array;
}
export interface SlotRow {
  counter: number;
  read: number;
  delivered: number;
}
export interface ChainRow {
  data: Uint8Array;
}

/** Stores, their keys and what a row of each holds. */
export interface Tables {
  kv: { key: string; row: unknown };
  chain: { key: [Hex, number]; row: ChainRow };
  person: { key: Hex; row: PersonRow };
  conversation: { key: Hex; row: ConversationRow };
  event: { key: [Hex, number]; row: EventRow };
  parts: { key: [Hex, number]; row: PartsRow };
  seed: { key: number; row: SeedRow };
  outbox: { key: number; row: OutboxRow };
  file: { key: Hex; row: FileRow };
  piece: { key: [Hex, number]; row: Uint8Array };
  defect: { key: [Hex, Hex]; row: DefectRow };
  template: { key: [Hex, Hex]; row: TemplateRow };
  slot: { key: [Hex, Hex]; row: SlotRow };
}
export type Table = keyof Tables;
