import { daysAgo } from "../i18n/dates";
import type { MessageView } from "../sync/views";

/** What stands in the list of messages, one below the other. */
export type Entry =
  | { readonly type: "day"; readonly key: string; readonly time: number }
  | { readonly type: "unread"; readonly key: "unread" }
  | { readonly type: "notice"; readonly key: string; readonly message: MessageView }
  | {
      readonly type: "message";
      readonly key: string;
      readonly message: MessageView;
      /** First and last of what one person wrote in a row. */
      readonly first: boolean;
      readonly last: boolean;
    };

/** A pause after which the same person begins a new group. */
const PAUSE_MS = 10 * 60_000;

/**
 * Messages with days and the line before the first unread one, grouped by sender. An entry that is as it was in
 * `previous` is the same object, so that only what changed is drawn again.
 */
export function layout(
  messages: readonly MessageView[],
  unreadFrom: number,
  previous: readonly Entry[] = [],
): readonly Entry[] {
  const known = new Map(previous.map((entry) => [entry.key, entry]));
  const entries: Entry[] = [];
  let divided = unreadFrom === 0;
  messages.forEach((message, index) => {
    const before = messages[index - 1];
    const next = messages[index + 1];
    if (!before || !sameDay(before, message)) {
      entries.push({
        type: "day",
        key: `day-${String(new Date(message.time).setHours(0, 0, 0, 0))}`,
        time: message.time,
      });
    }
    let dividedHere = false;
    if (!divided && message.seq >= unreadFrom) {
      divided = dividedHere = true;
      entries.push({ type: "unread", key: "unread" });
    }
    const key = message.id || `seq-${String(message.seq)}`;
    if (message.kind === "notice") entries.push({ type: "notice", key, message });
    else {
      const first = dividedHere || !before || !together(before, message);
      const last = !next || !together(message, next) || (!divided && next.seq >= unreadFrom);
      entries.push({ type: "message", key, message, first, last });
    }
  });
  return distinct(entries).map((entry) => {
    const old = known.get(entry.key);
    return old && same(old, entry) ? old : entry;
  });
}

/** A clock that was set back may give the same day twice; keys must not be. */
function distinct(entries: readonly Entry[]): Entry[] {
  const seen = new Set<string>();
  return entries.map((entry) => {
    let { key } = entry;
    while (seen.has(key)) key += "+";
    seen.add(key);
    return key === entry.key ? entry : ({ ...entry, key } as Entry);
  });
}

function sameDay(a: MessageView, b: MessageView): boolean {
  return daysAgo(a.time, b.time) === 0;
}

function together(a: MessageView, b: MessageView): boolean {
  return (
    a.kind !== "notice" &&
    b.kind !== "notice" &&
    a.sender === b.sender &&
    Math.abs(b.time - a.time) < PAUSE_MS &&
    sameDay(a, b)
  );
}

function same(a: Entry, b: Entry): boolean {
  if (a.type === "message" && b.type === "message") {
    return a.message === b.message && a.first === b.first && a.last === b.last;
  }
  if (a.type === "notice" && b.type === "notice") return a.message === b.message;
  if (a.type === "day" && b.type === "day") return daysAgo(a.time, b.time) === 0;
  return a.type === b.type;
}
