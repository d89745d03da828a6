/**
 * What is heard where a frame is missing: the last sound goes on with its own pitch and fades, and the next frame is faded
 * in. Pure; the idea is that of ITU-T G.711 appendix I. Samples are at 48 kHz.
 */
export const FRAME = 960;
const HISTORY = 2 * FRAME;
/** Pitch from 80 to 500 Hz. */
const LAG_MIN = 96;
const LAG_MAX = 600;
/** The search looks at every fourth sample. */
const STEP = 4;
/** Frames until the sound that goes on is silent. */
const FADE_FRAMES = 3;
/** Samples over which the next frame is faded in: 5 ms. */
const BLEND = 240;

export class Concealer {
  private readonly history = new Float32Array(HISTORY);
  private missing = 0;
  private period = 0;
  private phase = 0;

  /** A frame that came; after a gap its beginning is blended with what went on. Changes and returns `frame`. */
  good(frame: Float32Array): Float32Array {
    if (this.missing > 0) {
      const over = this.extend(Math.min(BLEND, frame.length));
      for (let i = 0; i < over.length; i++) {
        const share = i / over.length;
        frame[i] = frame[i]! * share + over[i]! * (1 - share);
      }
    }
    this.missing = 0;
    this.remember(frame);
    return frame;
  }

  /** A frame in place of one that is missing. */
  lost(): Float32Array {
    if (this.missing === 0) {
      this.period = this.pitch();
      this.phase = 0;
    }
    const frame = this.extend(FRAME);
    this.missing++;
    return frame;
  }

  private remember(frame: Float32Array): void {
    this.history.copyWithin(0, frame.length);
    this.history.set(frame, HISTORY - frame.length);
  }

  /** The last period again and again, fading. */
  private extend(count: number): Float32Array {
    const out = new Float32Array(count);
    const start = HISTORY - this.period;
    for (let i = 0; i < count; i++) {
      const gain = Math.max(0, 1 - (this.missing + i / FRAME) / FADE_FRAMES);
      out[i] = this.history[start + (this.phase % this.period)]! * gain;
      this.phase++;
    }
    return out;
  }

  /** The lag at which the newest sound resembles itself most. */
  private pitch(): number {
    const { history } = this;
    const from = HISTORY - FRAME;
    let [best, found] = [-1, LAG_MAX];
    for (let lag = LAG_MIN; lag <= LAG_MAX; lag += 2) {
      let [cross, energy] = [0, 1e-9];
      for (let i = from; i < HISTORY; i += STEP) {
        cross += history[i]! * history[i - lag]!;
        energy += history[i - lag]! ** 2;
      }
      const likeness = cross / Math.sqrt(energy);
      if (likeness > best * 1.001) [best, found] = [likeness, lag];
    }
    return found;
  }
}
