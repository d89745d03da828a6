import { fromE7 } from "../geo/sphere";
import { hex, type Hex } from "../protocol/bytes";
import type { Attachment, Content, ContentOf, Source } from "../protocol/content";
import { type ConversationRow, type EventRow, MISSING, type OutboxRow, type PersonRow } from "../storage/rows";
import { ROLES } from "./account";
import { contentOf, type StoredNotice } from "./lines";
import type { Marks } from "./receipts";
import type {
  ConversationKind,
  ConversationView,
  FileView,
  LastView,
  MessageKind,
  MessageView,
  Notice,
  PersonView,
  SendState,
  TransferView,
  Verified,
} from "./views";

/** From rows to what people see. Pure: all that it needs is handed in. */
export interface Sight {
  readonly me: Hex;
  name(user: Hex): string;
  transfer(blob: Hex): TransferView | null;
  here(blob: Hex): boolean;
}

export function personView(row: PersonRow, me: Hex): PersonView {
  const verified: Verified = row.suspect ? "changed" : row.verified ? "yes" : "no";
  return {
    user: row.user,
    name: row.name,
    picture: row.picture,
    role: ROLES[row.role - 1] ?? "guest",
    me: row.user === me,
    verified,
  };
}

const KINDS: readonly ConversationKind[] = ["direct", "group", "site"];

export function conversationView(
  row: ConversationRow,
  last: LastView | null,
  peer: PersonView | null,
  title: string,
): ConversationView {
  return {
    id: row.id,
    kind: KINDS[row.kind - 1] ?? "group",
    title,
    site: row.site,
    place: row.place ?? null,
    peer,
    unread: row.unread,
    readSeq: row.readSeq,
    time: row.time,
    last,
    draft: row.draft,
    muted: row.muted,
    blocked: row.blocked,
    warning: row.warning,
    member: row.member,
    lead: row.lead,
  };
}

/** The other person's name, the title, or who is in it. */
export function titleOf(row: ConversationRow, name: (user: Hex) => string, me: Hex): string {
  if (row.kind === 1) return name(row.peer);
  return (
    row.title ||
    row.members
      .filter((user) => user !== me)
      .map(name)
      .join(", ")
  );
}

/** A conversation's last line, short. */
export function lastView(message: MessageView): LastView {
  const { kind, text, senderName: sender, mine, state, notice } = message;
  return { kind, text: text.split("\n", 1)[0]!.slice(0, 200), sender, mine, state, notice };
}

export function noticeView(stored: string, sight: Sight): Notice {
  const notice = JSON.parse(stored) as StoredNotice;
  const by = sight.name(notice.by);
  switch (notice.event) {
    case "created":
    case "left":
      return { event: notice.event, by };
    case "renamed":
      return { event: "renamed", by, title: notice.title };
    case "placed":
      return { event: "placed", by, there: notice.there };
    case "defect":
      return { event: "defect", by, number: notice.number, note: notice.note, state: notice.state };
    case "lead":
      return { event: "lead", by, person: notice.people.map((user) => sight.name(user)).join(", ") };
    case "added":
    case "removed":
      return { event: notice.event, by, people: notice.people.map((user) => sight.name(user)) };
  }
}

/** Other messages that a line names, by id; "" for none. */
interface Links {
  replyTo: Hex;
  editedFrom: Hex;
}
/** A line, without what stands in others. */
export type Line = { view: MessageView } & Links;
const NO_LINKS: Links = { replyTo: "", editedFrom: "" };

/** What a content shows by itself. */
interface Face extends Links {
  kind: MessageKind;
  text: string;
  files: FileView[];
  place: MessageView["place"];
  duration: number;
  levels: Uint8Array | null;
}

function face(content: Content, sight: Sight): Face {
  const bare = { kind: "unknown", text: "", files: [], place: null, duration: 0, levels: null } as const;
  const empty: Face = { ...bare, files: [], ...NO_LINKS };
  switch (content.type) {
    case "text":
      return { ...empty, kind: "text", text: content.text, replyTo: content.replyTo ? hex(content.replyTo) : "" };
    case "file":
    case "photo":
      return {
        ...empty,
        kind: content.type,
        text: content.text,
        files: fileViews(content, sight),
        editedFrom: content.type === "photo" && content.editedFrom ? hex(content.editedFrom) : "",
      };
    case "voice_note": {
      const files = content.files.map((one) => fileView(one, sight));
      return { ...empty, kind: "voice", files, duration: content.duration, levels: content.levels ?? null };
    }
    case "place": {
      const place = {
        ...fromE7(content),
        accuracy: (content.accuracy ?? 0) / 100,
        label: content.label ?? "",
      };
      return { ...empty, kind: "place", text: place.label, place };
    }
    case "alarm":
      return { ...empty, kind: content.drill ? "drill" : "alarm", text: content.text };
    case "system":
      return { ...empty, kind: "notice", text: content.text };
    default:
      return empty;
  }
}

/** The files of a message as they are shown, each with what came along with it. */
export function fileViews(content: ContentOf<"file" | "photo">, sight: Sight): FileView[] {
  return content.files.map((file, index) => {
    const source = content.type === "photo" ? content.sources?.find((each) => each.index === index) : undefined;
    return fileView(file, sight, source);
  });
}

function fileView(file: Attachment, sight: Sight, source?: Source): FileView {
  const blob = hex(file.blobId);
  return {
    blob,
    name: file.name,
    mediaType: file.mediaType,
    size: file.size,
    width: file.width ?? 0,
    height: file.height ?? 0,
    thumbnail: file.thumbnail ?? null,
    here: sight.here(blob),
    transfer: sight.transfer(blob),
    original: source ? hex(source.original.blobId) : "",
    layers: source?.layers ? hex(source.layers.blobId) : "",
  };
}

/** A line of the log. The reply's own text is filled in by whoever can look it up. */
export function messageView(row: EventRow, sight: Sight, marks: Marks): Line {
  const mine = row.sender === sight.me;
  const base: MessageView = {
    id: row.messageId,
    conversation: row.conversation,
    seq: row.seq,
    time: row.time,
    sender: row.sender,
    senderName: row.sender ? sight.name(row.sender) : "",
    mine,
    kind: "unknown",
    text: "",
    notice: null,
    reply: null,
    editedFrom: null,
    edited: row.edited !== null,
    reactions: reactions(row, sight),
    files: [],
    place: null,
    duration: 0,
    levels: null,
    state: sent(row.seq, marks),
    failure: "",
  };
  if (row.notice) return { view: { ...base, kind: "notice", notice: noticeView(row.notice, sight) }, ...NO_LINKS };
  if (row.deleted) return { view: { ...base, kind: "deleted" }, ...NO_LINKS };
  if (row.state === MISSING || !row.content) return { view: { ...base, kind: "waiting" }, ...NO_LINKS };
  const content = contentOf(row.content);
  const { replyTo, editedFrom, ...shown } = face(content, sight);
  const system = content.type === "system" ? ({ event: "system", text: content.text } as const) : null;
  return { view: { ...base, ...shown, text: row.edited ?? shown.text, notice: system }, replyTo, editedFrom };
}

/** A message that is still on its way. */
export function waitingView(row: OutboxRow, content: Content, files: FileView[], state: SendState, sight: Sight): Line {
  const { replyTo, editedFrom, ...shown } = face(content, sight);
  const view: MessageView = {
    id: row.messageId,
    conversation: row.conversation,
    seq: 0,
    time: row.time,
    sender: sight.me,
    senderName: sight.name(sight.me),
    mine: true,
    notice: null,
    reply: null,
    editedFrom: null,
    edited: false,
    reactions: [],
    state,
    failure: row.failure,
    ...shown,
    files: files.length > 0 ? files : shown.files,
  };
  return { view, replyTo, editedFrom };
}

function sent(seq: number, marks: Marks): SendState {
  return seq <= marks.read ? "read" : seq <= marks.delivered ? "delivered" : "sent";
}

function reactions(row: EventRow, sight: Sight): MessageView["reactions"] {
  const by = new Map<string, Hex[]>();
  for (const [user, text] of row.reactions) by.set(text, [...(by.get(text) ?? []), user]);
  return [...by].map(([text, users]) => ({
    text,
    count: users.length,
    mine: users.includes(sight.me),
    names: users.map((user) => sight.name(user)),
  }));
}
