import { hex, type Hex, unhex } from "../protocol/bytes";
import { sealRepair } from "../protocol/generation";
import { fromB64, type EventPage, type Repairs, toB64 } from "../wire/api";
import type { AlarmFrame, BoardFrame, ClientFrame, FloorFrame, Logged, ServerFrame, VoiceFrame } from "../wire/frames";
import { Problem } from "./api";
import type { Chains } from "./chains";
import { type Ack, Channel } from "./channel";
import type { Env } from "./env";
import type { Keyring } from "./keyring";
import type { Logs } from "./logs";
import { asProblem } from "./problems";
import type { Self } from "./self";
import { isNetwork, type Transport } from "./transport";
import type { Store } from "../storage/store";

/** How often a change is tried again when somebody else was quicker. */
export const RACES = 10;

export interface Parts {
  env: Env;
  store: Store;
  self: Self;
  transport: Transport;
  chains: Chains;
  keys: Keyring;
  logs: Logs;
}

/** What the core tells the engine. */
export interface Listener {
  /** Events still to fetch. */
  behind(events: number): void;
  slot(conversation: Hex, event: Uint8Array): void;
  /** What is said about floors, and live voice. */
  voice(frame: FloorFrame | VoiceFrame): void;
  /** A refusal that answers no message. */
  refused(reference: Hex, problem: Problem): void;
  alarm(frame: AlarmFrame | BoardFrame): void;
  ended(problem: Problem): void;
}

/** The connection of one device: signs in, catches up, takes what comes live, asks for keys that are lacking. */
export class Core {
  private channel: Channel | null = null;
  private readonly statements = new Map<Hex, Map<number, Uint8Array>>();
  private readonly behind = new Map<Hex, number>();
  private synced: (() => void) | null = null;
  private caughtUp = false;

  constructor(
    readonly parts: Parts,
    private readonly listener: Listener,
  ) {}

  /** Signed in, caught up, and what the server showed does fit: nothing is sent before. */
  get connected(): boolean {
    return this.channel !== null && this.caughtUp;
  }

  /** Sign in and catch up; gives the server's clock. Throws Problem. */
  async open(): Promise<number> {
    this.close();
    const { self, transport, chains, logs } = this.parts;
    const end = (problem: Problem): void => {
      this.channel = null;
      this.synced?.();
      this.listener.ended(problem);
    };
    const { channel, serverTime } = await Channel.open(
      transport.base,
      self.row.device,
      self.signing,
      (frame) => {
        this.frame(frame);
      },
      end,
    );
    this.channel = channel;
    this.caughtUp = this.allSynced = false;
    this.behind.clear();
    await chains.refresh();
    // Closed meanwhile: nobody would say any more that it is synced.
    if (this.channel !== channel) throw new Problem("no_connection", "lost while signing in");
    const done = new Promise<void>((resolve) => (this.synced = resolve));
    channel.send({ tag: "sync", cursors: [...logs.rows.values()].map((row) => [unhex(row.id), row.lastSeq]) });
    await done;
    await Promise.all([...logs.rows.keys()].map((id) => logs.turn(id, () => this.fill(id))));
    await this.answerRepairs();
    if (this.channel !== channel) throw new Problem("no_connection", "lost while catching up");
    this.caughtUp = true;
    return serverTime;
  }

  close(): void {
    this.channel?.close();
    this.channel = null;
    this.synced?.();
  }

  /** Tell the server whether the app is in front; without a connection there is nothing to tell. */
  show(shown: boolean): void {
    this.channel?.send({ tag: "shown", shown });
  }

  /** Send an event and wait for its ack; `quiet`: nobody is woken by it. Throws Problem. */
  async send(event: Uint8Array, id: Hex, blobs: Uint8Array[], quiet: boolean): Promise<Ack> {
    if (!this.channel) throw new Problem("no_connection");
    return this.channel.ask({ tag: "send", event, blobs, quiet }, id);
  }

  async writeSlot(event: Uint8Array, id: Hex): Promise<void> {
    if (!this.channel) throw new Problem("no_connection");
    await this.channel.ask({ tag: "slot", event }, id);
  }

  /** Send a frame that has no ack; without a connection it is gone. */
  tell(frame: ClientFrame): void {
    this.channel?.send(frame);
  }

  /** Bytes that the socket has not taken yet. */
  get backlog(): number {
    return this.channel?.backlog ?? 0;
  }

  private frame(frame: ServerFrame): void {
    switch (frame.tag) {
      case "page":
        this.page(frame);
        return;
      case "synced":
        this.finish(true);
        return;
      case "event":
        this.event(hex(frame.conversation), { ...frame, hash: new Uint8Array() });
        return;
      case "slot_changed":
        this.listener.slot(hex(frame.conversation), frame.event);
        return;
      case "chain":
        this.quietly(this.parts.chains.refresh());
        return;
      case "alarm":
      case "alarm_board":
        this.listener.alarm(frame);
        return;
      case "repair":
        if (hex(frame.user) !== this.parts.self.user) this.quietly(this.answerRepairs());
        else this.quietly(this.turn(hex(frame.conversation), () => this.fill(hex(frame.conversation))));
        return;
      case "floor_granted":
      case "floor_queued":
      case "floor_taken":
      case "floor_released":
      case "voice":
        this.listener.voice(frame);
        return;
      case "refused":
        this.listener.refused(hex(frame.reference), new Problem(frame.code, frame.detail));
        return;
      default:
    }
  }

  private allSynced = false;

  /** Catching up is over when the server has said so and no page is under way. */
  private finish(synced = this.allSynced): void {
    this.allSynced = synced;
    this.tellBehind();
    if (synced && this.behind.size === 0) {
      this.synced?.();
      this.synced = null;
    }
  }

  private tellBehind(): void {
    this.listener.behind([...this.behind.values()].reduce((sum, n) => sum + n, 0));
  }

  private page(page: ServerFrame & { tag: "page" }): void {
    const id = hex(page.conversation);
    this.behind.set(id, Math.max(1, page.lastSeq - this.parts.logs.cursor(id)));
    // Said before the work: opening a whole page takes a phone some seconds.
    this.tellBehind();
    const task = this.turn(id, async () => {
      await this.take(id, page.events);
      const cursor = this.parts.logs.cursor(id);
      const moved = page.events.some((event) => event.seq === cursor);
      if (page.more && moved && this.channel) {
        this.behind.set(id, page.lastSeq - cursor);
        this.channel.send({ tag: "fetch", conversation: page.conversation, after: cursor, limit: 500 });
        this.finish();
        return;
      }
      this.behind.delete(id);
      this.finish();
    });
    task.catch((error: unknown) => {
      this.behind.delete(id);
      this.finish();
      this.fault(error);
    });
  }

  private event(id: Hex, logged: Logged): void {
    this.quietly(
      this.turn(id, async () => {
        if (logged.seq > this.parts.logs.cursor(id) + 1) await this.fetchFrom(id);
        else await this.take(id, [logged]);
        await this.fill(id);
      }),
    );
  }

  /** Ingest events; statements from before this member's time are fetched beside them. Call within `turn`. */
  async take(id: Hex, events: readonly Logged[]): Promise<void> {
    const { logs } = this.parts;
    let full = events;
    if (events.some((event) => event.event.length === 0)) {
      const known = await this.oldStatements(id);
      full = events.map((one) => (one.event.length === 0 ? { ...one, event: known.get(one.seq) ?? one.event } : one));
    }
    try {
      await logs.ingest(id, full);
    } catch (error) {
      // One spoilt conversation must not take the others along; nothing is sent there any more.
      if (!logs.rows.get(id)?.blocked) throw error;
    }
    // The log is ahead of them now.
    if (await logs.state(id)) this.statements.delete(id);
  }

  private async oldStatements(id: Hex): Promise<Map<number, Uint8Array>> {
    let known = this.statements.get(id);
    if (!known) {
      const page = await this.parts.transport.call<EventPage>("GET", `/v1/conversations/${id}/statements`);
      known = new Map(page.events.map((one) => [one.seq, fromB64(one.event)]));
      this.statements.set(id, known);
    }
    return known;
  }

  /** Fetch what is new in one conversation. Call within `turn`. */
  async fetchFrom(id: Hex): Promise<void> {
    const { logs, transport } = this.parts;
    for (;;) {
      const after = logs.cursor(id);
      const page = await transport.call<EventPage>("GET", `/v1/conversations/${id}/events`, { query: { after } });
      const events = page.events.map((one) => ({ ...one, event: fromB64(one.event), hash: fromB64(one.hash) }));
      await this.take(id, events);
      if (logs.cursor(id) >= page.last_seq || logs.cursor(id) === after) return;
    }
  }

  catchUp(id: Hex): Promise<void> {
    return this.turn(id, async () => {
      await this.fetchFrom(id);
      await this.fill(id);
    });
  }

  turn<T>(id: Hex, task: () => Promise<T>): Promise<T> {
    return this.parts.logs.turn(id, task);
  }

  /** Fetch lacking keys, open what can be opened, ask the members for the rest. Call within `turn`. */
  async fill(id: Hex): Promise<void> {
    const { logs, keys, transport, self } = this.parts;
    const state = await logs.state(id);
    if (!state?.isMember(self.row.user)) return;
    const lacking = await logs.missing(id);
    if (lacking.length === 0 && (await keys.parts(id, state.generation))) return;
    try {
      await keys.fetch(state);
    } catch (error) {
      if (error instanceof Problem && !isNetwork(error)) return;
      throw error;
    }
    await logs.fillIn(id);
    for (const generation of await logs.missing(id)) {
      if (!state.entitled(self.row.user, generation)) continue;
      await transport.call("POST", `/v1/conversations/${id}/repairs`, { body: { generation } }).catch(ignoreRefusal);
    }
  }

  /** Answer the members' open questions that this device can and may. [M27] */
  async answerRepairs(): Promise<void> {
    const { logs, keys, transport, chains } = this.parts;
    const answer = await transport.call<Repairs>("GET", "/v1/repairs");
    for (const repair of answer.repairs) {
      const id = hex(fromB64(repair.conversation));
      const asker = fromB64(repair.user);
      const state = await logs.state(id);
      if (!state?.entitled(asker, repair.generation)) continue;
      const parts = await keys.parts(id, repair.generation);
      if (!parts) continue;
      const user = await chains.refreshUser(hex(asker));
      const { record } = state.generations.get(repair.generation)!;
      const [boxGeneration, box] = await sealRepair(state.id, record, parts, user);
      const body = { generation: repair.generation, user: repair.user, box_generation: boxGeneration, box: toB64(box) };
      await transport.call("PUT", `/v1/conversations/${id}/repairs`, { body }).catch(ignoreRefusal);
    }
  }

  /** Live work that fails ends the connection: the next one catches up, and does it again. */
  private quietly(task: Promise<unknown>): void {
    const { channel } = this;
    task.catch((error: unknown) => {
      // What failed under an earlier connection says nothing against the one there is now.
      if (this.channel === channel) this.fault(error);
    });
  }

  private fault(error: unknown): void {
    if (error instanceof Problem && error.code === "not_found") return;
    const problem = asProblem(error);
    this.close();
    this.listener.ended(problem);
  }
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Problem) || isNetwork(error)) throw error;
}
