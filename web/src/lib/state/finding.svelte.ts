import type { HitView, Id } from "../sync/views";
import { engine } from "./app.svelte";

/** Shown before asking whether to go on: more are looked at by nobody. */
const ENOUGH = 30;

/** Looks for words in the messages of conversations, one part of a log after the other; what is found shows at once. */
export class Finding {
  hits = $state.raw<HitView[]>([]);
  /** Looking now. */
  running = $state(false);
  /** There is more to look through. */
  more = $state(false);
  private words = "";
  private rest: Id[] = [];
  private below: number | null = null;
  private wanted = 0;
  /** Raised by each beginning: what an earlier one still finds is dropped. */
  private round = 0;

  /** In these conversations, in this order. */
  async begin(words: string, conversations: readonly Id[]): Promise<void> {
    this.words = words;
    this.rest = [...conversations];
    this.below = null;
    this.wanted = 0;
    this.hits = [];
    await this.goOn();
  }

  async goOn(): Promise<void> {
    const round = ++this.round;
    this.wanted += ENOUGH;
    this.running = true;
    try {
      while (this.rest[0] !== undefined && this.hits.length < this.wanted) {
        const found = await engine.messages.find(this.rest[0], this.words, this.below);
        if (round !== this.round) return;
        if (found.hits.length > 0) this.hits = [...this.hits, ...found.hits];
        this.below = found.below;
        if (found.below === 0) {
          this.rest.shift();
          this.below = null;
        }
      }
    } finally {
      if (round === this.round) {
        this.running = false;
        this.more = this.rest.length > 0;
      }
    }
  }

  stop(): void {
    this.round++;
    this.running = false;
    this.more = false;
    this.hits = [];
  }
}
