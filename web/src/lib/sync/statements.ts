import { hex, type Hex } from "../protocol/bytes";
import type { MadeConversation } from "../protocol/author";
import { Desk } from "../protocol/author";
import * as conv from "../protocol/conversation";
import type { ConversationState } from "../protocol/conversation";
import { ProtocolError } from "../protocol/errors";
import type { LogSeen } from "../protocol/statements";
import { type Appended, toB64 } from "../wire/api";
import { Problem } from "./api";
import { boxesBody } from "./bodies";
import { type Core, RACES } from "./core";

export type Make = (desk: Desk, state: ConversationState, seen: LogSeen) => Promise<MadeConversation | null>;

const UNSAFE = new Set(["anchor_unknown", "anchor_backwards", "pin_stale", "signature_invalid"]);

/** A statement that cannot be made: for most people, something that their role does not allow. */
export function refused(error: unknown): unknown {
  if (!(error instanceof ProtocolError)) return error;
  return new Problem(UNSAFE.has(error.code) ? "unsafe" : "forbidden", error.code);
}

/** Writing statements into conversations: made from the newest state, tried again after races. */
export class Statements {
  constructor(private readonly core: Core) {}

  desk(): Desk {
    const { keys, chains, env } = this.core.parts;
    return new Desk(keys.author(), chains.founded, chains.users, env.now(), (size) => env.random(size));
  }

  /** Make a statement with what is known now. Throws Problem. */
  async made(make: (desk: Desk) => Promise<MadeConversation>): Promise<MadeConversation> {
    try {
      return await make(this.desk());
    } catch (error) {
      throw refused(error);
    }
  }

  /** Log a statement; its parts are kept only after the server has acknowledged it. [M22] */
  async write(path: string, made: MadeConversation): Promise<void> {
    const { transport, keys, logs } = this.core.parts;
    const id = hex(made.state.id);
    await this.core.turn(id, async () => {
      const body = { event: toB64(made.event), boxes: boxesBody(made.boxes) };
      const answer = await transport.call<Appended>("POST", path, { body });
      if (made.parts) await keys.keep(id, made.state.generation, made.parts);
      if (logs.cursor(id) === answer.seq - 1) {
        await this.core.take(id, [{ ...answer, event: made.event, hash: new Uint8Array() }]);
      } else await this.core.fetchFrom(id);
    });
  }

  /** Make and log a statement; who loses a race looks at the new state and tries again. */
  async change(id: Hex, make: Make): Promise<void> {
    const { logs, chains, env } = this.core.parts;
    for (let attempt = 0; attempt < RACES; attempt++) {
      const state = await logs.require(id);
      let made: MadeConversation | null;
      try {
        made = await make(this.desk(), state, logs.seen(id));
      } catch (error) {
        throw refused(error);
      }
      if (!made) return;
      try {
        await this.write(`/v1/conversations/${id}/statements`, made);
        return;
      } catch (error) {
        const late = error instanceof Problem && (error.code === "stale" || error.code === "rekey_required");
        if (!late || attempt === RACES - 1) throw error;
        await env.pause(20 * 2 ** attempt);
        await chains.refresh();
        await this.core.catchUp(id);
      }
    }
  }

  /** Make the next generation, unless somebody else was quicker. */
  async rekey(id: Hex): Promise<void> {
    const { chains, logs, self } = this.core.parts;
    await chains.refresh();
    const start = (await logs.require(id)).generation;
    // Somebody else was quicker: theirs serves as well, unless it is sealed to old keys of ours. [M23]
    await this.change(id, async (desk, state, seen) =>
      state.generation === start || conv.ownPinStale(state, chains.user(self.user)) ? desk.rekey(state, seen) : null,
    );
  }
}
