import { HEAD_ZERO } from "../protocol/events";
import { type ConversationRow, type EventRow, type Hex, OPENED } from "../storage/rows";

/** Rows before anything is known of a conversation, or of an event. */

export function emptyRow(id: Hex): ConversationRow {
  return {
    id,
    lastSeq: 0,
    head: HEAD_ZERO,
    kind: 0,
    title: "",
    site: "",
    place: null,
    detailsSeq: 0,
    peer: "",
    members: [],
    member: false,
    lead: false,
    readSeq: 0,
    unread: 0,
    time: 0,
    last: "",
    draft: "",
    muted: 0,
    blocked: "",
    warning: "",
    generationSeq: 0,
  };
}

export function emptyEvent(conversation: Hex): EventRow {
  return {
    conversation,
    seq: 0,
    time: 0,
    state: OPENED,
    generation: 0,
    messageId: "",
    sender: "",
    head: HEAD_ZERO,
    data: null,
    kind: 0,
    content: null,
    target: "",
    shown: false,
    edited: null,
    deleted: false,
    reactions: [],
    notice: "",
  };
}
