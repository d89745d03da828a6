import { Awake } from "../media/awake";
import { canHear, canSpeak } from "../media/codec";
import { Microphone } from "../media/microphone";
import { Speaker, TONES } from "../media/speaker";
import { trusted } from "../sync/trusted";
import { Problem } from "../sync/api";
import type { Change } from "../sync/api";
import type { FloorView, Id } from "../sync/views";
import { engine, listen, network } from "./app.svelte";

/** idle; asking for floor and microphone; waiting in the queue; talking. */
export type PttPhase = "idle" | "asking" | "waiting" | "talking";

/** The microphone is given back when nobody has spoken for so long. */
const IDLE_MS = 60_000;

/**
 * Push-to-talk on this device: the conversations that are heard, the one in focus, and the floor. One for the whole app:
 * leaving the page does not end listening.
 */
class Ptt {
  phase = $state<PttPhase>("idle");
  /** Loudness now, 0 to 255, of whoever is heard. */
  level = $state(0);
  /** Whether the browser lets anything be heard yet. */
  audible = $state(true);
  /** What this browser can do; null until it is known. */
  able = $state<{ speak: boolean; hear: boolean } | null>(null);
  /** Conversations that are heard beside the one in focus. */
  scan = $state<readonly Id[]>([]);
  focus = $state<Id>("");
  /** Why the last burst of ours ended, where that was not our own doing; a code. */
  ended = $state("");
  private floors = $state<Readonly<Record<Id, FloorView>>>({});

  private speaker: Speaker | null = null;
  private hearing: Promise<void> | null = null;
  private microphone: Microphone | null = null;
  private opening: Promise<Microphone> | null = null;
  private readonly awake = new Awake();
  private undo: (() => void) | null = null;
  private burst: Id = "";
  private held = false;
  private idle: ReturnType<typeof setTimeout> | undefined;

  /** Who speaks in a conversation. */
  floor(conversation: Id): FloorView | null {
    return this.floors[conversation] ?? null;
  }

  get listening(): readonly Id[] {
    return this.focus ? [this.focus, ...this.scan.filter((id) => id !== this.focus)] : this.scan;
  }

  // -- listening

  /** Hear this conversation before all others. */
  async enter(conversation: Id): Promise<void> {
    this.focus = conversation;
    await this.follow();
  }

  /** The page is left: only what is listened in to is heard on. */
  async leave(): Promise<void> {
    await this.release();
    this.focus = "";
    await this.follow();
    await this.giveBack();
  }

  async listenIn(conversation: Id, wanted: boolean): Promise<void> {
    const others = this.scan.filter((id) => id !== conversation);
    this.scan = wanted ? [...others, conversation] : others;
    await this.follow();
  }

  private async follow(): Promise<void> {
    this.able ??= { speak: await canSpeak(), hear: await canHear() };
    if (this.listening.length === 0) return this.stop();
    this.undo ??= listen((change) => {
      this.take(change);
    });
    // Whoever comes while it opens waits for the same: two would take turns at being the one that plays.
    if (this.able.hear) await (this.hearing ??= this.open());
    void this.awake.on();
    await engine.voice.tune([...this.listening]);
    for (const floor of await engine.voice.floors()) this.floors = { ...this.floors, [floor.conversation]: floor };
    this.mix();
  }

  private async open(): Promise<void> {
    const speaker = await Speaker.open(trusted).catch((error: unknown) => {
      this.hearing = null;
      throw error;
    });
    this.speaker = speaker;
    this.audible = speaker.audible;
    speaker.onLevel = (burst, level) => {
      if (burst === this.heard()?.burst) this.level = level;
      this.audible = true;
    };
  }

  /** From a gesture: let the sound be heard. */
  async sound(): Promise<void> {
    await this.speaker?.wake();
    this.audible = this.speaker?.audible ?? true;
  }

  private async stop(): Promise<void> {
    this.undo?.();
    this.undo = null;
    await engine.voice.tune([]);
    await this.hearing;
    if (this.listening.length > 0) return;
    await this.awake.off();
    const speaker = this.speaker;
    this.speaker = this.hearing = null;
    this.floors = {};
    await speaker?.close();
  }

  /** The one burst that is heard: the focus's, else the first of those listened in to; none while we talk. */
  heard(): FloorView | null {
    if (this.phase === "talking") return null;
    const live = (id: Id): boolean => Boolean(this.floors[id]?.burst) && !this.floors[id]!.mine;
    const found = this.listening.find(live);
    return found ? this.floors[found]! : null;
  }

  private mix(): void {
    const heard = this.heard()?.burst;
    for (const floor of Object.values(this.floors)) {
      if (floor.burst && !floor.mine) this.speaker?.gain(floor.burst, floor.burst === heard ? 1 : 0);
    }
  }

  private take(change: Change): void {
    if (change.type === "packet") this.speaker?.packet(change.burst, change.number, change.opus);
    else if (change.type === "floor") this.changed(change.floor);
    else if (change.type === "network" && change.network.state !== "online") this.lost("gone");
  }

  private changed(floor: FloorView): void {
    const before = this.floors[floor.conversation];
    this.floors = { ...this.floors, [floor.conversation]: floor };
    if (before?.burst && before.burst !== floor.burst && !before.mine) this.speaker?.end(before.burst);
    if (floor.burst && this.burst === floor.burst && floor.mine) void this.begin();
    else if (floor.wish && floor.wish === this.burst && this.phase === "asking") this.queued();
    else if (before?.burst === this.burst && floor.burst !== this.burst) this.lost(floor.reason);
    const here = this.listening.includes(floor.conversation) && this.phase !== "talking";
    if (here && floor.burst !== before?.burst && !floor.mine && !before?.mine) {
      this.speaker?.tone(floor.burst ? TONES.incoming : TONES.over);
      if (!floor.burst) this.level = 0;
    }
    this.mix();
  }

  // -- speaking

  /** The key goes down. */
  async press(urgent = false): Promise<void> {
    if (this.phase !== "idle" || !this.focus) return;
    this.held = true;
    this.ended = "";
    this.phase = "asking";
    this.audible = true;
    void this.speaker?.wake();
    const microphone = this.ready();
    // Both at once; a refusal of either ends the other.
    microphone.catch(() => undefined);
    try {
      if (network().state !== "online") throw new Problem("no_connection");
      this.burst = await engine.voice.request(this.focus, urgent);
      await microphone;
      const floor = this.floors[this.focus];
      if (!this.down()) await this.release();
      else if (floor?.burst === this.burst && floor.mine) await this.begin();
      else if (this.phase === "asking") this.queued();
    } catch (error) {
      this.fail(error);
      throw error instanceof DOMException ? new Problem("microphone") : error;
    }
  }

  /** Whether the key is still down; read anew, for it changes while one waits. */
  private down(): boolean {
    return this.held;
  }

  private queued(): void {
    this.phase = "waiting";
    this.speaker?.tone(TONES.queued);
  }

  private async begin(): Promise<void> {
    if (this.phase === "talking" || this.phase === "idle") return;
    const microphone = await this.ready();
    const burst = this.burst;
    if ((this.phase as PttPhase) === "talking" || !burst || this.floors[this.focus]?.burst !== burst) return;
    this.phase = "talking";
    this.mix();
    this.speaker?.tone(TONES.granted);
    microphone.start(
      ({ packet, peak }) => {
        this.level = peak;
        void engine.voice.say(burst, packet, peak);
      },
      () => void this.release(),
    );
  }

  /** The key goes up: stop speaking, or waiting. */
  async release(): Promise<void> {
    this.held = false;
    if (this.phase === "asking" && !this.burst) return;
    const burst = this.burst;
    const talked = this.phase === "talking";
    this.burst = "";
    this.phase = "idle";
    this.level = 0;
    if (!burst) return;
    if (talked) await this.microphone?.stop();
    await engine.voice.release(burst);
    if (talked) this.speaker?.tone(TONES.over);
    this.rest();
    this.mix();
  }

  /** The floor is gone without our doing. */
  private lost(reason: string): void {
    if (this.phase === "idle" || !this.burst) return;
    this.ended = reason === "released" ? "" : reason;
    this.burst = "";
    this.phase = "idle";
    this.level = 0;
    this.speaker?.tone(TONES.denied);
    void this.microphone?.stop();
    this.rest();
  }

  private fail(error: unknown): void {
    const burst = this.burst;
    this.burst = "";
    this.phase = "idle";
    this.speaker?.tone(TONES.denied);
    if (burst) void engine.voice.release(burst);
    if (error instanceof DOMException) this.ended = "microphone";
  }

  private ready(): Promise<Microphone> {
    clearTimeout(this.idle);
    if (this.microphone?.live) return Promise.resolve(this.microphone);
    this.opening ??= Microphone.open(trusted)
      .then((microphone) => (this.microphone = microphone))
      .finally(() => (this.opening = null));
    return this.opening;
  }

  private rest(): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => void this.giveBack(), IDLE_MS);
  }

  private async giveBack(): Promise<void> {
    clearTimeout(this.idle);
    const microphone = this.microphone;
    this.microphone = null;
    await microphone?.close();
  }
}

export const ptt = new Ptt();
