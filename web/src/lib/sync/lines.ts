import { decode, encode } from "../protocol/cbor";
import { type Content, type ContentOf, fromWire, toWire } from "../protocol/content";
import type { ConversationState } from "../protocol/conversation";
import { hex, type Hex } from "../protocol/bytes";
import type { DefectStateName } from "./views";
import type { DefectRow, EventRow, TemplateRow } from "../storage/rows";

/** What of an event becomes a line of its own, and what changes another line. Pure. */

/** A statement's line, people by id: names may change. */
export type StoredNotice =
  | { event: "created"; by: Hex }
  | { event: "added" | "removed"; by: Hex; people: Hex[] }
  | { event: "left"; by: Hex }
  | { event: "renamed"; by: Hex; title: string }
  | { event: "placed"; by: Hex; there: boolean }
  | { event: "lead"; by: Hex; people: Hex[] }
  | { event: "defect"; by: Hex; number: number; note: string; state: DefectStateName };

export const STATES = ["open", "done", "withdrawn"] as const satisfies readonly DefectStateName[];

/** A defect as it is kept; `seq` and `time` are those of the event that says so. */
export function defectRow(
  conversation: Hex,
  seq: number,
  time: number,
  by: Hex,
  content: ContentOf<"defect">,
): DefectRow {
  const { index, number, note, place, who, state, due } = content;
  const [defect, photo] = [hex(content.defect), hex(content.photo)];
  return { conversation, defect, photo, index, number, note, place, who, state, due: due ?? null, seq, time, by };
}

/** A prepared alarm as it is kept; `seq` and `time` are those of the event that says so. */
export function templateRow(
  conversation: Hex,
  seq: number,
  time: number,
  content: ContentOf<"alarm_template">,
): TemplateRow {
  const { title, text, level, answers, policy } = content;
  return {
    conversation,
    template: hex(content.template),
    title,
    text,
    level,
    answers: (answers ?? []).map(([code, words]) => [code, words]),
    policy: policy ? hex(policy) : "",
    seq,
    time,
  };
}

/** An opened message's content as it is stored: CBOR of [kind, map]. */
export function contentBytes(content: Content): Uint8Array {
  const [kind, raw] = toWire(content);
  return encode([kind, raw]);
}

/** Throws ProtocolError when the bytes are not what `contentBytes` made. */
export function contentOf(bytes: Uint8Array): Content {
  const [kind, raw] = decode(bytes) as [number, Map<number, never>];
  return fromWire(kind, raw);
}

/** The message that a content changes, or "". */
export function targetOf(content: Content): Hex {
  return content.type === "edit" || content.type === "delete" || content.type === "reaction" ? hex(content.target) : "";
}

/** Whether a content stands as a line of its own. */
export function isLine(content: Content): boolean {
  return targetOf(content) === "" && !["details", "answer", "defect", "alarm_template"].includes(content.type);
}

/**
 * A line with a change done to it, or null when the change does not count: edit and delete only from the author, an edit
 * only of a text, a file's or a photo's [M31], and nothing changes what was deleted.
 */
export function changed(line: EventRow, author: Hex, change: Content): EventRow | null {
  if (line.deleted || !line.shown) return null;
  if (change.type === "reaction") {
    const others = line.reactions.filter(([user]) => user !== author);
    return { ...line, reactions: change.text ? [...others, [author, change.text]] : others };
  }
  if (line.sender !== author) return null;
  if (change.type === "edit") return hasWords(line) ? { ...line, edited: change.text } : null;
  if (change.type === "delete") return { ...line, deleted: true, content: null, edited: null, reactions: [] };
  return null;
}

/** Whether a line's words may be changed by its author: an alarm's, say, stay as they were called out. */
function hasWords(line: EventRow): boolean {
  return line.content !== null && ["text", "file", "photo"].includes(contentOf(line.content).type);
}

/** The line of a statement, from what it did to the members; null when people need not see it. */
export function noticeOf(before: ConversationState | null, after: ConversationState, by: Hex): StoredNotice | null {
  if (!before) return { event: "created", by };
  const was = present(before);
  const is = present(after);
  const added = [...is.keys()].filter((user) => !was.has(user));
  const removed = [...was.keys()].filter((user) => !is.has(user));
  if (removed.length === 1 && removed[0] === by) return { event: "left", by };
  if (added.length > 0) return { event: "added", by, people: added };
  if (removed.length > 0) return { event: "removed", by, people: removed };
  const leads = [...is].filter(([user, role]) => role === 1 && was.get(user) !== 1).map(([user]) => user);
  return leads.length > 0 ? { event: "lead", by, people: leads } : null;
}

/** Members who have not left, with their roles. */
export function present(state: ConversationState): Map<Hex, number> {
  return new Map(
    [...state.members].filter(([user]) => !state.left.has(user)).map(([user, member]) => [user, member.role]),
  );
}
