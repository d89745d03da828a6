import { decode, encode } from "./cbor";
import { EncodingRefused } from "./errors";
import { at, between, each, type Infer, oneOf, record, textOf } from "./records";

/**
 * What was drawn on a photo (docs/protocol.md, 8.1): pure data, changed later without touching the picture. [M38]
 *
 * Lengths and places are in units of the picture, upright: its longer side has 16,384 of them, so a list of layers fits
 * the preview and the full size alike. The first corner is at the top left.
 */
export const VERSION = 1;
export const SIDE = 16_384;
export const DOCUMENT_MAX = 262_144;
export const LAYERS_MAX = 1_000;
export const POINTS_MAX = 2_000;
const PLACE = between(-4 * SIDE, 4 * SIDE);

/** What a layer is. */
export const Shape = {
  ARROW: 1,
  LINE: 2,
  ELLIPSE: 3,
  RECTANGLE: 4,
  PEN: 5,
  TEXT: 6,
  MARK: 7,
  DIMENSION: 8,
  BLACK_OUT: 9,
  PIXELATE: 10,
  STAMP: 11,
} as const;
export type Shape = (typeof Shape)[keyof typeof Shape];

/** How many points a shape has; two where it is not said. */
const POINTS: Partial<Record<Shape, readonly [number, number]>> = {
  [Shape.PEN]: [1, POINTS_MAX],
  [Shape.TEXT]: [1, 1],
  [Shape.MARK]: [1, 1],
  [Shape.STAMP]: [0, 0],
};
const WITH_TEXT: ReadonlySet<Shape> = new Set([Shape.TEXT, Shape.DIMENSION, Shape.STAMP]);
/** Shapes that take pixels away. They never travel: what they cover is gone from every picture sent. */
const COVERING: ReadonlySet<Shape> = new Set([Shape.BLACK_OUT, Shape.PIXELATE]);

/** One thing drawn. `points`: x, y, x, y …; `colour` as 0xRRGGBB; `size`: the stroke's width, or the letters' height. */
export const Layer = record("Layer", {
  shape: at(0, oneOf(Shape)),
  points: at(1, each(PLACE, 2 * POINTS_MAX)),
  colour: at(2, between(0, 0xffffff)),
  size: at(3, between(1, SIDE)),
  text: at(4, textOf(500), { optional: true }),
  number: at(5, between(1, 9_999), { optional: true }),
});
export type Layer = Infer<typeof Layer>;

/** What of the picture is seen: a rectangle about its centre (x, y), turned clockwise by `angle` hundredths of a degree. */
export const Frame = record("Frame", {
  x: at(0, PLACE),
  y: at(1, PLACE),
  width: at(2, between(1, 2 * SIDE)),
  height: at(3, between(1, 2 * SIDE)),
  angle: at(4, between(0, 35_999)),
});
export type Frame = Infer<typeof Frame>;

/** The whole document. `brightness` and `contrast` in percent, 0 is the picture as it is. */
export const Layers = record("Layers", {
  version: at(0, between(VERSION, VERSION)),
  width: at(1, between(1, SIDE)),
  height: at(2, between(1, SIDE)),
  frame: at(3, Frame),
  brightness: at(4, between(-100, 100)),
  contrast: at(5, between(-100, 100)),
  layers: at(6, each(Layer, LAYERS_MAX)),
});
export type Layers = Infer<typeof Layers>;

export const isCovering = (layer: Layer): boolean => COVERING.has(layer.shape);

/**
 * Read a document from a message. Throws EncodingRefused `layers_too_large`, `record_form` (also where a shape has the
 * wrong number of points, lacks its text or number, or takes pixels away), or what `decode` says.
 */
export function readLayers(data: Uint8Array): Layers {
  if (data.length > DOCUMENT_MAX) throw new EncodingRefused("layers_too_large");
  const document = Layers.fromMap(decode(data));
  if (Math.max(document.width, document.height) !== SIDE) throw new EncodingRefused("record_form", "the longer side");
  for (const layer of document.layers) {
    check(layer);
    if (isCovering(layer)) throw new EncodingRefused("record_form", "a covering layer does not travel");
  }
  return document;
}

/** Encode a document. Throws as `readLayers`. */
export function writeLayers(document: Layers): Uint8Array<ArrayBuffer> {
  const data = encode(Layers.toMap(document));
  readLayers(data);
  return data;
}

function check(layer: Layer): void {
  const [least, most] = POINTS[layer.shape] ?? [2, 2];
  const points = layer.points.length / 2;
  const right =
    Number.isInteger(points) &&
    points >= least &&
    points <= most &&
    (layer.text !== undefined) === WITH_TEXT.has(layer.shape) &&
    (layer.number !== undefined) === (layer.shape === Shape.MARK);
  if (!right) throw new EncodingRefused("record_form", `Layer: not a shape ${layer.shape}`);
}
