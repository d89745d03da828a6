import { hex, type Hex, unhex } from "../protocol/bytes";
import { ProtocolError } from "../protocol/errors";
import { EventKind, parseEvent } from "../protocol/events";
import type { RawMap } from "../protocol/records";
import { openSlot, sealSlot, slotTag, type SlotType } from "../protocol/slots";
import { fromB64, type Slots as SlotsBody } from "../wire/api";
import { Problem } from "./api";
import { type Core, RACES } from "./core";
import type { Outbox } from "./outbox";

export type Slot = Awaited<ReturnType<typeof openSlot>>[1];

/** What knows one type of slot. A slot whose counter is not above `seen` never reaches `keep`. [M33] */
export interface SlotKind {
  readonly type: SlotType;
  /** Whether `seen` outlasts a restart; where it does not, the highest counters are kept here. */
  readonly remembers: boolean;
  /** The highest counter seen from that person there, -1 for none. */
  seen(conversation: Hex, user: Hex): number;
  keep(conversation: Hex, user: Hex, slot: Slot): Promise<void>;
}

/** Small sealed values, one per person, conversation and type (docs/protocol.md, 7): opened, handed on, written. */
export class Slots {
  private readonly kinds = new Map<number, SlotKind>();

  constructor(
    private readonly core: Core,
    /** Decides under what is sealed; null where slots are only read. */
    private readonly outbox: Outbox | null,
  ) {}

  add(kind: SlotKind): void {
    this.kinds.set(kind.type, kind);
  }

  /** Fetch the newest ones of a conversation. */
  async refresh(conversation: Hex): Promise<void> {
    const path = `/v1/conversations/${conversation}/slots`;
    const answer = await this.core.parts.transport.call<SlotsBody>("GET", path);
    for (const event of answer.events) await this.take(conversation, fromB64(event));
  }

  /** A slot came. What does not open is passed over: it is newest-wins, and the next one tells. */
  async take(conversation: Hex, data: Uint8Array): Promise<void> {
    const { logs, keys, chains } = this.core.parts;
    const state = await logs.state(conversation);
    if (!state) return;
    try {
      const event = parseEvent(data);
      const secret = await keys.secret(state.id, event.header.generation);
      if (!secret) return;
      // Counters are per type, and the type is known once it is open.
      const [sender, slot] = await openSlot(secret, event, state, chains.users, () => -1);
      const [kind, user] = [this.kinds.get(slot.type), hex(sender)];
      if (!kind || slot.counter <= kind.seen(conversation, user)) return;
      if (kind.remembers || (await this.current(conversation, user, slot))) await kind.keep(conversation, user, slot);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  /** Whether no newer one was seen before a restart: a server may bring an older one again. [M33] */
  private async current(conversation: Hex, user: Hex, { type, counter }: Slot): Promise<boolean> {
    const { store } = this.core.parts;
    const name = `slot/${conversation}/${user}/${String(type)}`;
    const seen = ((await store.get("kv", name)) as number | undefined) ?? -1;
    if (counter > seen) await store.put("kv", name, counter);
    return counter >= seen;
  }

  /**
   * Write the own value; gives its counter, or null where nothing can be sealed now. Where a new generation is due, it is
   * made first as for a message, unless the value `waits` until somebody makes it. [M23] [M24] Throws Problem.
   */
  async write(conversation: Hex, type: SlotType, value: RawMap, { waits = false } = {}): Promise<number | null> {
    const { logs, keys, self, chains, env } = this.core.parts;
    const { outbox } = this;
    if (!outbox) return null;
    for (let attempt = 0; ; attempt++) {
      const before = await logs.state(conversation);
      if (!before?.isMember(self.row.user) || outbox.danger(conversation)) return null;
      if (waits && outbox.due(conversation, before)) return null;
      const state = waits ? before : await outbox.ready(conversation);
      const secret = await keys.secret(state.id, state.generation);
      if (!secret) return null;
      const seen = this.kinds.get(type)?.seen(conversation, self.user) ?? -1;
      // Two devices of a person write the same slot: the time keeps the counter growing for both.
      const counter = Math.max(seen + 1, env.now());
      const messageId = env.random(16);
      const header = {
        conversation: unhex(conversation),
        generation: state.generation,
        device: self.row.device,
        messageId,
        kind: EventKind.SLOT,
        slotTag: slotTag(secret, state.id, state.generation, self.row.user, type),
      };
      const event = await sealSlot(
        secret,
        header,
        self.signing,
        state.newest.statement,
        chains.user(self.user).head,
        counter,
        type,
        value,
        env.random(12),
      );
      try {
        await this.core.writeSlot(event, hex(messageId));
        return counter;
      } catch (error) {
        const late = error instanceof Problem && error.code === "rekey_required";
        if (!late || waits || attempt === RACES - 1) throw error;
        await outbox.renew(conversation, state.generation);
      }
    }
  }
}
