import type { Change } from "../sync/api";
import type { Id, MessageView, PageView } from "../sync/views";

/**
 * The part of a conversation that is held for showing: a window that slides over the log, oldest first, with what waits
 * to be sent (seq 0) at the end. Pure: every function gives a new window.
 */
export interface Span {
  readonly messages: readonly MessageView[];
  /** There is more before and after. */
  readonly before: boolean;
  readonly after: boolean;
}

/**
 * Messages with which a conversation is opened, in one further page, and how many are kept at most. A phone shows about
 * ten at a time, and a slow one draws half a dozen between two frames without a halt: with ten, tasks took up to 107 ms of
 * processor time at a quarter of the speed, with six 76 but for the collector's.
 */
export const FIRST = 40;
export const PAGE = 6;
export const KEPT = 120;

export const EMPTY: Span = { messages: [], before: false, after: false };

export function fromPage(page: PageView): Span {
  return { messages: page.messages, before: page.before, after: page.after };
}

/** An older page in front; what is far below is let go. */
export function withOlder(span: Span, page: PageView): Span {
  const known = new Set(span.messages.map((one) => one.id));
  const messages = [...page.messages.filter((one) => !known.has(one.id)), ...span.messages];
  return dropNewest({ ...span, messages, before: page.before });
}

/** A newer page behind; what is far above is let go. */
export function withNewer(span: Span, page: PageView): Span {
  const known = new Set(page.messages.map((one) => one.id));
  const messages = [...span.messages.filter((one) => !known.has(one.id)), ...page.messages];
  return dropOldest({ ...span, messages, after: page.after });
}

/** `atEnd`: the newest is in sight, so that what is far above may go. */
export function withChange(span: Span, change: Change, atEnd: boolean): Span {
  if (change.type === "transfer") return withTransfer(span, change);
  if (change.type !== "messages") return span;
  const messages = span.messages.filter((one) => !change.gone.includes(one.id));
  for (const next of change.messages) {
    const index = messages.findIndex((one) => one.id === next.id);
    const old = messages[index];
    if (old?.seq === next.seq) {
      messages[index] = next;
      continue;
    }
    if (old) messages.splice(index, 1);
    const place = placeOf(messages, next);
    if (place === 0 && span.before) continue;
    if (place === acknowledged(messages) && span.after) continue;
    messages.splice(place, 0, next);
  }
  const changed = { ...span, messages };
  if (atEnd) return dropOldest(changed);
  return messages.length > 3 * KEPT ? dropNewest(changed) : changed;
}

function withTransfer(span: Span, change: Extract<Change, { type: "transfer" }>): Span {
  const { blob, transfer, here } = change;
  const concerns = (message: MessageView): boolean => message.files.some((file) => file.blob === blob);
  if (!span.messages.some(concerns)) return span;
  const messages = span.messages.map((message) =>
    concerns(message)
      ? { ...message, files: message.files.map((file) => (file.blob === blob ? { ...file, transfer, here } : file)) }
      : message,
  );
  return { ...span, messages };
}

/** How many messages stand in the log; the others wait behind them. */
function acknowledged(messages: readonly MessageView[]): number {
  let count = messages.length;
  while (count > 0 && messages[count - 1]!.seq === 0) count--;
  return count;
}

function placeOf(messages: readonly MessageView[], next: MessageView): number {
  if (next.seq === 0) return messages.length;
  let place = acknowledged(messages);
  while (place > 0 && messages[place - 1]!.seq > next.seq) place--;
  return place;
}

function dropNewest(span: Span): Span {
  if (span.messages.length <= KEPT) return span;
  return { ...span, messages: span.messages.slice(0, KEPT), after: true };
}

function dropOldest(span: Span): Span {
  if (span.messages.length <= KEPT) return span;
  return { ...span, messages: span.messages.slice(-KEPT), before: true };
}

/** The places in the log between which the window lies; 0 where there is none. */
export function ends(span: Span): { first: number; last: number } {
  const count = acknowledged(span.messages);
  return { first: span.messages[0]?.seq ?? 0, last: span.messages[count - 1]?.seq ?? 0 };
}

export function find(span: Span, id: Id): MessageView | undefined {
  return span.messages.find((one) => one.id === id);
}
