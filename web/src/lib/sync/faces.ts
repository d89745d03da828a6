import { equal, hex, type Hex, unhex } from "../protocol/bytes";
import { ProtocolError } from "../protocol/errors";
import { sha256 } from "../protocol/kdf";
import { openPicture, PictureKey, readPictureKey, sealPicture } from "../protocol/picture";
import { SlotType } from "../protocol/slots";
import { makeAvatar } from "../photo/make";
import { PictureRefused } from "../photo/refused";
import { fromB64, type Picture } from "../wire/api";
import { Problem } from "./api";
import type { Core } from "./core";
import type { Office } from "./office";
import type { Slot, SlotKind, Slots } from "./slots";

/**
 * Profile pictures (docs/protocol.md, 4.2 and 7, slot type 3): the server holds them sealed, their keys travel in
 * slots to those who share a conversation with the person. Shown is only what the signed profile names. [M41]
 */
export class Faces implements SlotKind {
  readonly type = SlotType.PICTURE_KEY;
  readonly remembers = false;
  private readonly counters = new Map<string, number>();
  /** In which generation of a conversation the own key stands, and for which picture ("" for none). */
  private readonly written = new Map<Hex, { generation: number; digest: string }>();
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly core: Core,
    private readonly slots: Slots,
    private readonly office: Office,
  ) {}

  seen(conversation: Hex, user: Hex): number {
    return this.counters.get(`${conversation}/${user}`) ?? -1;
  }

  async keep(conversation: Hex, user: Hex, slot: Slot): Promise<void> {
    const { key, digest } = readPictureKey(slot.value);
    this.counters.set(`${conversation}/${user}`, slot.counter);
    const { chains, logs, self } = this.core.parts;
    if (user === self.user) {
      const generation = (await logs.state(conversation))?.generation ?? 0;
      this.written.set(conversation, { generation, digest: digest ? hex(digest) : "" });
    }
    const row = chains.people.get(user);
    if (!row || !key || !digest) return;
    if (row.pictureKey && equal(row.pictureKey.digest, digest)) return;
    // A slot of another conversation may be older: it must not take the right key away.
    const named = chains.pictureOf(user);
    if (row.pictureKey && named && equal(row.pictureKey.digest, named)) return;
    await chains.changePerson(user, { pictureKey: { key, digest } });
    await this.fetch(user);
  }

  /** Fetch the pictures whose keys are here and which a profile names by now. */
  async refresh(): Promise<void> {
    for (const user of this.core.parts.chains.people.keys()) await this.fetch(user);
  }

  private async fetch(user: Hex): Promise<void> {
    const { chains, transport } = this.core.parts;
    const [named, row] = [chains.pictureOf(user), chains.people.get(user)];
    if (!named || !row?.pictureKey || !equal(row.pictureKey.digest, named)) return;
    if (row.picture && row.pictureHash && equal(row.pictureHash, named)) return;
    try {
      const { picture } = await transport.call<Picture>("GET", `/v1/people/${user}/picture`);
      const shown = await openPicture(row.pictureKey.key, unhex(user), named, fromB64(picture));
      await chains.changePerson(user, { picture: shown, pictureHash: named });
    } catch (error) {
      // Another one meanwhile, or not what the person signed: it is not shown.
      if (!(error instanceof ProtocolError) && !(error instanceof Problem)) throw error;
    }
  }

  /** Show this picture, or none. Throws Problem: the picture's fault, or no connection. */
  async set(file: Blob | null): Promise<void> {
    const { chains, env, self } = this.core.parts;
    await chains.load();
    if (file === null) {
      await this.office.setPicture(null);
      await chains.changePerson(self.user, { picture: null, pictureHash: undefined, pictureKey: undefined });
    } else {
      const picture = await made(file);
      const key = env.random(32);
      const sealed = await sealPicture(key, env.random(12), self.row.user, picture);
      const digest = sha256(sealed);
      await this.office.setPicture({ digest, sealed });
      await chains.changePerson(self.user, { picture, pictureHash: digest, pictureKey: { key, digest } });
    }
    this.tell();
  }

  /** Write the own key wherever the newest generation does not have it yet. */
  tell(): void {
    this.writing = this.writing.then(() => this.write()).catch(ignore);
  }

  private async write(): Promise<void> {
    const { chains, logs, self } = this.core.parts;
    const named = chains.pictureOf(self.user);
    const held = chains.people.get(self.user)?.pictureKey;
    // This device may not have the key yet; one that has it writes.
    if (named && !(held && equal(held.digest, named))) return;
    const digest = named ? hex(named) : "";
    for (const [conversation, row] of logs.rows) {
      const state = row.member ? await logs.state(conversation) : null;
      if (!state || !this.core.connected) continue;
      const before = this.written.get(conversation);
      const there = before?.generation === state.generation ? before.digest : "";
      if (there === digest) continue;
      const value = PictureKey.toMap(
        named && held ? { key: held.key, digest: named } : { key: undefined, digest: undefined },
      );
      try {
        const counter = await this.slots.write(conversation, this.type, value, { waits: true });
        if (counter !== null) this.written.set(conversation, { generation: state.generation, digest });
      } catch (error) {
        // A new generation is on its way, or the connection went: it is looked at again then.
        ignore(error);
      }
    }
  }
}

async function made(file: Blob): Promise<Uint8Array> {
  try {
    return await makeAvatar(file);
  } catch (error) {
    throw error instanceof PictureRefused ? new Problem(error.code, error.message) : error;
  }
}

function ignore(error: unknown): void {
  if (!(error instanceof Problem) && !(error instanceof ProtocolError)) throw error;
}
