import { record, type Recording } from "../media/recorder";
import { Problem } from "../sync/api";
import { trusted } from "../sync/trusted";
import type { Id } from "../sync/views";
import { engine } from "./app.svelte";

/** idle; opening the microphone; held by a finger; locked (goes on without it); paused. */
export type NotePhase = "idle" | "opening" | "held" | "locked" | "paused";

/** Shorter ones are a slip of the finger. */
const SHORTEST_MS = 400;
const LONGEST_MS = 10 * 60_000;

/** One voice note while it is recorded. */
export class NoteRecorder {
  phase = $state<NotePhase>("idle");
  /** ms. */
  duration = $state(0);
  peaks = $state.raw<readonly number[]>([]);
  private recording: Recording | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private wish: "go" | "finish" | "cancel" = "go";

  constructor(private readonly conversation: () => Id) {}

  /** Throws Problem `microphone`. */
  async start(): Promise<void> {
    if (this.phase !== "idle") return;
    this.phase = "opening";
    this.wish = "go";
    this.duration = 0;
    this.peaks = [];
    try {
      this.recording = await record(trusted);
    } catch (error) {
      this.phase = "idle";
      throw error instanceof DOMException ? new Problem("microphone", error.name) : error;
    }
    this.phase = "held";
    this.timer = setInterval(() => {
      this.look();
    }, 100);
    // The finger may have gone while the microphone opened.
    if (this.asked() !== "go") await this.cancel();
  }

  private asked(): "go" | "finish" | "cancel" {
    return this.wish;
  }

  private look(): void {
    if (!this.recording) return;
    this.duration = this.recording.duration;
    this.peaks = [...this.recording.peaks];
    if (this.duration >= LONGEST_MS && this.phase !== "paused") void this.pause();
  }

  lock(): void {
    if (this.phase === "held") this.phase = "locked";
  }

  async pause(): Promise<void> {
    if (this.phase !== "locked" && this.phase !== "held") return;
    this.phase = "paused";
    await this.recording?.pause();
    this.look();
  }

  resume(): void {
    if (this.phase !== "paused" || this.duration >= LONGEST_MS) return;
    this.recording?.resume();
    this.phase = "locked";
  }

  async cancel(): Promise<void> {
    this.wish = "cancel";
    await this.take()?.cancel();
  }

  /** Send it; false when it was too short to be meant. */
  async send(): Promise<boolean> {
    this.wish = "finish";
    const note = await this.take()?.finish();
    if (!note || note.duration < SHORTEST_MS) return false;
    await engine.voice.note(this.conversation(), note.file, note.duration, note.levels);
    return true;
  }

  private take(): Recording | null {
    const recording = this.recording;
    if (!recording) return null;
    this.recording = null;
    clearInterval(this.timer);
    this.phase = "idle";
    return recording;
  }
}
