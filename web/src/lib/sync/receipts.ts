import { hex, type Hex, unhex } from "../protocol/bytes";
import { ProtocolError } from "../protocol/errors";
import { EventKind, parseEvent } from "../protocol/events";
import type { RawMap } from "../protocol/records";
import { openSlot, sealSlot, slotTag, SlotType } from "../protocol/slots";
import type { SlotRow } from "../storage/rows";
import { fromB64, type Slots } from "../wire/api";
import { Problem } from "./api";
import type { Core } from "./core";
import { isNetwork } from "./transport";

/** How far everybody has received and read. */
export interface Marks {
  delivered: number;
  read: number;
}

/**
 * Read markers (docs/protocol.md, 7, slot type 1): what this person has read and this device received, sealed for the
 * conversation; and the others'. Small and late: a marker is written at most every few seconds.
 */
export class Receipts {
  private readonly rows = new Map<Hex, Map<Hex, SlotRow>>();
  private readonly wanted = new Set<Hex>();
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly core: Core,
    private readonly enabled: () => boolean,
    private readonly changed: (conversation: Hex) => void,
  ) {}

  async load(): Promise<void> {
    const { store } = this.core.parts;
    const [keys, rows] = await Promise.all([store.keys("slot"), store.all("slot")]);
    keys.forEach((key, index) => {
      const [conversation, user] = key as [Hex, Hex];
      this.of(conversation).set(user, rows[index]!);
    });
  }

  private of(conversation: Hex): Map<Hex, SlotRow> {
    let rows = this.rows.get(conversation);
    if (!rows) this.rows.set(conversation, (rows = new Map()));
    return rows;
  }

  /** The least of what the other members have: all of them must have it. */
  marks(conversation: Hex, members: readonly Hex[]): Marks {
    const { self } = this.core.parts;
    const rows = members.filter((user) => user !== self.user).map((user) => this.of(conversation).get(user));
    if (rows.length === 0) return { delivered: 0, read: 0 };
    return {
      delivered: Math.min(...rows.map((row) => Math.max(row?.delivered ?? 0, row?.read ?? 0))),
      read: Math.min(...rows.map((row) => row?.read ?? 0)),
    };
  }

  /** Fetch the newest markers; the own one tells what another device has read. */
  async refresh(conversation: Hex): Promise<void> {
    const path = `/v1/conversations/${conversation}/slots`;
    const answer = await this.core.parts.transport.call<Slots>("GET", path);
    for (const event of answer.events) await this.take(conversation, fromB64(event));
  }

  /** A slot came. What does not open is passed over: it is newest-wins, and the next one tells. */
  async take(conversation: Hex, data: Uint8Array): Promise<void> {
    const { logs, keys, chains, store, self } = this.core.parts;
    const state = await logs.state(conversation);
    if (!state) return;
    try {
      const event = parseEvent(data);
      const secret = await keys.secret(state.id, event.header.generation);
      if (!secret) return;
      const rows = this.of(conversation);
      const [user, slot] = await openSlot(secret, event, state, chains.users, (name) => rows.get(name)?.counter ?? -1);
      if (slot.type !== SlotType.READ_MARKER) return;
      const [read, delivered] = [slot.value.get(0), slot.value.get(1)];
      const row: SlotRow = {
        counter: slot.counter,
        read: typeof read === "number" ? read : 0,
        delivered: typeof delivered === "number" ? delivered : 0,
      };
      rows.set(hex(user), row);
      await store.put("slot", [conversation, hex(user)], row);
      if (hex(user) === self.user) await logs.markRead(conversation, row.read);
      this.changed(conversation);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  /** Something was received or read: tell it soon. */
  want(conversation: Hex): void {
    this.wanted.add(conversation);
    this.timer ??= setTimeout(() => {
      this.timer = null;
      void this.flush();
    }, 400);
  }

  private async flush(): Promise<void> {
    for (const conversation of [...this.wanted]) {
      if (!this.core.connected) return;
      this.wanted.delete(conversation);
      try {
        await this.write(conversation);
      } catch (error) {
        if (!(error instanceof Problem) && !(error instanceof ProtocolError)) throw error;
        if (isNetwork(error)) this.wanted.add(conversation);
      }
    }
  }

  private async write(conversation: Hex): Promise<void> {
    const { logs, keys, self, chains, env, store } = this.core.parts;
    const state = await logs.state(conversation);
    const row = logs.rows.get(conversation);
    if (!state?.isMember(self.row.user) || !row || row.blocked) return;
    const secret = await keys.secret(state.id, state.generation);
    if (!secret) return;
    const read = this.enabled() ? row.readSeq : 0;
    const mine = this.of(conversation).get(self.user);
    if (mine && mine.read >= read && mine.delivered >= row.lastSeq) return;
    // Two devices of a person write the same slot: the time keeps the counter growing for both.
    const counter = Math.max((mine?.counter ?? 0) + 1, env.now());
    const messageId = env.random(16);
    const header = {
      conversation: unhex(conversation),
      generation: state.generation,
      device: self.row.device,
      messageId,
      kind: EventKind.SLOT,
      slotTag: slotTag(secret, state.id, state.generation, self.row.user, SlotType.READ_MARKER),
    };
    const value: RawMap = new Map([
      [0, read],
      [1, row.lastSeq],
    ]);
    const event = await sealSlot(
      secret,
      header,
      self.signing,
      state.newest.statement,
      chains.user(self.user).head,
      counter,
      SlotType.READ_MARKER,
      value,
      env.random(12),
    );
    await this.core.writeSlot(event, hex(messageId));
    const slot = { counter, read, delivered: row.lastSeq };
    this.of(conversation).set(self.user, slot);
    await store.put("slot", [conversation, self.user], slot);
  }
}
