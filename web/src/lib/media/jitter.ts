/**
 * The jitter buffer: frames come when the network lets them, and one is asked for every 20 ms. Pure: the clock is the caller's.
 *
 * How long a frame waits follows the network: the spread of the last arrivals (their 95th percentile above the quickest)
 * and a margin, never below one frame and the margin. Where a frame is missing, the delay grows by a concealed frame until
 * it is what the network needs; beyond that the frame is lost. What comes after its turn is dropped. Where more waits than
 * is needed, a frame is skipped now and then, so that speech is never further behind than the network makes it.
 */
export const FRAME_MS = 20;
const MARGIN_MS = 20;
export const DELAY_MIN_MS = FRAME_MS + MARGIN_MS;
export const DELAY_MAX_MS = 300;
/** Arrivals that the delay is judged by: 4 s. */
const WINDOW = 200;
const SHARE = 0.95;
/** How much the delay shrinks with each arrival at most, ms. */
const EASE_MS = 0.5;
/** Frames between two that are skipped. */
const SKIP_APART = 5;

/** `lost` and `stretch` are concealed; `silence`: nothing has begun, or all is said. */
export type Out<T> = { kind: "frame"; frame: T } | { kind: "lost" } | { kind: "stretch" } | { kind: "silence" };

export class JitterBuffer<T> {
  private readonly held = new Map<number, T>();
  /** Arrival less the frame's own time, ms: how late each of the last frames was. */
  private readonly lateness: number[] = [];
  private quickest = 0;
  private next = -1;
  private started = false;
  private closed = false;
  private sinceSkip = 0;
  private wanted = DELAY_MIN_MS;
  /** Counts, for whoever measures. */
  readonly count = { played: 0, late: 0, lost: 0, stretched: 0, skipped: 0 };

  /** The delay that the network needs now, ms. */
  get delay(): number {
    return this.wanted;
  }

  /** Everything has been said and played. */
  get done(): boolean {
    return this.closed && this.held.size === 0;
  }

  /** A frame has come; false when its turn is over. */
  put(number: number, frame: T, now: number): boolean {
    this.judge(now - number * FRAME_MS);
    if (this.next < 0) this.next = number;
    if (number < this.next) {
      this.count.late++;
      return false;
    }
    this.held.set(number, frame);
    return true;
  }

  /** No more frames will come: what is held is played, and nothing is concealed after it. */
  close(): void {
    this.closed = true;
  }

  private judge(lateness: number): void {
    this.lateness.push(lateness);
    if (this.lateness.length > WINDOW) this.lateness.shift();
    const sorted = [...this.lateness].sort((a, b) => a - b);
    this.quickest = sorted[0]!;
    const spread = sorted[Math.min(sorted.length - 1, Math.floor(SHARE * sorted.length))]! - this.quickest;
    const fit = Math.min(DELAY_MAX_MS, Math.max(DELAY_MIN_MS, spread + MARGIN_MS));
    this.wanted = Math.max(fit, this.wanted - EASE_MS);
  }

  /** What to play for the 20 ms that begin `now`. */
  take(now: number): Out<T> {
    if (this.next < 0 || this.done) return { kind: "silence" };
    // How long the next frame would have waited, had it come as quickly as the quickest.
    const waited = (): number => now - this.next * FRAME_MS - this.quickest;
    if (!this.started) {
      if (waited() < this.wanted && !this.closed) return { kind: "silence" };
      this.started = true;
    }
    this.sinceSkip++;
    if (waited() >= this.wanted + FRAME_MS && this.held.has(this.next + 1) && this.sinceSkip >= SKIP_APART) {
      this.held.delete(this.next++);
      this.count.skipped++;
      this.sinceSkip = 0;
    }
    const frame = this.held.get(this.next);
    if (frame !== undefined) {
      this.held.delete(this.next++);
      this.count.played++;
      return { kind: "frame", frame };
    }
    if (waited() < this.wanted && !this.closed) {
      this.count.stretched++;
      return { kind: "stretch" };
    }
    this.next++;
    this.count.lost++;
    return { kind: "lost" };
  }
}
