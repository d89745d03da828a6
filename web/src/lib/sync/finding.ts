import type { EventRow, Hex } from "../storage/rows";
import type { Store } from "../storage/store";
import type { FoundView, HitView, MessageView } from "./views";
import { matches } from "./words";

/** Places of the log that are looked through for one question: what else is asked meanwhile waits no longer than that. */
const SPAN = 400;
/** Found by one question: a word that stands everywhere fills no screen a hundred times. */
const MOST = 30;

/**
 * Look through the newest messages below a place for words. Nothing leaves the device: there is no index, each row is
 * opened and read.
 */
export async function find(
  store: Store,
  conversation: Hex,
  words: string,
  below: number,
  see: (row: EventRow) => MessageView,
): Promise<FoundView> {
  const from = Math.max(0, below - SPAN);
  const rows = await store.between(conversation, from, below);
  const hits: HitView[] = [];
  for (const row of rows.reverse()) {
    if (!row.shown || row.notice !== "") continue;
    const message = see(row);
    const text = textOf(message);
    if (!matches(text, words)) continue;
    const { id, time, senderName, mine, kind } = message;
    hits.push({ conversation, id, time, senderName, mine, kind, text });
    if (hits.length === MOST) return { hits, below: row.seq };
  }
  return { hits, below: from };
}

/** All of a message's words: what was written, the names of its files, what its place is called. */
function textOf({ text, kind, files, place }: MessageView): string {
  const names = kind === "file" ? files.map((file) => file.name) : [];
  return [text, ...names, place?.label ?? ""].filter((part) => part !== "").join(" · ");
}
