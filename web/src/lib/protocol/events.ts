import { concat, equal } from "./bytes";
import { decode, encode } from "./cbor";
import { EncodingRefused, ProtocolError } from "./errors";
import { taggedHash } from "./kdf";
import { Label } from "./labels";
import { at, ID16, type Infer, oneOf, record, uint } from "./records";

/** Events: what the server sees of a message, statement or slot (docs/protocol.md, 6), and the log's head. */
export const HEAD_ZERO = new Uint8Array(32);

/** The kind class, all that the server learns of an event's content. */
export const EventKind = { MESSAGE: 0, STATEMENT: 1, SLOT: 2 } as const;
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** The clear part of an event. */
export const Header = record("Header", {
  conversation: at(0, ID16),
  generation: at(1, uint),
  device: at(2, ID16),
  messageId: at(3, ID16),
  kind: at(4, oneOf<EventKind>(EventKind)),
  slotTag: at(5, ID16, { optional: true }),
});
export type Header = Infer<typeof Header>;

/** Header and sealed body (COSE_Encrypt0, or COSE_Sign1 for a statement). */
export interface Event {
  readonly header: Header;
  readonly body: Uint8Array;
}

/** The event's one encoding. */
export function eventBytes(event: Event): Uint8Array<ArrayBuffer> {
  return encode([Header.toMap(event.header), event.body]);
}

/** Read an event. Throws EncodingRefused `event_form`, or any error of `cbor.decode`. */
export function parseEvent(data: Uint8Array): Event {
  const value = decode(data);
  if (!Array.isArray(value) || value.length !== 2 || !(value[1] instanceof Uint8Array)) {
    throw new EncodingRefused("event_form");
  }
  let header: Header;
  try {
    header = Header.fromMap(value[0]!);
  } catch (error) {
    throw error instanceof ProtocolError ? new EncodingRefused("event_form", error.detail) : error;
  }
  if ((header.slotTag !== undefined) !== (header.kind === EventKind.SLOT)) throw new EncodingRefused("event_form");
  return { header, body: value[1] };
}

/** The id of a message, 16 bytes: 8 that `device` has chosen at random, and 8 that bind them to it. [M28] */
export function messageId(device: Uint8Array, chosen: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(chosen, taggedHash(Label.MESSAGE_ID, device, chosen).subarray(0, 8));
}

/** Whether a message's id is one of its device's. [M28] */
export function isOwn(header: Header): boolean {
  return equal(header.messageId, messageId(header.device, header.messageId.subarray(0, 8)));
}

/** head_n from head_(n-1) and the plain SHA-256 of the event's bytes. [M29] */
export function nextHead(
  conversation: Uint8Array,
  seq: number,
  time: number,
  previous: Uint8Array,
  eventHash: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return taggedHash(Label.LOG_HEAD, conversation, seq, time, previous, eventHash);
}
