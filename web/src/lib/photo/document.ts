import { isCovering, type Layer, type Layers, Shape, SIDE } from "../protocol/layers";
import { unitsOf, wholeFrame } from "./geometry";

/** Making and changing the list of layers. Each change gives a new document; the old one stays as it was. Pure. */

/** Nothing drawn on a picture of so many pixels. */
export function blank(width: number, height: number): Layers {
  const units = unitsOf(width, height);
  const frame = wholeFrame(units.width, units.height);
  return { version: 1, ...units, frame, brightness: 0, contrast: 0, layers: [] };
}

export function isBlank(document: Layers): boolean {
  const { width, height, frame, brightness, contrast, layers } = document;
  const whole = wholeFrame(width, height);
  const seen = (Object.keys(whole) as (keyof typeof whole)[]).every((key) => frame[key] === whole[key]);
  return layers.length === 0 && brightness === 0 && contrast === 0 && seen;
}

export function added(document: Layers, layer: Layer): Layers {
  return { ...document, layers: [...document.layers, layer] };
}

export function replaced(document: Layers, index: number, layer: Layer): Layers {
  return { ...document, layers: document.layers.map((one, i) => (i === index ? layer : one)) };
}

export function removed(document: Layers, index: number): Layers {
  return { ...document, layers: document.layers.filter((_, i) => i !== index) };
}

export function moved(layer: Layer, dx: number, dy: number): Layer {
  return { ...layer, points: layer.points.map((value, i) => kept(value + (i % 2 === 0 ? dx : dy))) };
}

/** Whole numbers within what may travel. */
export function kept(value: number): number {
  return Math.round(Math.min(4 * SIDE, Math.max(-4 * SIDE, value)));
}

/** What may travel: without what covers, since that is in the pixels. [M38] */
export function travelling(document: Layers): Layers {
  return { ...document, layers: document.layers.filter((layer) => !isCovering(layer)) };
}

export function marks(document: Layers): number[] {
  return document.layers.flatMap((layer) => (layer.shape === Shape.MARK && layer.number ? [layer.number] : []));
}

/** The next number for a mark: above those in use, here and elsewhere. */
export function nextNumber(document: Layers, taken: readonly number[]): number {
  return Math.min(9_999, Math.max(0, ...taken, ...marks(document)) + 1);
}

/** Fewer points where a finger rested: those nearer to the last kept one than `least` go. */
export function thinned(points: readonly number[], least: number): number[] {
  const out = points.slice(0, 2);
  for (let i = 2; i < points.length; i += 2) {
    const [x, y] = [points[i]!, points[i + 1]!];
    const far = Math.hypot(x - out.at(-2)!, y - out.at(-1)!) >= least;
    if (far || i === points.length - 2) out.push(x, y);
  }
  return out;
}
