import type { Value } from "./cbor";
import { EncodingRefused } from "./errors";
import {
  at,
  between,
  blob,
  boolean,
  each,
  ID16,
  ID32,
  type Infer,
  integer,
  oneOf,
  pair,
  type RawMap,
  record,
  type RecordType,
  textOf,
  uint,
} from "./records";

/** What a message says (docs/protocol.md, 7). A kind that this version does not know is kept and shown as such. [M32] */
const TEXT = textOf(20_000);

/** Where a file lies and what opens it. Sizes in bytes. */
export const Attachment = record("Attachment", {
  blobId: at(0, ID16),
  key: at(1, ID32),
  hash: at(2, ID32),
  name: at(3, textOf(255)),
  mediaType: at(4, textOf(127)),
  size: at(5, uint),
  storedSize: at(6, uint),
  thumbnail: at(7, blob(16_384), { optional: true }),
  width: at(8, uint, { optional: true }),
  height: at(9, uint, { optional: true }),
});
export type Attachment = Infer<typeof Attachment>;
const FILES_MAX = 10;
const ATTACHMENTS = each(Attachment, FILES_MAX);

/** Originals that may go along with one message. */
export const SOURCES_MAX = 3;
/** What a shown photo was made from: `index` in the photo's files, the original, the layers that were drawn on it. */
export const Source = record("Source", {
  index: at(0, between(0, FILES_MAX - 1)),
  original: at(1, Attachment),
  layers: at(2, Attachment, { optional: true }),
});
export type Source = Infer<typeof Source>;

/** How far a defect is. */
export const DefectState = { OPEN: 0, DONE: 1, WITHDRAWN: 2 } as const;
export type DefectState = (typeof DefectState)[keyof typeof DefectState];

export const LATITUDE = between(-900_000_000, 900_000_000);
export const LONGITUDE = between(-1_800_000_000, 1_800_000_000);
const Place = record("Place", {
  latitude: at(0, LATITUDE),
  longitude: at(1, LONGITUDE),
  accuracy: at(2, uint, { optional: true }),
  label: at(3, textOf(200), { optional: true }),
});
/** Degrees times 10^7. */
const PointRecord = record("Point", { latitude: at(0, LATITUDE), longitude: at(1, LONGITUDE) });
/** The words of an alarm's answers by their codes, which alone the server knows. */
const ANSWERS = each(pair(between(0, 2_440), textOf(80)), 10);

const KINDS = {
  1: [
    "text",
    record("Text", {
      text: at(0, TEXT),
      replyTo: at(1, ID16, { optional: true }),
      mentions: at(2, each(ID32, 100), { optional: true }),
    }),
  ],
  2: ["edit", record("Edit", { target: at(0, ID16), text: at(1, TEXT) })],
  3: ["delete", record("Delete", { target: at(0, ID16) })],
  4: ["reaction", record("Reaction", { target: at(0, ID16), text: at(1, textOf(32)) })],
  5: ["file", record("File", { text: at(0, TEXT), files: at(1, ATTACHMENTS) })],
  /** As shown; the originals only where the sender wants them to go along. `editedFrom`: an earlier photo. [M44] */
  6: [
    "photo",
    record("Photo", {
      text: at(0, TEXT),
      files: at(1, ATTACHMENTS),
      sources: at(2, each(Source, SOURCES_MAX), { optional: true }),
      editedFrom: at(3, ID16, { optional: true }),
    }),
  ],
  /** `duration` in ms, `levels` the peaks of equal parts, 0 to 255, for a picture of the sound. */
  7: [
    "voice_note",
    record("VoiceNote", {
      files: at(1, each(Attachment, 1, 1)),
      duration: at(2, uint),
      burst: at(3, ID16, { optional: true }),
      levels: at(4, blob(64), { optional: true }),
    }),
  ],
  /** Degrees times 10^7, accuracy in cm. */
  8: ["place", Place],
  9: [
    "alarm",
    record("Alarm", {
      alarm: at(0, ID16),
      level: at(1, between(1, 3)),
      text: at(2, TEXT),
      template: at(3, ID16, { optional: true }),
      answers: at(4, ANSWERS, { optional: true }),
      place: at(5, Place, { optional: true }),
      files: at(6, ATTACHMENTS, { optional: true }),
      drill: at(7, boolean, { optional: true }),
    }),
  ],
  10: ["answer", record("Answer", { alarm: at(0, ID16), code: at(1, integer), text: at(2, TEXT, { optional: true }) })],
  11: ["system", record("System", { text: at(0, TEXT) })],
  /** What a conversation is called, its site's address, and where that is; whole each time. [M43] */
  12: [
    "details",
    record("Details", {
      title: at(0, textOf(200)),
      site: at(1, textOf(500), { optional: true }),
      place: at(2, PointRecord, { optional: true }),
    }),
  ],
  /** One numbered defect on a photo, whole each time; the newest in the log counts. `due` in days since 1970. */
  13: [
    "defect",
    record("Defect", {
      defect: at(0, ID16),
      photo: at(1, ID16),
      index: at(2, between(0, FILES_MAX - 1)),
      number: at(3, between(1, 9_999)),
      note: at(4, textOf(2_000)),
      place: at(5, textOf(200)),
      who: at(6, textOf(200)),
      state: at(7, oneOf(DefectState)),
      due: at(8, between(0, 100_000), { optional: true }),
    }),
  ],
  /** An alarm prepared; whole each time, the newest in the log counts. An empty title takes it back. */
  14: [
    "alarm_template",
    record("AlarmTemplate", {
      template: at(0, ID16),
      title: at(1, textOf(80)),
      text: at(2, TEXT),
      level: at(3, between(1, 3)),
      answers: at(4, ANSWERS, { optional: true }),
      policy: at(5, ID16, { optional: true }),
    }),
  ],
} as const;

type Entry = (typeof KINDS)[keyof typeof KINDS];
type Known = { [E in Entry as E[0]]: { readonly type: E[0] } & Infer<E[1]> }[Entry[0]];
/** A kind of a newer version, kept as it came. */
export interface Unknown {
  readonly type: "unknown";
  readonly kind: number;
  readonly raw: RawMap;
}
export type Content = Known | Unknown;
export type ContentOf<T extends Content["type"]> = Extract<Content, { type: T }>;

const NUMBERS = new Map(Object.entries(KINDS).map(([number, [type]]) => [type as string, Number(number)]));
const codec = (kind: number): RecordType<object> | null =>
  Object.hasOwn(KINDS, kind) ? (KINDS[kind as keyof typeof KINDS][1] as unknown as RecordType<object>) : null;

/** [kind, map] of a content. */
export function toWire(content: Content): [number, RawMap] {
  if (content.type === "unknown") return [content.kind, content.raw];
  const kind = NUMBERS.get(content.type)!;
  return [kind, codec(kind)!.toMap(content)];
}

/** Typed content; EncodingRefused `record_form` when a known kind has the wrong form. */
export function fromWire(kind: number, raw: Value): Content {
  if (!(raw instanceof Map)) throw new EncodingRefused("record_form", "content");
  const known = codec(kind);
  if (!known) return { type: "unknown", kind, raw: raw as RawMap };
  return { type: KINDS[kind as keyof typeof KINDS][0], ...known.fromMap(raw) } as Content;
}
