import { fromE7 } from "../geo/sphere";
import { equal, hex, type Hex, unhex } from "../protocol/bytes";
import type { Content, ContentOf } from "../protocol/content";
import * as conv from "../protocol/conversation";
import type { ConversationState } from "../protocol/conversation";
import { ProtocolError, SealRefused } from "../protocol/errors";
import { type Event, EventKind, HEAD_ZERO, nextHead, parseEvent } from "../protocol/events";
import { sha256 } from "../protocol/kdf";
import { checkInLog, openMessage } from "../protocol/messages";
import { type LogSeen, parse } from "../protocol/statements";
import type { UserState } from "../protocol/user";
import {
  type ConversationRow,
  type DefectRow,
  type EventRow,
  HIDDEN,
  MISSING,
  OPENED,
  REFUSED,
  STATEMENT,
  type TemplateRow,
} from "../storage/rows";
import { Batch, type Store } from "../storage/store";
import type { Logged } from "../wire/frames";
import { Problem } from "./api";
import type { Chains } from "./chains";
import { emptyEvent, emptyRow } from "./empty";
import type { Keyring } from "./keyring";
import {
  changed,
  contentBytes,
  contentOf,
  defectRow,
  isLine,
  noticeOf,
  present,
  STATES,
  type StoredNotice,
  targetOf,
  templateRow,
} from "./lines";

/** Lines of a conversation that are new or changed. */
export interface Taken {
  conversation: Hex;
  lines: EventRow[];
  /** The list of defects changed. */
  defects: boolean;
  /** Prepared alarms changed. */
  templates: boolean;
  /** Members or the generation changed. */
  members: boolean;
  /** New messages of others, for notifications and counts. */
  fresh: number;
}

/** A page of events while it is being taken: nothing is written before all of it is checked. */
class Page {
  readonly rows = new Map<number, EventRow>();
  private readonly places = new Map<Hex, Set<number>>();
  readonly defects = new Map<Hex, DefectRow>();
  readonly templates = new Map<Hex, TemplateRow>();
  state: ConversationState | null;
  row: ConversationRow;
  fresh = 0;

  constructor(
    /** As it was when the page began. */
    readonly start: ConversationRow,
    readonly before: ConversationState | null,
    /** Whether what is taken has its place further back in the log than `state`. */
    readonly late = false,
  ) {
    this.row = start;
    this.state = before;
  }

  /** The row together with what people have done to it meanwhile: drafts, mute, marks. */
  merged(now: ConversationRow | undefined): ConversationRow {
    if (!now) return this.row;
    const { draft, muted } = now;
    if (now.readSeq <= this.row.readSeq) return { ...this.row, draft, muted };
    // Marked as read while this was being checked: what has come in since counts on top.
    const unread = now.unread + Math.max(0, this.row.unread - this.start.unread);
    return { ...this.row, draft, muted, readSeq: now.readSeq, unread };
  }

  put(row: EventRow): void {
    this.rows.set(row.seq, row);
    if (!row.messageId) return;
    const places = this.places.get(row.messageId);
    if (places) places.add(row.seq);
    else this.places.set(row.messageId, new Set([row.seq]));
  }

  /** Rows with a message id, the first in the log first; `stored` are those on the disk. */
  named(id: Hex, stored: readonly EventRow[]): EventRow[] {
    const rows = stored.filter((row) => !this.rows.has(row.seq));
    for (const seq of this.places.get(id) ?? []) rows.push(this.rows.get(seq)!);
    return rows.filter((row) => row.messageId === id).sort((a, b) => a.seq - b.seq);
  }
}

/**
 * Conversations' logs on this device: each event checked, opened and stored in order. [M29] [M30]
 *
 * What does not fit blocks the conversation (nothing is sent there until a person has looked); what only lacks a key
 * waits for it and fills in by itself.
 */
export class Logs {
  readonly rows = new Map<Hex, ConversationRow>();
  private readonly states = new Map<Hex, ConversationState>();
  private readonly turns = new Map<Hex, Promise<unknown>>();
  /** Writes of a conversation's row, one after the other: the last one on the disk is the newest. */
  private readonly writes = new Map<Hex, Promise<unknown>>();

  constructor(
    private readonly store: Store,
    private readonly chains: Chains,
    private readonly keys: Keyring,
    private readonly onTaken: (taken: Taken) => void,
  ) {}

  async load(): Promise<void> {
    for (const row of await this.store.all("conversation")) this.rows.set(row.id, row);
  }

  cursor(conversation: Hex): number {
    return this.rows.get(conversation)?.lastSeq ?? 0;
  }

  /** The newest log head seen. */
  seen(conversation: Hex): LogSeen {
    const row = this.rows.get(conversation);
    return { seq: row?.lastSeq ?? 0, head: row?.head ?? HEAD_ZERO };
  }

  /** The verified state, replayed from the store the first time; null when there is no statement yet. */
  async state(conversation: Hex): Promise<ConversationState | null> {
    const known = this.states.get(conversation);
    if (known) return known;
    const state = await this.replayed(conversation, Infinity);
    if (state) this.states.set(conversation, state);
    return state;
  }

  /** The state after the statements with a seq below `before`. */
  private async replayed(conversation: Hex, before: number): Promise<ConversationState | null> {
    let state: ConversationState | null = null;
    for (const row of await this.store.events("st", conversation, STATEMENT)) {
      if (row.seq >= before) break;
      const body = parseEvent(row.data!).body;
      state = await conv.apply(state, body, this.chains.founded, this.chains.users, { verify: false });
    }
    return state;
  }

  /** As `state`; Throws Problem `not_found`. */
  async require(conversation: Hex): Promise<ConversationState> {
    const state = await this.state(conversation);
    if (!state) throw new Problem("not_found", "conversation");
    return state;
  }

  /** Change what only this device knows of a conversation (drafts, mute, read). */
  async change(conversation: Hex, change: Partial<ConversationRow>): Promise<void> {
    const row = this.rows.get(conversation);
    if (!row) throw new Problem("not_found", "conversation");
    this.rows.set(conversation, { ...row, ...change });
    await queued(this.writes, conversation, () => this.save(conversation));
  }

  /** Whether this person leads a group or site, as the organisation is now. */
  private leads(state: ConversationState): boolean {
    return state.kind !== 1 && state.leads(this.chains.founded).has(this.keys.self.user);
  }

  /** The organisation has changed: a conversation may have lost its leads, or this person no longer be a guest. */
  async ruled(): Promise<void> {
    for (const [id, state] of this.states) {
      const row = this.rows.get(id);
      if (row && row.lead !== this.leads(state)) await this.change(id, { lead: this.leads(state) });
    }
  }

  private async save(conversation: Hex): Promise<void> {
    await this.store.put("conversation", conversation, this.rows.get(conversation)!);
  }

  /** One thing at a time for each conversation. */
  turn<T>(conversation: Hex, task: () => Promise<T>): Promise<T> {
    return queued(this.turns, conversation, task);
  }

  /**
   * Take events in order; what is held already is passed over. Call within `turn`.
   *
   * Throws Problem `unsafe` when a statement or the log's hashes do not fit; the conversation is blocked then.
   */
  async ingest(conversation: Hex, events: readonly Logged[]): Promise<Taken> {
    const page = new Page(this.rows.get(conversation) ?? emptyRow(conversation), await this.state(conversation));
    let refused = "";
    for (const logged of events) {
      if (logged.seq <= page.row.lastSeq) continue;
      try {
        await this.knowSigners(logged);
        await this.take(page, logged);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        refused = error.code;
        break;
      }
    }
    if (refused) page.row = { ...page.row, blocked: refused };
    const taken = await this.commit(page);
    if (refused) throw new Problem("unsafe", refused);
    return taken;
  }

  /** The page's row with what has changed beside it: what people did, and what the organisation did. */
  private merged(page: Page): ConversationRow {
    const row = page.merged(this.rows.get(page.row.id));
    return { ...row, lead: page.state !== null && this.leads(page.state) };
  }

  private async commit(page: Page): Promise<Taken> {
    const conversation = page.row.id;
    const batch = new Batch();
    for (const row of page.rows.values()) batch.put("event", [conversation, row.seq], row);
    for (const row of page.defects.values()) batch.put("defect", [conversation, row.defect], row);
    for (const row of page.templates.values()) batch.put("template", [conversation, row.template], row);
    await queued(this.writes, conversation, async () => {
      batch.put("conversation", conversation, this.merged(page));
      await this.store.write(batch);
      // What changed during the write is written by whoever changed it, after this.
      this.rows.set(conversation, this.merged(page));
    });
    if (page.state) this.states.set(conversation, page.state);
    const taken = {
      conversation,
      lines: [...page.rows.values()].filter((row) => row.shown).sort((a, b) => a.seq - b.seq),
      defects: page.defects.size > 0,
      templates: page.templates.size > 0,
      members: page.state !== page.before,
      fresh: page.fresh,
    };
    this.onTaken(taken);
    return taken;
  }

  private async take(page: Page, logged: Logged): Promise<void> {
    const { row } = page;
    const id = unhex(row.id);
    if (logged.seq !== row.lastSeq + 1) throw new ProtocolError("gap", `${row.lastSeq} -> ${logged.seq}`);
    const hash = logged.event.length > 0 ? sha256(logged.event) : logged.hash;
    const head = nextHead(id, logged.seq, logged.time, row.head, hash);
    const base: EventRow = { ...emptyEvent(row.id), seq: logged.seq, time: logged.time, head };
    if (logged.event.length === 0) {
      page.put({ ...base, state: HIDDEN });
    } else {
      const event = parseEvent(logged.event);
      if (!equal(event.header.conversation, id)) throw new ProtocolError("header_mismatch");
      const named: EventRow = { ...base, generation: event.header.generation };
      if (event.header.kind === EventKind.STATEMENT) await this.statement(page, named, event, logged.event);
      else await this.message(page, { ...named, messageId: hex(event.header.messageId) }, event, logged.event);
    }
    page.row = { ...page.row, lastSeq: logged.seq, head };
  }

  private async statement(page: Page, base: EventRow, event: Event, data: Uint8Array): Promise<void> {
    const before = page.state;
    const after = await conv.apply(before, event.body, this.chains.founded, this.chains.users);
    const statement = parse(event.body);
    const by = hex(statement.signer.user);
    if (statement.anchors.log) await this.compare(page, by, statement.anchors.log, base.seq);
    const me = this.chains.users.get(this.keys.self.user);
    if (before?.generation !== after.generation && me && conv.pinnedByALie(after, me, base.time)) {
      page.row = { ...page.row, warning: "pin_stale" };
    }
    page.state = after;
    const notice = noticeOf(before, after, by);
    // Its header is signed by nobody: what it says to be its id may be a message's.
    const messageId = hex(after.head.hash.subarray(0, 16));
    page.put({
      ...base,
      messageId,
      state: STATEMENT,
      sender: by,
      data,
      shown: notice !== null,
      notice: notice ? JSON.stringify(notice) : "",
    });
    const members = present(after);
    const joined = after.isMember(this.keys.self.row.user) && !before?.isMember(this.keys.self.row.user);
    page.row = {
      ...page.row,
      kind: after.kind,
      members: [...members.keys()],
      member: after.isMember(this.keys.self.row.user),
      peer: after.kind === 1 ? ([...members.keys()].find((user) => user !== this.keys.self.user) ?? page.row.peer) : "",
      generationSeq: before?.generation === after.generation ? page.row.generationSeq : base.seq,
      ...(notice ? { last: messageId, time: base.time } : {}),
      // What was said before one's time is not news.
      ...(joined ? { readSeq: base.seq, unread: 0 } : {}),
    };
  }

  private async message(page: Page, base: EventRow, event: Event, data: Uint8Array): Promise<void> {
    if (!page.state) throw new ProtocolError("number_not_next", "no statement yet");
    try {
      checkInLog(event.header, page.state, this.owner(event));
    } catch (error) {
      await this.refuse(page, base, error);
      return;
    }
    await this.tryOpen(page, base, event, data, true);
  }

  private owner(event: Event): UserState | undefined {
    const device = hex(event.header.device);
    return [...this.chains.users.values()].find((user) => user.devices.has(device));
  }

  /** One bad message is its sender's fault, or the server's, and does not stop the log. It takes the id from nobody. */
  private async refuse(page: Page, base: EventRow, error: unknown): Promise<void> {
    if (!(error instanceof ProtocolError)) throw error;
    page.put({ ...base, messageId: "", state: REFUSED, data: null, shown: false });
    await this.noLine(page, base);
  }

  /** What else has a message's id, in the order of the log. */
  private async twins(page: Page, { conversation, messageId, seq }: EventRow): Promise<EventRow[]> {
    const rows = page.named(messageId, await this.store.events("id", conversation, messageId));
    return rows.filter((row) => row.seq !== seq);
  }

  /** Open with the key if it is held; what it says is put into the page. */
  private async tryOpen(page: Page, base: EventRow, event: Event, data: Uint8Array, first: boolean): Promise<void> {
    const state = page.state!;
    const twins = await this.twins(page, base);
    // [M28] The first with an id that opens is it: a later one is never a second message.
    if (twins.some((one) => one.state === OPENED && one.seq < base.seq)) {
      await this.refuse(page, base, new SealRefused("replayed"));
      return;
    }
    const secret = await this.keys.secret(state.id, event.header.generation);
    if (!secret) {
      // Whose it is shows before it opens, so that nobody else's name stands there. One line for an id.
      const shown = !twins.some((one) => one.shown);
      page.put({ ...base, state: MISSING, data, shown });
      if (first && shown) page.row = { ...page.row, last: base.messageId, time: base.time };
      return;
    }
    let opened: Awaited<ReturnType<typeof openMessage>>;
    try {
      opened = await openMessage(secret, event, state, this.chains.users);
    } catch (error) {
      await this.refuse(page, base, error);
      return;
    }
    // Its key came after a later one had been taken for it.
    for (const one of twins) if (one.state === OPENED) await this.refuse(page, one, new SealRefused("replayed"));
    const sender = hex(opened.user);
    await this.compare(page, sender, opened.log, base.seq);
    await this.opened(page, { ...base, state: OPENED, sender, data: null, shown: false }, opened.content);
  }

  private async opened(page: Page, base: EventRow, content: Content): Promise<void> {
    const mine = base.sender === this.keys.self.user;
    const target = targetOf(content);
    let row: EventRow = { ...base, kind: 0, content: contentBytes(content), target, shown: isLine(content) };
    if (content.type === "details") row = await this.details(page, row, content);
    if (content.type === "defect") row = await this.defect(page, row, content);
    if (content.type === "alarm_template") await this.template(page, row, content);
    if (row.shown && !row.notice) {
      row = await this.withChanges(page, row);
    }
    page.put(row);
    if (target) {
      const line = await this.find(page, target);
      // One whose key came late may be older than those that were done already.
      if (line && page.late) page.put(await this.withChanges(page, { ...line, edited: null, reactions: [] }));
      else if (line) page.put(changed(line, base.sender, content) ?? line);
    }
    if (!row.shown) {
      await this.noLine(page, row);
      return;
    }
    const unread = !mine && !row.notice && row.seq > page.row.readSeq;
    if (unread) page.fresh++;
    page.row = {
      ...page.row,
      unread: page.row.unread + (unread ? 1 : 0),
      ...(row.seq >= page.row.lastSeq || page.row.last === "" ? { last: row.messageId, time: row.time } : {}),
    };
  }

  /** What waited for its key and turns out to be no line is not the newest one either: the one before it is. */
  private async noLine(page: Page, row: EventRow): Promise<void> {
    if (page.row.last === "" || page.row.last !== row.messageId) return;
    const rows = new Map(
      (await this.store.shown(row.conversation, { before: Infinity }, 50)).map((one) => [one.seq, one]),
    );
    for (const one of page.rows.values()) rows.set(one.seq, one);
    const last = [...rows.values()].filter((one) => one.shown).sort((a, b) => b.seq - a.seq)[0];
    page.row = { ...page.row, last: last?.messageId ?? "", time: last?.time ?? page.row.time };
  }

  /** Title and place, from a lead; a changed title is a line. */
  private async details(page: Page, row: EventRow, content: ContentOf<"details">): Promise<EventRow> {
    if (!(await this.byLead(page, row))) return row;
    const before = page.row;
    // An older one whose key came late does not count. [M43]
    if (row.seq < (before.detailsSeq ?? 0)) return row;
    const now = { title: content.title, site: content.site ?? "", place: content.place ? fromE7(content.place) : null };
    page.row = { ...before, ...now, detailsSeq: row.seq };
    if (before.title === "") return row;
    const moved = before.place?.latitude !== now.place?.latitude || before.place?.longitude !== now.place?.longitude;
    let notice: StoredNotice | null = null;
    if (before.title !== now.title || before.site !== now.site) {
      notice = { event: "renamed", by: row.sender, title: now.title };
    } else if (moved) notice = { event: "placed", by: row.sender, there: now.place !== null };
    return notice ? { ...row, shown: true, notice: JSON.stringify(notice) } : row;
  }

  /** The newest says how a defect is, whoever wrote it; done and open again are lines. */
  private async defect(page: Page, row: EventRow, content: ContentOf<"defect">): Promise<EventRow> {
    const next = defectRow(row.conversation, row.seq, row.time, row.sender, content);
    const last =
      page.defects.get(next.defect) ?? (await this.store.get("defect", [row.conversation, next.defect])) ?? null;
    if (last && last.seq > row.seq) return row;
    page.defects.set(next.defect, next);
    if (!last || last.state === next.state) return row;
    const { number, note } = next;
    const state = STATES[next.state] ?? "open";
    const notice: StoredNotice = { event: "defect", by: row.sender, number, note: note.slice(0, 200), state };
    return { ...row, shown: true, notice: JSON.stringify(notice) };
  }

  /** The newest that a lead has sent says how a prepared alarm is. */
  private async template(page: Page, row: EventRow, content: ContentOf<"alarm_template">): Promise<void> {
    if (!(await this.byLead(page, row))) return;
    const next = templateRow(row.conversation, row.seq, row.time, content);
    const last =
      page.templates.get(next.template) ?? (await this.store.get("template", [row.conversation, next.template]));
    if (!last || last.seq <= row.seq) page.templates.set(next.template, next);
  }

  private async find(page: Page, id: Hex): Promise<EventRow | undefined> {
    return page.named(id, await this.store.events("id", page.row.id, id))[0];
  }

  /** Whether it counts what a message says for all: details and prepared alarms are a lead's, at their place. [M43] */
  private async byLead(page: Page, row: EventRow): Promise<boolean> {
    const state = page.late ? await this.replayed(row.conversation, row.seq) : page.state;
    return state?.leads(this.chains.founded, state.organisationAnchor).has(row.sender) ?? false;
  }

  /** A line with all changes that have been opened by now, in the order of the log. */
  private async withChanges(page: Page, row: EventRow): Promise<EventRow> {
    const rows = new Map((await this.store.events("to", page.row.id, row.messageId)).map((one) => [one.seq, one]));
    if (page.late) for (const one of page.rows.values()) if (one.target === row.messageId) rows.set(one.seq, one);
    const changes = [...rows.values()].sort((a, b) => a.seq - b.seq);
    let line = row;
    for (const one of changes) if (one.content) line = changed(line, one.sender, contentOf(one.content)) ?? line;
    return line;
  }

  /** Whether the sender saw the same log: another's differing claim warns, one's own blocks. [M29] */
  private async compare(page: Page, sender: Hex, claim: LogSeen, seq: number): Promise<void> {
    if (claim.seq < seq) {
      if (claim.seq === 0) return;
      const row = page.rows.get(claim.seq) ?? (await this.store.get("event", [page.row.id, claim.seq]));
      if (row && equal(row.head, claim.head)) return;
    }
    page.row =
      sender === this.keys.self.user
        ? { ...page.row, blocked: "log_differs" }
        : { ...page.row, warning: "log_differs" };
  }

  /** Before a statement is judged, know the chains as new as it names them. */
  private async knowSigners(logged: Logged): Promise<void> {
    if (logged.event.length === 0) return;
    const event = parseEvent(logged.event);
    const { users } = this.chains;
    if (event.header.kind !== EventKind.STATEMENT) {
      const device = hex(event.header.device);
      if (![...users.values()].some((user) => user.devices.has(device))) await this.chains.refresh();
      return;
    }
    const statement = parse(event.body);
    const { organisation, user } = statement.anchors;
    const known = users.get(hex(statement.signer.user));
    const stale =
      (organisation && organisation.number >= this.chains.founded.length) ||
      (user && (!known || user.number >= known.length)) ||
      namesNewer(statement.body, users);
    if (stale) await this.chains.refresh();
  }

  // -- lacking keys

  /** Generations whose key is lacking for events held. */
  async missing(conversation: Hex): Promise<number[]> {
    const rows = await this.store.events("st", conversation, MISSING);
    return [...new Set(rows.map((row) => row.generation))].sort((a, b) => a - b);
  }

  /** Open what has its key by now. Call within `turn`. */
  async fillIn(conversation: Hex): Promise<Taken | null> {
    const rows = await this.store.events("st", conversation, MISSING);
    const row = this.rows.get(conversation);
    if (rows.length === 0 || !row) return null;
    const page = new Page(row, await this.require(conversation), true);
    const hidden: EventRow[] = [];
    for (const one of rows) {
      const secret = await this.keys.secret(page.state!.id, one.generation);
      if (!secret) continue;
      await this.tryOpen(page, { ...one, state: OPENED }, parseEvent(one.data!), one.data!, false);
      if (page.rows.get(one.seq)?.shown === false) hidden.push({ ...one, shown: false });
    }
    if (page.rows.size === 0) return null;
    const taken = await this.commit(page);
    const none = { defects: false, templates: false, members: false, fresh: 0 };
    const lines = hidden.filter((gone) => !taken.lines.some((line) => line.messageId === gone.messageId));
    if (lines.length > 0) this.onTaken({ conversation, lines, ...none });
    return taken;
  }

  /** Move the read marker forward; counts again what is beyond it. */
  async markRead(conversation: Hex, seq: number): Promise<boolean> {
    return queued(this.writes, conversation, async () => {
      const row = this.rows.get(conversation);
      if (!row || seq <= row.readSeq) return false;
      const beyond = await this.store.shown(conversation, { after: seq }, 1000);
      const unread = beyond.filter(
        (one) => !one.notice && one.state !== STATEMENT && one.sender !== this.keys.self.user,
      ).length;
      const now = this.rows.get(conversation) ?? row;
      this.rows.set(conversation, { ...now, readSeq: Math.min(seq, now.lastSeq), unread });
      await this.save(conversation);
      return true;
    });
  }
}

/** Do `task` after everything that was queued for the same conversation before, whatever became of it. */
function queued<T>(queues: Map<Hex, Promise<unknown>>, conversation: Hex, task: () => Promise<T>): Promise<T> {
  const before = queues.get(conversation) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(task);
  queues.set(conversation, mine);
  return mine;
}

/** Whether a generation inside names a head of a person's chain that is newer than what is known. */
function namesNewer(body: unknown, users: Chains["users"]): boolean {
  if (body instanceof Map) {
    const user: unknown = body.get(0);
    const head: unknown = body.get(1);
    if (user instanceof Uint8Array && Array.isArray(head) && head.length === 2 && typeof head[0] === "number") {
      const known = users.get(hex(user));
      if (!known || head[0] >= known.length) return true;
    }
    return [...body.values()].some((item) => namesNewer(item, users));
  }
  return Array.isArray(body) && body.some((item) => namesNewer(item, users));
}
