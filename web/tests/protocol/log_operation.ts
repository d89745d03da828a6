import { hex, unhex } from "../../src/lib/protocol/bytes";
import { decode, encode } from "../../src/lib/protocol/cbor";
import { ProtocolError } from "../../src/lib/protocol/errors";
import { parseEvent } from "../../src/lib/protocol/events";
import { Parts } from "../../src/lib/protocol/generation";
import { OPENED } from "../../src/lib/storage/rows";
import { Store } from "../../src/lib/storage/store";
import { Problem } from "../../src/lib/sync/api";
import type { Chains } from "../../src/lib/sync/chains";
import type { Keyring } from "../../src/lib/sync/keyring";
import { contentOf } from "../../src/lib/sync/lines";
import { Logs, type Taken } from "../../src/lib/sync/logs";
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
  const taken: Taken[] = [];
  const store = await Store.open(NAME);
  try {
    const logs = new Logs(store, chains as unknown as Chains, keys as unknown as Keyring, (one) => taken.push(one));
    const logged = events.map(([time, event], at) => ({ seq: at + 1, time, event, hash: new Uint8Array() }));
    await logs.turn(hex(id), () => logs.ingest(hex(id), logged));
    const opened = taken.flatMap((one) => one.lines).filter((row) => row.state === OPENED && row.content);
    const lines = opened.map((row) => {
      const content = contentOf(row.content!);
      return [row.seq, unhex(row.sender), content.type === "text" ? content.text : ""];
    });
    return { head: logs.seen(hex(id)).head, lines: encode(lines) };
  } catch (error) {
    throw error instanceof Problem ? new ProtocolError(error.detail) : error;
  } finally {
    store.close();
    await Store.destroy(NAME);
  }
}
