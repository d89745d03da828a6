import type { Hex } from "../protocol/bytes";
import { ProtocolError } from "../protocol/errors";
import type { RawMap } from "../protocol/records";
import { SlotType } from "../protocol/slots";
import type { SlotRow } from "../storage/rows";
import { Problem } from "./api";
import type { Core } from "./core";
import type { Slot, SlotKind, Slots } from "./slots";
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
export class Receipts implements SlotKind {
  private readonly rows = new Map<Hex, Map<Hex, SlotRow>>();
  private readonly wanted = new Set<Hex>();
  private timer: ReturnType<typeof setTimeout> | null = null;

  readonly type = SlotType.READ_MARKER;
  readonly remembers = true;

  constructor(
    private readonly core: Core,
    private readonly slots: Slots,
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

  seen(conversation: Hex, user: Hex): number {
    return this.of(conversation).get(user)?.counter ?? -1;
  }

  /** Somebody has received or read more; the own one tells what another device has read. */
  async keep(conversation: Hex, user: Hex, slot: Slot): Promise<void> {
    const { logs, store, self } = this.core.parts;
    const [read, delivered] = [slot.value.get(0), slot.value.get(1)];
    const row: SlotRow = {
      counter: slot.counter,
      read: typeof read === "number" ? read : 0,
      delivered: typeof delivered === "number" ? delivered : 0,
    };
    this.of(conversation).set(user, row);
    await store.put("slot", [conversation, user], row);
    if (user === self.user) await logs.markRead(conversation, row.read);
    this.changed(conversation);
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
    const { logs, self, store } = this.core.parts;
    // A new device first learns what the person has read elsewhere, instead of writing over it.
    if (!this.of(conversation).has(self.user)) await this.slots.refresh(conversation);
    const mine = this.of(conversation).get(self.user);
    // It may have learned that before it had the messages.
    if (mine && (await logs.markRead(conversation, mine.read))) this.changed(conversation);
    const row = logs.rows.get(conversation);
    if (!row) return;
    const read = this.enabled() ? Math.max(row.readSeq, mine?.read ?? 0) : 0;
    if (mine && mine.read >= read && mine.delivered >= row.lastSeq) return;
    const delivered = row.lastSeq;
    const value: RawMap = new Map([
      [0, read],
      [1, delivered],
    ]);
    const counter = await this.slots.write(conversation, this.type, value, { waits: true });
    if (counter === null) return;
    const slot = { counter, read, delivered };
    this.of(conversation).set(self.user, slot);
    await store.put("slot", [conversation, self.user], slot);
  }
}
