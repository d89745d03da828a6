import { hex, type Hex, unhex } from "../protocol/bytes";
import { decode, encode } from "../protocol/cbor";
import { type Content, fromWire, toWire } from "../protocol/content";
import * as conv from "../protocol/conversation";
import type { ConversationState } from "../protocol/conversation";
import { ProtocolError } from "../protocol/errors";
import { EventKind, messageId as ownId } from "../protocol/events";
import { sealMessage } from "../protocol/messages";
import type { OutboxRow } from "../storage/rows";
import { Batch } from "../storage/store";
import { Problem } from "./api";
import { type Core, RACES } from "./core";
import type { Statements } from "./statements";
import { isNetwork } from "./transport";

const AGAIN_MS = 2_000;

/** Files that a message waits for: their attachment records when all are up, else null. */
export interface Uploads {
  /** Content with its attachments filled in, and their blobs; throws Problem when a file cannot go. */
  complete(row: OutboxRow): Promise<{ content: Content; blobs: Uint8Array[] } | null>;
}

/** What is to be sent is written down first, under its message id, and sent once, now or later. */
export class Outbox {
  readonly rows: OutboxRow[] = [];
  readonly sending = new Set<Hex>();
  private running: Promise<void> | null = null;
  private again = false;
  private waiting = false;
  /** Never given twice: a late write of one row must not meet another. */
  private position = 0;

  constructor(
    private readonly core: Core,
    private readonly statements: Statements,
    private readonly uploads: Uploads,
    private readonly changed: (row: OutboxRow, gone: boolean) => void,
  ) {}

  async load(): Promise<void> {
    this.rows.push(...(await this.core.parts.store.all("outbox")));
    this.position = this.rows.at(-1)?.position ?? 0;
  }

  /** Put a content into the outbox. Throws Problem `malformed` when it is too long. */
  async queue(
    conversation: Hex,
    content: Content,
    {
      id,
      files,
      sources,
      quiet,
    }: { id?: Hex | undefined; files?: Hex[]; sources?: OutboxRow["sources"]; quiet?: boolean } = {},
  ): Promise<OutboxRow> {
    const { env, store } = this.core.parts;
    const [kind, raw] = toWire(content);
    const body = encode(raw);
    try {
      fromWire(kind, decode(body) as Map<number, never>);
    } catch (error) {
      throw error instanceof ProtocolError ? new Problem("event_too_large", error.code) : error;
    }
    const row: OutboxRow = {
      position: ++this.position,
      messageId: id ? this.ownId(id) : this.freshId(),
      conversation,
      time: env.now(),
      kind,
      content: body,
      files: files ?? [],
      sources: sources ?? [],
      failure: "",
      quiet: quiet ?? false,
    };
    this.rows.push(row);
    await store.put("outbox", row.position, row);
    this.changed(row, false);
    return row;
  }

  /** A new message id of this device's. [M28] */
  freshId(): Hex {
    return hex(ownId(this.core.parts.self.row.device, this.core.parts.env.random(8)));
  }

  /** The id of this device's that begins as another random one; an id that is its own stays as it is. [M28] */
  ownId(id: Hex): Hex {
    return hex(ownId(this.core.parts.self.row.device, unhex(id).subarray(0, 8)));
  }

  contentOf(row: OutboxRow): Content {
    return fromWire(row.kind, decode(row.content) as Map<number, never>);
  }

  find(message: Hex): OutboxRow | undefined {
    return this.rows.find((row) => row.messageId === message);
  }

  async change(message: Hex, change: Partial<OutboxRow>): Promise<void> {
    const index = this.rows.findIndex((row) => row.messageId === message);
    if (index < 0) return;
    const row = { ...this.rows[index]!, ...change };
    this.rows[index] = row;
    await this.core.parts.store.put("outbox", row.position, row);
    this.changed(row, false);
  }

  async drop(message: Hex): Promise<void> {
    const index = this.rows.findIndex((row) => row.messageId === message);
    if (index < 0) return;
    const [row] = this.rows.splice(index, 1);
    await this.core.parts.store.write(new Batch().remove("outbox", row!.position));
    this.changed(row!, true);
  }

  /** Send what waits, in order; what waits for a file lets others of other conversations pass. */
  flush(): Promise<void> {
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.round().finally(() => {
      this.running = null;
      if (this.again) {
        this.again = false;
        void this.flush();
      }
    });
    return this.running;
  }

  /** A request was lost and the connection may stand all the same: then nothing else would send what waits. */
  later(): void {
    if (this.waiting || !this.core.connected) return;
    this.waiting = true;
    void this.core.parts.env.pause(AGAIN_MS).then(() => {
      this.waiting = false;
      return this.flush();
    });
  }

  private async round(): Promise<void> {
    const held = new Set<Hex>();
    for (const row of [...this.rows]) {
      if (!this.core.connected) return;
      if (row.failure || held.has(row.conversation) || !this.find(row.messageId)) continue;
      try {
        const whole = await this.uploads.complete(row);
        if (!whole) {
          // Later texts may pass a photo that is still on its way.
          continue;
        }
        await this.send(row, whole.content, whole.blobs);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (isNetwork(error)) {
          this.later();
          return;
        }
        held.add(row.conversation);
        await this.change(row.messageId, { failure: error.code });
      }
    }
  }

  private async send(row: OutboxRow, content: Content, blobs: Uint8Array[]): Promise<void> {
    const { logs, env } = this.core.parts;
    const id = row.conversation;
    this.sending.add(row.messageId);
    this.changed(row, false);
    try {
      for (let attempt = 0; attempt < RACES; attempt++) {
        this.checkSafe(id);
        const state = await this.ready(id);
        const event = await this.seal(state, unhex(row.messageId), content);
        try {
          const ack = await this.core.send(event, row.messageId, blobs, row.quiet ?? false);
          await this.core.turn(id, async () => {
            // Where it is a repeat, logged is what an earlier attempt has sealed, which was not these bytes.
            if (logs.cursor(id) === ack.seq - 1 && !ack.repeated) {
              await this.core.take(id, [{ seq: ack.seq, time: ack.time, event, hash: new Uint8Array() }]);
            } else if (logs.cursor(id) < ack.seq) await this.core.fetchFrom(id);
          });
          await this.drop(row.messageId);
          return;
        } catch (error) {
          if (!(error instanceof Problem) || attempt === RACES - 1) throw error;
          if (error.code === "rekey_required") await this.renew(id, state.generation);
          else if (error.code === "rate_limited" || error.code === "stale") {
            await env.pause(Math.min(2000, 100 * 2 ** attempt));
          } else throw error;
        }
      }
    } finally {
      this.sending.delete(row.messageId);
      const left = this.find(row.messageId);
      if (left) this.changed(left, false);
    }
  }

  /** Throws Problem `unsafe` when nothing may be sent there until a person has looked. */
  checkSafe(id: Hex): void {
    const danger = this.danger(id);
    if (danger) throw danger;
  }

  /** Why nothing may be sent there until a person has looked, or null. */
  danger(id: Hex): Problem | null {
    const { logs, chains } = this.core.parts;
    const row = logs.rows.get(id);
    if (row?.blocked) return new Problem("unsafe", row.blocked);
    return row?.members.some((user) => chains.changedKeys(user)) ? new Problem("verification_required") : null;
  }

  /** The state to seal under: newest generation, own pin not stale, no rekey due, its parts held. [M23] [M24] */
  async ready(id: Hex): Promise<ConversationState> {
    const { logs, keys, self } = this.core.parts;
    let state = await logs.require(id);
    if (!state.isMember(self.row.user)) throw new Problem("not_found", "not a member");
    const due = this.due(id, state);
    if (!due && !(await keys.parts(id, state.generation))) await keys.fetch(state);
    // Our own box is lost: rather than wait for a repair, make a generation that we hold.
    if (due || !(await keys.parts(id, state.generation))) {
      await this.statements.rekey(id);
      state = await logs.require(id);
    }
    return state;
  }

  /** Whether nothing is to be sealed under the newest generation any more, until the next is made. [M23] [M24] */
  due(id: Hex, state: ConversationState): boolean {
    const { logs, chains, env, self } = this.core.parts;
    if (conv.ownPinStale(state, chains.user(self.user))) return true;
    const events = logs.cursor(id) - (logs.rows.get(id)?.generationSeq ?? 0);
    return conv.rekeyDue(state, chains.founded, chains.users, events, env.now()) !== null;
  }

  /** An event for a conversation as it is now, for requests that bring their message along. */
  async sealed(id: Hex, messageId: Uint8Array, content: Content): Promise<Uint8Array> {
    this.checkSafe(id);
    return this.seal(await this.ready(id), messageId, content);
  }

  /**
   * The server takes nothing under `generation` any more: learn why, and make the next. Often somebody else has made it
   * meanwhile; theirs serves as well.
   */
  async renew(id: Hex, generation: number): Promise<void> {
    const { chains, logs } = this.core.parts;
    await chains.refresh();
    await this.core.catchUp(id);
    if ((await logs.require(id)).generation === generation) await this.statements.rekey(id);
  }

  private async seal(state: ConversationState, messageId: Uint8Array, content: Content): Promise<Uint8Array> {
    const { keys, self, logs, env, chains } = this.core.parts;
    const secret = await keys.secret(state.id, state.generation);
    if (!secret) throw new Problem("unavailable", "key_missing");
    const header = {
      conversation: state.id,
      generation: state.generation,
      device: self.row.device,
      messageId,
      kind: EventKind.MESSAGE,
    };
    return sealMessage(
      secret,
      header,
      self.signing,
      state.newest.statement,
      chains.user(self.user).head,
      logs.seen(hex(state.id)),
      env.now(),
      content,
      env.random(12),
    );
  }
}
