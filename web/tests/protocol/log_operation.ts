import { hex, unhex, utf8 } from "../../src/lib/protocol/bytes";
import { decode, encode } from "../../src/lib/protocol/cbor";
import { ProtocolError } from "../../src/lib/protocol/errors";
import { parseEvent } from "../../src/lib/protocol/events";
import { Parts } from "../../src/lib/protocol/generation";
import { Store } from "../../src/lib/storage/store";
import { Problem } from "../../src/lib/sync/api";
import type { Chains } from "../../src/lib/sync/chains";
import type { Keyring } from "../../src/lib/sync/keyring";
import { contentOf } from "../../src/lib/sync/lines";
import { Logs } from "../../src/lib/sync/logs";
import type { Inputs } from "./case";
import { replayOrganisation, replayUsers, statements } from "./chain_operations";

const NAME = "vectors-log";

/** A whole log through the engine's own Logs and store: chains and keys are those of the case. */
export async function log(v: Inputs): Promise<Record<string, Uint8Array>> {
  const users = await replayUsers(v);
  const founded = await replayOrganisation(statements(v["organisation"]), users);
  const parts = new Map(decode(v["parts"]!) as [number, Uint8Array][]);
  const events = decode(v["events"]!) as [number, Uint8Array][];
  const id = parseEvent(events[0]![1]).header.conversation;
  const secret = (conversation: Uint8Array, generation: number): Uint8Array | null => {
    const held = parts.get(generation);
    return held ? Parts.fromBytes(held).secret(conversation, generation) : null;
  };
  const chains = { users, founded, refresh: () => Promise.resolve() };
  const keys = { self: { user: hex(v["user"]!), row: { user: v["user"]! } }, secret };
  const store = await Store.open(NAME);
  try {
    const logs = new Logs(store, chains as unknown as Chains, keys as unknown as Keyring, () => undefined);
    const logged = events.map(([time, event], at) => ({ seq: at + 1, time, event, hash: new Uint8Array() }));
    await logs.turn(hex(id), () => logs.ingest(hex(id), logged));
    for (const [generation, late] of decode(v["late"]!) as [number, Uint8Array][]) parts.set(generation, late);
    await logs.turn(hex(id), () => logs.fillIn(hex(id)));
    const shown = await store.shown(hex(id), { after: 0 }, 100);
    const lines = shown.flatMap((row) => {
      const content = row.content ? contentOf(row.content) : null;
      const words = row.deleted ? "" : content?.type === "text" || content?.type === "alarm" ? content.text : null;
      return words === null ? [] : [[row.seq, unhex(row.sender), row.edited ?? words]];
    });
    return { head: logs.seen(hex(id)).head, lines: encode(lines), title: utf8(logs.rows.get(hex(id))!.title) };
  } catch (error) {
    throw error instanceof Problem ? new ProtocolError(error.detail) : error;
  } finally {
    store.close();
    await Store.destroy(NAME);
  }
}
