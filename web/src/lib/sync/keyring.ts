import { hex, type Hex } from "../protocol/bytes";
import { BoxKey } from "../protocol/boxes";
import type { Author } from "../protocol/author";
import type { ConversationState } from "../protocol/conversation";
import { ProtocolError } from "../protocol/errors";
import { openBox, openRepair, Parts } from "../protocol/generation";
import { openGrant } from "../protocol/grants";
import { allSeeds, openSeed } from "../protocol/seeds";
import { Batch, type Store } from "../storage/store";
import { type Box, type Boxes, fromB64, type Seals } from "../wire/api";
import type { Chains } from "./chains";
import type { Self } from "./self";
import type { Transport } from "./transport";

/** This device's keys: the user's box seeds, and the parts and secrets of the conversations' generations. */
export class Keyring {
  private readonly boxes = new Map<number, BoxKey>();
  private readonly secrets = new Map<string, Uint8Array>();

  constructor(
    private readonly store: Store,
    private readonly chains: Chains,
    private readonly transport: Transport,
    readonly self: Self,
  ) {}

  /** This device, as it signs statements now. */
  author(): Author {
    return { user: this.chains.user(this.self.user), device: this.self.row.device, key: this.self.signing };
  }

  /** The newest user box seed, fetched if another device made a new generation. */
  async seed(): Promise<Uint8Array> {
    const state = this.chains.user(this.self.user);
    const held = await this.store.get("seed", state.box.number);
    if (held) return held.seed;
    const sealed = await this.transport.call<Seals>("GET", "/v1/me/seal");
    const newest = await openSeed(this.self.box, state, this.self.row.device, fromB64(sealed.box));
    const batch = new Batch();
    for (const [generation, seed] of await allSeeds(state, newest)) batch.put("seed", generation, { seed });
    await this.store.write(batch);
    return newest;
  }

  async seeds(): Promise<Map<number, Uint8Array>> {
    const [keys, rows] = await Promise.all([this.store.keys("seed"), this.store.all("seed")]);
    return new Map(keys.map((key, index) => [key as number, rows[index]!.seed]));
  }

  private async boxKey(generation: number): Promise<BoxKey | null> {
    let key = this.boxes.get(generation);
    if (!key) {
      const row = await this.store.get("seed", generation);
      if (!row) return null;
      key = await BoxKey.fromSeed(row.seed);
      this.boxes.set(generation, key);
    }
    return key;
  }

  /** All generations' parts held for a conversation. */
  async held(conversation: Hex): Promise<Map<number, Parts>> {
    const range = IDBKeyRange.bound([conversation], [conversation, []]);
    const [keys, rows] = await Promise.all([this.store.keys("parts", range), this.store.all("parts", range)]);
    return new Map(keys.map((key, index) => [(key as [Hex, number])[1], Parts.fromBytes(rows[index]!.parts)]));
  }

  async parts(conversation: Hex, generation: number): Promise<Parts | null> {
    const row = await this.store.get("parts", [conversation, generation]);
    return row ? Parts.fromBytes(row.parts) : null;
  }

  /** S_g, or null when its parts are not held. */
  async secret(conversation: Uint8Array, generation: number): Promise<Uint8Array | null> {
    const name = `${hex(conversation)}/${generation}`;
    let secret = this.secrets.get(name);
    if (!secret) {
      const parts = await this.parts(hex(conversation), generation);
      if (!parts) return null;
      secret = parts.secret(conversation, generation);
      this.secrets.set(name, secret);
    }
    return secret;
  }

  /** Store parts that fit their commitments. */
  async keep(conversation: Hex, generation: number, parts: Parts): Promise<void> {
    await this.store.put("parts", [conversation, generation], { parts: parts.toBytes() });
  }

  /** Fetch and open every box of the conversation that is not held yet; true if anything new opened. */
  async fetch(state: ConversationState): Promise<boolean> {
    await this.seed();
    const conversation = hex(state.id);
    const have = await this.held(conversation);
    const answer = await this.transport.call<Boxes>("GET", `/v1/conversations/${conversation}/boxes`, {
      query: { after: 0 },
    });
    let found = false;
    for (const box of answer.boxes) {
      if (box.kind === "holder") continue;
      let lacking = false;
      for (let g = box.first; g <= box.generation; g++) lacking ||= !have.has(g);
      if (!lacking) continue;
      try {
        for (const [generation, parts] of await this.open(state, box)) {
          await this.keep(conversation, generation, parts);
          have.set(generation, parts);
          found = true;
        }
      } catch (error) {
        // A box that does not open (spoilt, or not for us) is no reason to stop: repair asks for another.
        if (!(error instanceof ProtocolError)) throw error;
      }
    }
    return found;
  }

  private async open(state: ConversationState, box: Box): Promise<ReadonlyMap<number, Parts>> {
    const none = new Map<number, Parts>();
    const made = state.generations.get(box.generation);
    if (!made) return none;
    const me = this.self.row.user;
    const data = fromB64(box.box);
    if (box.kind === "generation") {
      const recipient = made.recipient(me);
      const key = recipient ? await this.boxKey(recipient.boxGeneration) : null;
      if (!recipient || !key) return none;
      return new Map([[box.generation, await openBox(key, state.id, made.record, recipient, data)]]);
    }
    const key = await this.boxKey(box.box_generation);
    if (!key) return none;
    if (box.kind === "repair") {
      const parts = await openRepair(key, state.id, made.record, me, box.box_generation, data);
      return new Map([[box.generation, parts]]);
    }
    const grant = state.grants.find(
      (one) => hex(one.user) === this.self.user && one.first === box.first && one.last === box.generation,
    );
    if (!grant) return none;
    const records = new Map([...state.generations].map(([number, generation]) => [number, generation.record]));
    return openGrant(key, state.id, records, [box.first, box.generation], me, box.box_generation, data, grant.box);
  }
}
