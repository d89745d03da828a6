import { hex, type Hex, unhex } from "../protocol/bytes";
import { Aead } from "../protocol/aead";
import { SealRefused } from "../protocol/errors";
import { burstKey, FRAMES_MAX, openFrame, sealFrame } from "../protocol/voice";
import { MEDIA_TYPE, writeOgg } from "../media/ogg";
import { picture } from "../media/levels";
import type { FloorFrame, VoiceFrame } from "../wire/frames";
import { type Change, Problem } from "./api";
import { type Core, RACES } from "./core";
import type { Outbox } from "./outbox";
import type { FloorView } from "./views";

const PACKET_MS = 20;
/** Of a conversation's generation, which lasts 7 days at most. */
const BURSTS_REMEMBERED = 4_096;
/** Frames, a second: so seldom is it written how far a burst was heard. Who comes back into one misses as much at most. */
const MARK_EVERY = 50;
/** Bytes that wait in the socket; beyond them what we say would come late, and is kept for the note only. */
const BACKLOG_MAX = 4_096;

/** A burst of our own: waiting, then speaking. */
interface Own {
  conversation: Hex;
  burst: Hex;
  generation: number;
  key: Aead;
  packets: Uint8Array[];
  peaks: number[];
  granted: boolean;
  over: boolean;
  /** Frames are sealed one after the other, in order. */
  chain: Promise<void>;
  /** Settles `request`: null when it is granted or queued, else why not. */
  settle: (problem: Problem | null) => void;
}

/** Bursts that were heard under a generation, the oldest first, each with the first frame that may be heard. */
interface Heard {
  generation: number;
  marks: [Hex, number][];
}

/** A burst that is heard. */
interface Known {
  conversation: Hex;
  generation: number;
  key: Aead;
  next: number;
  /** Up to here frames count as heard on the disk. */
  mark: number;
  chain: Promise<void>;
}

/** What a finished burst needs to become a voice note. */
export type KeepNote = (
  conversation: Hex,
  file: Blob,
  duration: number,
  levels: Uint8Array,
  burst: Hex,
) => Promise<Hex>;

/** Push-to-talk in the worker: asks for the floor, seals what is said and opens what is heard (docs/protocol.md, 9). */
export class Voice {
  private readonly floors = new Map<Hex, FloorView>();
  private readonly own = new Map<Hex, Own>();
  private readonly known = new Map<Hex, Promise<Known | null>>();
  private readonly heard = new Map<Hex, Heard>();
  private marking: Promise<unknown> = Promise.resolve();
  private tuned: Hex[] = [];

  constructor(
    private readonly core: Core,
    private readonly outbox: Outbox,
    private readonly keep: KeepNote,
    private readonly emit: (change: Change) => void,
  ) {}

  list(): FloorView[] {
    return [...this.floors.values()];
  }

  // -- the connection

  /** Signed in anew: what was wanted is wanted still. */
  opened(): void {
    if (this.tuned.length > 0) this.core.tell({ tag: "tune", conversations: this.tuned.map(unhex) });
  }

  /** The connection is gone: so are all floors. What was said by us is kept as a note. */
  ended(): void {
    for (const own of this.own.values()) this.over(own, "gone");
    for (const [conversation, floor] of [...this.floors]) this.free(conversation, floor.burst, "gone");
    this.known.clear();
  }

  take(frame: FloorFrame | VoiceFrame): void {
    switch (frame.tag) {
      case "voice":
        this.packet(frame);
        return;
      case "floor_taken":
        this.taken(frame);
        return;
      case "floor_granted": {
        const own = this.own.get(hex(frame.burst));
        if (own) this.grant(own, frame.ends);
        return;
      }
      case "floor_queued": {
        const own = this.own.get(hex(frame.burst));
        const floor = this.floors.get(hex(frame.conversation)) ?? emptyFloor(hex(frame.conversation));
        if (!own) return;
        own.settle(null);
        this.tell({ ...floor, wish: own.burst, position: frame.position });
        return;
      }
      case "floor_released": {
        const burst = hex(frame.burst);
        const own = this.own.get(burst);
        if (own) this.over(own, frame.reason);
        void this.known.get(burst)?.then((known) => {
          if (known) this.mark(burst, known, FRAMES_MAX);
        });
        this.free(hex(frame.conversation), burst, frame.reason);
      }
    }
  }

  /** The server refuses a burst of ours; true when it was one. */
  refuse(reference: Hex, problem: Problem): boolean {
    const own = this.own.get(reference);
    if (!own) return false;
    own.settle(problem);
    this.over(own, problem.code);
    return true;
  }

  private tell(floor: FloorView): void {
    this.floors.set(floor.conversation, floor);
    this.emit({ type: "floor", floor });
  }

  // -- hearing

  tune(conversations: readonly Hex[]): void {
    this.tuned = [...conversations];
    if (this.core.connected) this.core.tell({ tag: "tune", conversations: this.tuned.map(unhex) });
  }

  private taken(frame: FloorFrame & { tag: "floor_taken" }): void {
    const { chains, self } = this.core.parts;
    const [conversation, burst, user] = [hex(frame.conversation), hex(frame.burst), hex(frame.user)];
    const before = this.floors.get(conversation);
    const mine = this.own.has(burst);
    this.tell({
      conversation,
      burst,
      user,
      name: chains.name(user),
      me: user === self.user,
      mine,
      ends: frame.ends,
      urgent: frame.urgent,
      waiting: frame.waiting.map((one) => chains.name(hex(one))),
      wish: mine ? "" : (before?.wish ?? ""),
      position: mine ? 0 : (before?.position ?? 0),
      reason: "",
    });
    if (!mine && !this.known.has(burst)) this.known.set(burst, this.believe(frame));
  }

  /** The burst's key, or null where it is not to be believed. [M39] */
  private async believe(frame: FloorFrame & { tag: "floor_taken" }): Promise<Known | null> {
    const { chains, logs, keys, self } = this.core.parts;
    const id = hex(frame.conversation);
    const state = await logs.state(id);
    const device = chains.users.get(hex(frame.user))?.devices.get(hex(frame.device));
    const active = device !== undefined && device.revoked === null;
    if (!state?.isMember(frame.user) || !active || hex(frame.device) === self.device) return null;
    if (frame.generation !== state.generation) return null;
    const secret = await keys.secret(state.id, frame.generation);
    const mark = await this.heardTo(id, frame.generation, hex(frame.burst));
    if (!secret || mark >= FRAMES_MAX) return null;
    const key = burstKey(secret, frame.conversation, frame.generation, frame.device, frame.burst);
    const { generation } = frame;
    return { conversation: id, generation, key: await Aead.of(key), next: mark, mark, chain: Promise.resolve() };
  }

  private packet(frame: VoiceFrame): void {
    const burst = hex(frame.burst);
    const found = this.known.get(burst);
    if (!found) return;
    void found.then((known) => {
      if (!known || frame.number < known.next) return;
      known.next = frame.number + 1;
      if (known.next > known.mark) this.mark(burst, known, known.next + MARK_EVERY);
      const opened = openFrame(known.key, frame.number, frame.sealed);
      known.chain = known.chain.then(async () => {
        try {
          const opus = await opened;
          this.emit({ type: "packet", conversation: known.conversation, burst, number: frame.number, opus });
        } catch (error) {
          // Not of this burst: not heard, and no reason to stop.
          if (!(error instanceof SealRefused)) throw error;
        }
      });
    });
  }

  private free(conversation: Hex, burst: Hex, reason: string): void {
    const floor = this.floors.get(conversation);
    const found = this.known.get(burst);
    this.known.delete(burst);
    const told = (): void => {
      const now = this.floors.get(conversation);
      if (now?.burst !== burst) return;
      const { wish, position } = now;
      this.tell({ ...emptyFloor(conversation), wish, position, reason });
    };
    if (floor?.burst !== burst) return;
    // After the last packet, which is still being opened.
    if (found) void found.then((known) => known?.chain).then(told);
    else told();
  }

  /** How far a burst was heard under a generation: the first frame that may be. [M39] */
  private async heardTo(conversation: Hex, generation: number, burst: Hex): Promise<number> {
    if (!this.heard.has(conversation)) {
      const kept = (await this.core.parts.store.get("kv", `bursts/${conversation}`)) as Heard | undefined;
      if (kept && !this.heard.has(conversation)) this.heard.set(conversation, kept);
    }
    const heard = this.heard.get(conversation);
    return heard?.generation === generation ? (new Map(heard.marks).get(burst) ?? 0) : 0;
  }

  /** Kept on the device, for a server has patience. */
  private mark(burst: Hex, known: Known, mark: number): void {
    const { conversation, generation } = known;
    known.mark = mark;
    const before = this.heard.get(conversation);
    const marks = new Map(before?.generation === generation ? before.marks : []).set(burst, mark);
    this.heard.set(conversation, { generation, marks: [...marks].slice(-BURSTS_REMEMBERED) });
    // One after the other, so that the newest is what stays.
    this.marking = this.marking.then(() =>
      this.core.parts.store.put("kv", `bursts/${conversation}`, this.heard.get(conversation)!),
    );
  }

  // -- speaking

  /** Ask for the floor; what comes of it is told as changes. Gives the burst. Throws Problem. */
  async request(conversation: Hex, urgent: boolean): Promise<Hex> {
    for (let attempt = 0; ; attempt++) {
      const own = await this.wish(conversation);
      const problem = await this.ask(own, urgent);
      if (!problem) return own.burst;
      this.own.delete(own.burst);
      if (problem.code !== "rekey_required" || attempt === RACES - 1) throw problem;
      await this.outbox.renew(conversation, own.generation);
    }
  }

  private async wish(conversation: Hex): Promise<Own> {
    const { keys, self, env } = this.core.parts;
    if (!this.core.connected) throw new Problem("no_connection");
    this.outbox.checkSafe(conversation);
    const state = await this.outbox.ready(conversation);
    const secret = await keys.secret(state.id, state.generation);
    if (!secret) throw new Problem("unavailable", "key_missing");
    const salt = env.random(16);
    const key = await Aead.of(burstKey(secret, state.id, state.generation, self.row.device, salt));
    const own: Own = {
      conversation,
      burst: hex(salt),
      generation: state.generation,
      key,
      packets: [],
      peaks: [],
      granted: false,
      over: false,
      chain: Promise.resolve(),
      settle: () => undefined,
    };
    this.own.set(own.burst, own);
    return own;
  }

  /** Resolves with null when it is granted or queued, else with why not. */
  private ask(own: Own, urgent: boolean): Promise<Problem | null> {
    return new Promise((resolve) => {
      own.settle = resolve;
      this.core.tell({
        tag: "floor_request",
        conversation: unhex(own.conversation),
        generation: own.generation,
        burst: unhex(own.burst),
        urgent,
      });
    });
  }

  private grant(own: Own, ends: number): void {
    const { self, chains } = this.core.parts;
    own.granted = true;
    own.settle(null);
    const { conversation, burst } = own;
    const before = this.floors.get(conversation);
    this.tell({
      ...emptyFloor(conversation),
      burst,
      user: self.user,
      name: chains.name(self.user),
      me: true,
      mine: true,
      ends,
      urgent: before?.burst === burst && before.urgent,
    });
  }

  /** Say one packet of 20 ms, in order; false once the floor is lost, or the key may not be used any more. [M24] */
  async say(burst: Hex, packet: Uint8Array, peak: number): Promise<boolean> {
    const own = this.own.get(burst);
    if (!own?.granted || own.over) return false;
    const number = own.packets.length;
    own.packets.push(packet);
    own.peaks.push(peak);
    const state = await this.core.parts.logs.state(own.conversation);
    const worn = state?.generation !== own.generation || this.outbox.due(own.conversation, state);
    if (worn || this.outbox.danger(own.conversation)) {
      this.over(own, "rekey_required");
      return false;
    }
    own.chain = own.chain.then(async () => {
      const sealed = await sealFrame(own.key, number, packet);
      if (!own.over && this.core.backlog <= BACKLOG_MAX) {
        this.core.tell({ tag: "voice", burst: unhex(burst), number, sealed });
      }
    });
    return true;
  }

  /** Stop speaking or waiting. */
  async release(burst: Hex): Promise<void> {
    const own = this.own.get(burst);
    if (!own) return;
    await own.chain;
    this.core.tell({ tag: "floor_release", conversation: unhex(own.conversation), burst: unhex(burst) });
    const floor = this.floors.get(own.conversation);
    this.over(own, "released");
    if (floor?.wish === burst) this.tell({ ...floor, wish: "", position: 0 });
    this.free(own.conversation, burst, "released");
  }

  /** A burst of ours has ended; what was said becomes a note, once. */
  private over(own: Own, reason: string): void {
    if (own.over) return;
    own.over = true;
    this.own.delete(own.burst);
    own.settle(new Problem(reason === "gone" ? "no_connection" : reason));
    if (own.packets.length === 0) return;
    const data = writeOgg(own.packets, parseInt(own.burst.slice(0, 8), 16));
    const file = new Blob([data], { type: MEDIA_TYPE });
    const duration = own.packets.length * PACKET_MS;
    void this.keep(own.conversation, file, duration, picture(own.peaks), own.burst).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
    });
  }
}

function emptyFloor(conversation: Hex): FloorView {
  return {
    conversation,
    burst: "",
    user: "",
    name: "",
    me: false,
    mine: false,
    ends: 0,
    urgent: false,
    waiting: [],
    wish: "",
    position: 0,
    reason: "",
  };
}
