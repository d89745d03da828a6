import { type EventRow, OPENED } from "../src/lib/storage/rows";

/** An opened message as it is stored; what a test is about goes into `over`. */
export function eventRow(seq: number, over: Partial<EventRow> = {}): EventRow {
  return {
    conversation: "c1",
    seq,
    time: seq,
    state: OPENED,
    generation: 1,
    messageId: `m${String(seq)}`,
    sender: "u1",
    head: new Uint8Array(32),
    data: null,
    kind: 1,
    content: new TextEncoder().encode("Geheime Baustelle"),
    target: "",
    shown: true,
    edited: null,
    deleted: false,
    reactions: [],
    notice: "",
    ...over,
  };
}
