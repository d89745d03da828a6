import { type Frame, type Layers, SIDE } from "../protocol/layers";

/**
 * Where things are. Two spaces: the picture's (units of docs/protocol.md 8.1, upright) and the view's (the frame's own
 * axes, from its top left corner, in the same units times a scale). Pure.
 */
export interface Point {
  x: number;
  y: number;
}
/** x' = a x + c y + e, y' = b x + d y + f, as a canvas takes it. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const radians = (hundredths: number): number => (hundredths * Math.PI) / 18_000;
const turned = (angle: number): number => ((Math.round(angle) % 36_000) + 36_000) % 36_000;
const whole = (value: number): number => Math.max(1, Math.round(value));

/** The units of a picture of so many pixels. */
export function unitsOf(width: number, height: number): { width: number; height: number } {
  const scale = SIDE / Math.max(width, height);
  return { width: whole(width * scale), height: whole(height * scale) };
}

/** The whole picture, as it is. */
export function wholeFrame(width: number, height: number): Frame {
  return { x: Math.round(width / 2), y: Math.round(height / 2), width, height, angle: 0 };
}

/** From the picture to the view. */
export function toView(frame: Frame, scale: number): Matrix {
  const [cos, sin] = [Math.cos(radians(frame.angle)) * scale, Math.sin(radians(frame.angle)) * scale];
  return [
    cos,
    -sin,
    sin,
    cos,
    (frame.width / 2) * scale - cos * frame.x - sin * frame.y,
    (frame.height / 2) * scale + sin * frame.x - cos * frame.y,
  ];
}

export function inverse([a, b, c, d, e, f]: Matrix): Matrix {
  const det = a * d - b * c;
  return [d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det];
}

export function through([a, b, c, d, e, f]: Matrix, { x, y }: Point): Point {
  return { x: a * x + c * y + e, y: b * x + d * y + f };
}

/** Turn the picture by quarter turns, clockwise. */
export function quarterTurn(frame: Frame, turns: number): Frame {
  const odd = Math.abs(turns) % 2 === 1;
  const [width, height] = odd ? [frame.height, frame.width] : [frame.width, frame.height];
  return { ...frame, width, height, angle: turned(frame.angle - 9_000 * turns) };
}

/** How far the picture is straightened: hundredths of a degree clockwise, within half a quarter turn. */
export function tilt(frame: Frame): number {
  const off = turned(-frame.angle + 4_500) % 9_000;
  return off - 4_500;
}

/** Straighten to `hundredths`, -4,499 to 4,499; the frame gets as large as the whole picture allows. */
export function straighten(document: Layers, hundredths: number): Frame {
  const { frame } = document;
  const angle = turned(frame.angle + tilt(frame) - hundredths);
  const upright = angle % 18_000 < 4_500 || angle % 18_000 >= 13_500;
  const ratio = frame.width / frame.height;
  const [w, h] = upright ? [document.width, document.height] : [document.height, document.width];
  const centred = Math.abs(frame.x - document.width / 2) < 2 && Math.abs(frame.y - document.height / 2) < 2;
  const isWhole = centred && Math.abs(ratio - w / h) < 0.01;
  const grown = isWhole
    ? { ...frame, x: document.width / 2, y: document.height / 2, width: w, height: h, angle }
    : { ...frame, angle };
  return fitted(document, grown);
}

/** The frame about its own centre, shrunk until it lies in the picture. */
export function fitted(document: Layers, frame: Frame): Frame {
  const x = Math.min(Math.max(frame.x, 1), document.width - 1);
  const y = Math.min(Math.max(frame.y, 1), document.height - 1);
  let scale = 1;
  for (const corner of corners({ ...frame, x, y })) {
    for (const [at, centre, most] of [
      [corner.x, x, document.width],
      [corner.y, y, document.height],
    ] as const) {
      const off = at - centre;
      if (off > 0) scale = Math.min(scale, (most - centre) / off);
      else if (off < 0) scale = Math.min(scale, -centre / off);
    }
  }
  return {
    x: Math.round(x),
    y: Math.round(y),
    width: Math.max(1, Math.floor(frame.width * scale + 0.01)),
    height: Math.max(1, Math.floor(frame.height * scale + 0.01)),
    angle: frame.angle,
  };
}

/** Top left, top right, bottom right, bottom left, in the picture. */
export function corners(frame: Frame): Point[] {
  const back = inverse(toView(frame, 1));
  const { width, height } = frame;
  return [
    { x: 0, y: 0 },
    { x: width, y: 0 },
    { x: width, y: height },
    { x: 0, y: height },
  ].map((corner) => through(back, corner));
}

/** Crop to a rectangle of the view (in units). */
export function cropped(document: Layers, from: Point, to: Point): Frame {
  const back = inverse(toView(document.frame, 1));
  const centre = through(back, { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 });
  const width = whole(Math.abs(to.x - from.x));
  const height = whole(Math.abs(to.y - from.y));
  return fitted(document, { ...centre, width, height, angle: document.frame.angle });
}

/** The largest rectangle of a ratio (width by height) in the middle of a width and height. */
export function ofRatio(width: number, height: number, ratio: number): { width: number; height: number } {
  return width / height > ratio ? { width: height * ratio, height } : { width, height: width / ratio };
}

/** The smallest upright rectangle of the picture that holds a rectangle of the view: what a covering shape covers. */
export function covering(frame: Frame, from: Point, to: Point): [number, number, number, number] {
  const back = inverse(toView(frame, 1));
  const points = [from, { x: to.x, y: from.y }, to, { x: from.x, y: to.y }].map((point) => through(back, point));
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  return [
    Math.floor(Math.min(...xs)),
    Math.floor(Math.min(...ys)),
    Math.ceil(Math.max(...xs)),
    Math.ceil(Math.max(...ys)),
  ];
}

/** How a stored picture of an EXIF orientation is drawn upright, and whether its sides are swapped then. */
export function upright(orientation: number, width: number, height: number): { matrix: Matrix; swapped: boolean } {
  const matrices: Record<number, Matrix> = {
    1: [1, 0, 0, 1, 0, 0],
    2: [-1, 0, 0, 1, width, 0],
    3: [-1, 0, 0, -1, width, height],
    4: [1, 0, 0, -1, 0, height],
    5: [0, 1, 1, 0, 0, 0],
    6: [0, 1, -1, 0, height, 0],
    7: [0, -1, -1, 0, height, width],
    8: [0, -1, 1, 0, 0, width],
  };
  return { matrix: matrices[orientation] ?? matrices[1]!, swapped: orientation >= 5 };
}
