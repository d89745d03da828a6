import { type Layer, type Layers, Shape } from "../protocol/layers";

/**
 * Taking pixels away, the same in Python (`domain/redaction.py`) and held together by vectors (area `redact`).
 *
 * Black out leaves nothing. Pixelate leaves at most 8 x 8 colours, each of at least 16 x 16 pixels' mean, with noise and
 * rounded to 8 steps: a face or a plate's frame is gone for the eye, but who knows what a short text may be can
 * compare guesses with what is left. Letters and numbers are blacked out, not pixelated.
 */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Resampling mixes a pixel with its neighbours: so much more is covered on each side. */
const MARGIN = 2;
const BLOCK_MIN = 16;
const BLOCKS_MAX = 8;
const STEP = 32;

/** The pixels that a rectangle with the given corners covers in a picture of so many pixels; null when none. */
export function area(corners: readonly number[], width: number, height: number, scale: number): Area | null {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = corners;
  const left = Math.max(0, Math.floor(Math.min(x0, x1) * scale) - MARGIN);
  const top = Math.max(0, Math.floor(Math.min(y0, y1) * scale) - MARGIN);
  const right = Math.min(width, Math.ceil(Math.max(x0, x1) * scale) + MARGIN);
  const bottom = Math.min(height, Math.ceil(Math.max(y0, y1) * scale) + MARGIN);
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

/** Blocks of an area of so many pixels, row by row: none is smaller than 16 by 16 where the area is not. */
export function blocks(width: number, height: number): Area[] {
  const side = Math.max(BLOCK_MIN, Math.ceil(Math.max(width, height) / BLOCKS_MAX));
  const columns = Math.max(1, Math.floor(width / side));
  const rows = Math.max(1, Math.floor(height / side));
  const edge = (index: number, count: number, length: number): number => Math.floor((index * length) / count);
  return Array.from({ length: rows * columns }, (_, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const [x, y] = [edge(column, columns, width), edge(row, rows, height)];
    return { x, y, width: edge(column + 1, columns, width) - x, height: edge(row + 1, rows, height) - y };
  });
}

/** A block's value of one channel: mean of `count` values, with a byte of noise, rounded. */
export function blockValue(sum: number, count: number, noise: number): number {
  const mean = Math.floor(sum / count) + (noise % STEP) - STEP / 2;
  return Math.floor(Math.min(255, Math.max(0, mean)) / STEP) * STEP + STEP / 2;
}

/** Pixelate the pixels (RGBA) of an area in place; `noise` has three bytes a block. */
export function pixelate(pixels: Uint8ClampedArray, width: number, height: number, noise: Uint8Array): void {
  blocks(width, height).forEach((block, index) => {
    const sums = [0, 0, 0];
    const each = (visit: (at: number) => void): void => {
      for (let y = block.y; y < block.y + block.height; y++) {
        for (let x = block.x; x < block.x + block.width; x++) visit(4 * (y * width + x));
      }
    };
    each((at) => {
      for (let c = 0; c < 3; c++) sums[c]! += pixels[at + c]!;
    });
    const values = sums.map((sum, c) => blockValue(sum, block.width * block.height, noise[3 * index + c]!));
    each((at) => {
      for (let c = 0; c < 3; c++) pixels[at + c] = values[c]!;
      pixels[at + 3] = 255;
    });
  });
}

/** What of a document covers, black-outs last: nothing is averaged over what lies beside a black-out only. */
export function coverings(document: Layers): Layer[] {
  const of = (shape: Shape): Layer[] => document.layers.filter((layer) => layer.shape === shape);
  return [...of(Shape.PIXELATE), ...of(Shape.BLACK_OUT)];
}
