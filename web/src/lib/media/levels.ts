/** How loud a part of the sound is, for the level shown and the picture of a note. Pure. */

/** The loudest sample, 0 to 255. */
export function peakOf(samples: Float32Array): number {
  let loudest = 0;
  for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
  return Math.min(255, Math.round(loudest * 255));
}

/** The peaks of at most `parts` equal parts. */
export function picture(peaks: readonly number[], parts = 64): Uint8Array<ArrayBuffer> {
  const count = Math.min(parts, peaks.length);
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const [from, to] = [Math.floor((i * peaks.length) / count), Math.floor(((i + 1) * peaks.length) / count)];
    out[i] = Math.max(...peaks.slice(from, to));
  }
  return out;
}
