import { type Point, toE7 } from "../geo/sphere";
import { hex, type Hex, unhex } from "../protocol/bytes";
import { type Attachment, type Content, type ContentOf, SOURCES_MAX } from "../protocol/content";
import { MEDIA_TYPE } from "../media/ogg";
import { Kind, MemberRole } from "../protocol/conversation";
import { THUMBNAIL_MAX } from "../photo/make";
import type { EventRow, OutboxRow } from "../storage/rows";
import { type Outgoing, type OutgoingFile, Problem, type Where } from "./api";
import type { Core } from "./core";
import type { Defects } from "./defects";
import type { Files, Prepared } from "./files";
import { find } from "./finding";
import { contentOf } from "./lines";
import type { Outbox } from "./outbox";
import type { Receipts } from "./receipts";
import {
  conversationView,
  lastView,
  type Line,
  messageView,
  personView,
  type Sight,
  titleOf,
  waitingView,
} from "./render";
import type { Statements } from "./statements";
import type { Templates } from "./templates";
import { isNetwork } from "./transport";
import type {
  ConversationKind,
  ConversationView,
  FileView,
  FoundView,
  MemberView,
  MessageView,
  PageView,
  ReplyView,
} from "./views";

const KINDS: Record<ConversationKind, Kind> = { direct: Kind.DIRECT, group: Kind.GROUP, site: Kind.SITE };
const FILES_MAX = 10;
/** Bytes of all thumbnails of a message: an event holds 64 KiB. */
const THUMBNAILS_MAX = 45_000;

/** What a conversation is called, a site's address, and where that is. */
interface Said {
  title: string;
  site: string;
  place: Point | null;
}

/** Conversations and messages, as people work with them. */
export class Talk {
  constructor(
    private readonly core: Core,
    private readonly statements: Statements,
    private readonly outbox: Outbox,
    private readonly files: Files,
    private readonly receipts: Receipts,
    private readonly defects: Defects,
    private readonly templates: Templates,
    readonly sight: Sight,
  ) {}

  // -- conversations

  async list(): Promise<ConversationView[]> {
    const views = await Promise.all([...this.core.parts.logs.rows.keys()].map((id) => this.view(id)));
    return views.sort((a, b) => b.time - a.time);
  }

  async view(id: Hex): Promise<ConversationView> {
    const { logs, chains, store, self } = this.core.parts;
    const row = logs.rows.get(id);
    if (!row) throw new Problem("not_found", "conversation");
    const waiting = this.outbox.rows
      .filter((one) => one.conversation === id && isShown(this.outbox.contentOf(one)))
      .at(-1);
    const found = row.last ? (await store.events("id", id, row.last))[0] : undefined;
    const message = waiting ? this.waiting(waiting).view : found ? this.line(found).view : null;
    const person = row.peer ? chains.people.get(row.peer) : undefined;
    const peer = person ? personView(person, self.user) : null;
    const title = titleOf(row, (user) => chains.name(user), self.user);
    const view = conversationView(row, message ? lastView(message) : null, peer, title);
    return waiting ? { ...view, time: Math.max(view.time, waiting.time) } : view;
  }

  async members(id: Hex): Promise<MemberView[]> {
    const { logs, chains, self } = this.core.parts;
    const state = await logs.require(id);
    const views = [...state.members]
      .filter(([user]) => state.has(user))
      .flatMap(([user, member]) => {
        const person = chains.people.get(user);
        return person ? [{ ...personView(person, self.user), lead: member.role === MemberRole.LEAD }] : [];
      });
    return views.sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Asked again for the same `id`, it is the same conversation. */
  async create(
    kind: ConversationKind,
    said: Said,
    people: readonly Hex[],
    id = hex(this.core.parts.env.random(16)),
  ): Promise<Hex> {
    const { logs } = this.core.parts;
    if (!logs.rows.has(id)) {
      try {
        await this.found(unhex(id), kind, people);
      } catch (error) {
        if (!(error instanceof Problem && error.code === "conflict")) throw error;
        // The server has it from the first time.
        await this.core.catchUp(id);
      }
    }
    const titled = logs.rows.get(id)?.title || this.outbox.rows.some((row) => row.conversation === id);
    if (kind !== "direct" && !titled) await this.describe(id, said);
    return id;
  }

  private async found(conversation: Uint8Array, kind: ConversationKind, people: readonly Hex[]): Promise<void> {
    const { chains, self } = this.core.parts;
    await chains.refresh();
    const other = kind === "direct" ? MemberRole.LEAD : MemberRole.MEMBER;
    const members = new Map<Hex, MemberRole>([[self.user, MemberRole.LEAD]]);
    for (const user of people) if (user !== self.user) members.set(user, other);
    const made = await this.statements.made((desk) => desk.create(conversation, KINDS[kind], members));
    await this.statements.write("/v1/conversations", made);
  }

  async direct(person: Hex, id?: Hex): Promise<Hex> {
    const rows = [...this.core.parts.logs.rows.values()];
    const known = rows.find((row) => row.kind === Kind.DIRECT && row.peer === person);
    return known?.id ?? this.create("direct", { title: "", site: "", place: null }, [person], id);
  }

  /** Say anew what changes; the parts that stay go along. [M43] */
  async describe(id: Hex, change: Partial<Said> = {}): Promise<void> {
    const row = this.core.parts.logs.rows.get(id);
    const said: Said = { title: row?.title ?? "", site: row?.site ?? "", place: row?.place ?? null, ...change };
    await this.outbox.queue(id, {
      type: "details",
      title: said.title.trim(),
      site: said.site.trim() || undefined,
      place: said.place ? toE7(said.place) : undefined,
    });
    void this.outbox.flush();
  }

  /**
   * Add people: a new generation, the history's keys where the conversation grants them, the title and prepared alarms
   * again.
   */
  async add(id: Hex, people: readonly Hex[]): Promise<void> {
    const { chains, logs, keys } = this.core.parts;
    await chains.refresh();
    await this.core.catchUp(id);
    const roles = new Map(people.map((user) => [user, MemberRole.MEMBER]));
    await this.statements.change(id, (desk, state, seen) => desk.changeMembers(state, seen, roles));
    const state = await logs.require(id);
    if (state.history) {
      const held = await keys.held(id);
      held.delete(state.generation);
      // Only a whole history is granted: with a hole, the newcomer could not check it.
      if (held.size === state.generation - 1 && held.size > 0) {
        for (const user of people) {
          await this.statements.change(id, (desk, now, seen) => desk.grant(now, seen, user, held));
        }
      }
    }
    await this.templates.again(id);
    if (logs.rows.get(id)?.title) await this.describe(id);
  }

  async remove(id: Hex, person: Hex): Promise<void> {
    await this.core.parts.chains.refresh();
    await this.core.catchUp(id);
    await this.statements.change(id, (desk, state, seen) => desk.changeMembers(state, seen, new Map(), [person]));
  }

  async leave(id: Hex): Promise<void> {
    await this.core.catchUp(id);
    await this.statements.change(id, (desk, state, seen) => desk.leave(state, seen));
  }

  async setLead(id: Hex, person: Hex, lead: boolean): Promise<void> {
    await this.core.catchUp(id);
    const role = lead ? MemberRole.LEAD : MemberRole.MEMBER;
    await this.statements.change(id, (desk, state, seen) => desk.setRole(state, seen, person, role));
    if (lead && this.core.parts.logs.rows.get(id)?.title) await this.describe(id);
  }

  async read(id: Hex, seq: number): Promise<boolean> {
    const moved = await this.core.parts.logs.markRead(id, seq);
    if (moved) this.receipts.want(id);
    return moved;
  }

  // -- messages

  async page(id: Hex, where: Where, limit: number): Promise<PageView> {
    const { logs, store } = this.core.parts;
    const row = logs.rows.get(id);
    if (!row) return { messages: [], before: false, after: false, unreadFrom: 0 };
    const [before, after] = await this.span(id, where, limit, row.readSeq);
    const lines = [...before.slice(0, limit).reverse(), ...after.slice(0, limit)];
    const first = lines[0]?.seq ?? 0;
    const atEnd = after.length <= limit && (where.at !== "before" || lines.length === 0);
    const messages = await this.lines(lines);
    if (atEnd) {
      const own = this.outbox.rows.filter((one) => one.conversation === id && isShown(this.outbox.contentOf(one)));
      messages.push(...(await Promise.all(own.map((one) => this.whole(this.waiting(one))))));
    }
    const unread = row.unread > 0 ? await store.shown(id, { after: row.readSeq }, 1) : [];
    return {
      messages,
      before: before.length > limit || (where.at === "after" && first > 0),
      after: after.length > limit || (where.at === "before" && lines.length > 0),
      unreadFrom: unread[0]?.seq ?? 0,
    };
  }

  /** Lines before (newest first) and after (oldest first) a place, each one more than asked where there is more. */
  private async span(id: Hex, where: Where, limit: number, readSeq: number): Promise<[EventRow[], EventRow[]]> {
    const { store } = this.core.parts;
    switch (where.at) {
      case "end":
        return [await store.shown(id, { before: Infinity }, limit + 1), []];
      case "before":
        return [await store.shown(id, { before: where.seq }, limit + 1), []];
      case "after":
        return [[], await store.shown(id, { after: where.seq }, limit + 1)];
      default: {
        let seq = readSeq;
        if (where.at === "message") seq = ((await store.events("id", id, where.id))[0]?.seq ?? 1) - 1;
        return Promise.all([
          store.shown(id, { before: seq + 1 }, limit + 1),
          store.shown(id, { after: seq }, limit + 1),
        ]);
      }
    }
  }

  /** Views of lines of one conversation, with the replies' texts. */
  async lines(rows: readonly EventRow[]): Promise<MessageView[]> {
    return Promise.all(rows.map((row) => this.whole(this.line(row))));
  }

  /** Messages among a part of the log that hold the words. */
  async find(id: Hex, words: string, below: number | null): Promise<FoundView> {
    const { store } = this.core.parts;
    const newest = below === null ? (await store.shown(id, { before: Infinity }, 1))[0]?.seq : undefined;
    return find(store, id, words, below ?? (newest ?? 0) + 1, (row) => this.line(row).view);
  }

  private line(row: EventRow): Line {
    const members = this.core.parts.logs.rows.get(row.conversation)?.members ?? [];
    return messageView(row, this.sight, this.receipts.marks(row.conversation, members));
  }

  /** With what it names of others. [M44] */
  private async whole({ view, replyTo, editedFrom }: Line): Promise<MessageView> {
    const reply = replyTo ? await this.named(view.conversation, replyTo) : null;
    const from = editedFrom ? await this.named(view.conversation, editedFrom) : null;
    return { ...view, reply, editedFrom: from && from.kind !== "photo" ? nowhere(from.id) : from };
  }

  private async named(conversation: Hex, id: Hex): Promise<ReplyView> {
    const found = (await this.core.parts.store.events("id", conversation, id))[0];
    if (!found) return nowhere(id);
    const { senderName, kind, text } = this.line(found).view;
    return { id, senderName, kind, text: text.slice(0, 200) };
  }

  /** A message that is still on its way. */
  waiting(row: OutboxRow): Line {
    const state = row.failure ? "failed" : this.outbox.sending.has(row.messageId) ? "sending" : "queued";
    const along = new Set(row.sources.flatMap(({ original, layers }) => [original, layers]));
    const shown = row.files.filter((id) => !along.has(id));
    const files = shown.flatMap((id, index): FileView[] => {
      const file = this.files.get(id);
      if (!file) return [];
      const source = row.sources.find((one) => one.index === index);
      const { name, mediaType, size, width, height, thumbnail } = file;
      return [
        {
          blob: id,
          name,
          mediaType,
          size,
          width,
          height,
          thumbnail,
          here: true,
          transfer: this.files.transfer(id),
          original: source?.original ?? "",
          layers: source?.layers ?? "",
        },
      ];
    });
    return waitingView(row, this.outbox.contentOf(row), files, state, this.sight);
  }

  async send(id: Hex, out: Outgoing): Promise<Hex> {
    this.outbox.checkSafe(id);
    const { logs, store } = this.core.parts;
    const asked = out.id && this.outbox.ownId(out.id);
    if (asked && (this.outbox.find(asked) || (await store.events("id", id, asked)).length > 0)) return asked;
    if (!logs.rows.get(id)?.member) throw new Problem("not_found", "not a member");
    if (out.files.length > FILES_MAX) throw new Problem("too_many_files");
    const [now, later] = grouped(out.files);
    if (later.length > 0) {
      const first = await this.send(id, { ...out, files: now });
      await this.send(id, { text: "", replyTo: null, files: later });
      return first;
    }
    const thumbnail = Math.min(THUMBNAIL_MAX, Math.floor(THUMBNAILS_MAX / Math.max(1, out.files.length)));
    const prepared: Prepared[] = [];
    for (const file of out.files) prepared.push(await this.files.prepare(id, file, thumbnail));
    const shown = prepared.map((one) => one.shown.id);
    const sources = prepared.flatMap(({ original, layers }, index) =>
      original ? [{ index, original: original.id, layers: layers?.id ?? "" }] : [],
    );
    const files = [...shown, ...sources.flatMap(({ original, layers }) => (layers ? [original, layers] : [original]))];
    const replyTo = out.replyTo ? unhex(out.replyTo) : undefined;
    const content: Content =
      files.length === 0
        ? { type: "text", text: out.text, replyTo }
        : out.files.every((file) => file.photo)
          ? { type: "photo", text: out.text, files: [], editedFrom: out.editedFrom ? unhex(out.editedFrom) : undefined }
          : { type: "file", text: out.text, files: [] };
    const row = await this.outbox.queue(id, content, { id: asked, files, sources });
    for (const file of files) await this.files.belongsTo(file, row.messageId);
    for (const [index, file] of out.files.entries()) {
      for (const input of file.defects ?? []) await this.defects.add(id, row.messageId, index, input);
    }
    await logs.change(id, { draft: "" });
    void this.outbox.flush();
    return row.messageId;
  }

  /** A voice note; `burst` is the salt of the burst that it was, or "". */
  async note(id: Hex, file: Blob, duration: number, levels: Uint8Array, burst: Hex): Promise<Hex> {
    if (!this.core.parts.logs.rows.get(id)?.member) throw new Problem("not_found", "not a member");
    const extension = file.type.startsWith(MEDIA_TYPE) ? "ogg" : file.type.includes("mp4") ? "m4a" : "webm";
    const prepared = await this.files.prepare(id, {
      file,
      name: `Sprachnachricht.${extension}`,
      photo: false,
      original: false,
    });
    const sealed = prepared.shown;
    const row = await this.outbox.queue(
      id,
      {
        type: "voice_note",
        // Filled in when it is up; until then its form is what counts.
        files: [this.files.attachment({ ...sealed, blob: "00".repeat(16) })],
        duration: Math.round(duration),
        burst: burst ? unhex(burst) : undefined,
        levels,
      },
      { files: [sealed.id] },
    );
    await this.files.belongsTo(sealed.id, row.messageId);
    void this.outbox.flush();
    return row.messageId;
  }

  async change(id: Hex, content: ContentOf<"edit" | "delete" | "reaction">): Promise<void> {
    await this.outbox.queue(id, content);
    void this.outbox.flush();
  }

  /** A queued message's content once its files are up. */
  async complete(row: OutboxRow): Promise<{ content: Content; blobs: Uint8Array[] } | null> {
    const content = this.outbox.contentOf(row);
    if (row.files.length === 0) return { content, blobs: [] };
    const files = row.files.map((id) => this.files.get(id));
    const missing = files.find((file) => file === undefined || file.failure !== "");
    if (missing?.failure) throw new Problem(missing.failure);
    if (files.includes(undefined)) throw new Problem("file_unreadable");
    const whole = files as NonNullable<(typeof files)[number]>[];
    const open = whole.find((file) => file.done < file.storedSize);
    if (open) {
      if (!open.paused && !this.files.busy(open.id)) this.upload(open.id, row.messageId);
      return null;
    }
    const attachments = new Map(whole.map((file) => [file.id, this.files.attachment(file)]));
    const along = new Set(row.sources.flatMap(({ original, layers }) => [original, layers]));
    const shown = row.files.filter((file) => !along.has(file)).map((file) => attachments.get(file)!);
    const sources = row.sources.map(({ index, original, layers }) => {
      return { index, original: attachments.get(original)!, layers: attachments.get(layers) };
    });
    return {
      content: {
        ...(content as ContentOf<"file" | "photo" | "voice_note">),
        files: shown,
        ...(sources.length > 0 ? { sources } : {}),
      },
      blobs: [...attachments.values()].map((one) => one.blobId),
    };
  }

  /** In the background: the next round takes the message, or says why it will not go. */
  private upload(file: Hex, message: Hex): void {
    this.files.upload(file).then(
      () => this.outbox.flush(),
      async (error: unknown) => {
        if (!(error instanceof Problem)) throw error;
        if (isNetwork(error)) this.outbox.later();
        else await this.outbox.change(message, { failure: error.code });
      },
    );
  }

  async retry(message: Hex): Promise<void> {
    const row = this.outbox.find(message);
    if (!row) return;
    for (const file of row.files) await this.files.resume(file);
    await this.outbox.change(message, { failure: "" });
    void this.outbox.flush();
  }

  async discard(message: Hex): Promise<void> {
    const row = this.outbox.find(message);
    if (!row || this.outbox.sending.has(message)) return;
    for (const file of row.files) await this.files.forget(file);
    await this.outbox.drop(message);
  }

  async open(id: Hex, message: Hex, blob: Hex): Promise<Blob> {
    const local = this.files.get(blob);
    if (local && this.files.here(local.id)) return this.files.decrypted(local);
    const row = (await this.core.parts.store.events("id", id, message))[0];
    const content = row?.content ? contentOf(row.content) : null;
    const attachment = content ? attachmentsOf(content).find((one) => hex(one.blobId) === blob) : undefined;
    if (!attachment) throw new Problem("not_found", "file");
    return this.files.open(id, message, attachment);
  }
}

/** Whether a queued content stands as a line while it waits. */
export function isShown(content: Content): boolean {
  return ["text", "file", "photo", "voice_note", "place", "alarm"].includes(content.type);
}

/** Every file that a message brings. */
function attachmentsOf(content: Content): Attachment[] {
  const shown = "files" in content ? [...(content.files ?? [])] : [];
  if (content.type !== "photo") return shown;
  return [
    ...shown,
    ...(content.sources ?? []).flatMap(({ original, layers }) => (layers ? [original, layers] : [original])),
  ];
}

/** Files for one message, and the rest: only so many originals go along at once. */
function grouped(files: readonly OutgoingFile[]): [OutgoingFile[], OutgoingFile[]] {
  let originals = 0;
  const end = files.findIndex((file) => file.photo && file.original && ++originals > SOURCES_MAX);
  return end < 0 ? [[...files], []] : [files.slice(0, end), files.slice(end)];
}

/** A message that is not here, or not to be shown. */
function nowhere(id: Hex): ReplyView {
  return { id, senderName: "", kind: "unknown", text: "" };
}
