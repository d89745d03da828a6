import { type Layer, type Layers, Shape } from "../protocol/layers";
import { type Point, through, toView } from "./geometry";

/** What lies under a finger. All in the picture's units. Pure. */

const TWO_CORNERS: ReadonlySet<Shape> = new Set([
  Shape.ELLIPSE,
  Shape.RECTANGLE,
  Shape.BLACK_OUT,
  Shape.PIXELATE,
] as Shape[]);

export const hasCorners = (layer: Layer): boolean => TWO_CORNERS.has(layer.shape);

/** The topmost layer within `reach` of a point, or -1. */
export function hit(document: Layers, point: Point, reach: number): number {
  return document.layers.findLastIndex((layer) => distance(document, layer, point) <= reach);
}

/** From a point to a layer: 0 on it or in it. */
function distance(document: Layers, layer: Layer, point: Point): number {
  const spots = pointsOf(layer);
  const first = spots[0];
  if (!first) return Infinity;
  switch (layer.shape) {
    case Shape.MARK:
      return Math.max(0, apart(first, point) - layer.size / 2);
    case Shape.TEXT: {
      // Letters stand upright in what is seen, however the picture is turned.
      const view = toView(document.frame, 1);
      const [at, corner] = [through(view, point), through(view, first)];
      const lines = (layer.text ?? "").split("\n");
      const width = 0.6 * layer.size * Math.max(1, ...lines.map((line) => line.length));
      return toBox(at, corner, { x: corner.x + width, y: corner.y + 1.2 * layer.size * lines.length });
    }
    case Shape.BLACK_OUT:
    case Shape.PIXELATE:
      return toBox(point, first, spots[1]!);
    case Shape.RECTANGLE: {
      const [a, b] = [first, spots[1]!];
      const ring = [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }, a];
      return Math.max(0, toStroke(point, ring) - layer.size / 2);
    }
    case Shape.ELLIPSE: {
      const b = spots[1]!;
      const [rx, ry] = [Math.abs(b.x - first.x) / 2 || 1, Math.abs(b.y - first.y) / 2 || 1];
      const [dx, dy] = [point.x - (first.x + b.x) / 2, point.y - (first.y + b.y) / 2];
      const off = Math.abs(Math.hypot(dx / rx, dy / ry) - 1) * Math.min(rx, ry);
      return Math.max(0, off - layer.size / 2);
    }
    default:
      return Math.max(0, toStroke(point, spots) - layer.size / 2);
  }
}

export function pointsOf(layer: Layer): Point[] {
  const out: Point[] = [];
  for (let i = 0; i + 1 < layer.points.length; i += 2) out.push({ x: layer.points[i]!, y: layer.points[i + 1]! });
  return out;
}

const apart = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

function toBox(point: Point, a: Point, b: Point): number {
  const dx = Math.max(Math.min(a.x, b.x) - point.x, 0, point.x - Math.max(a.x, b.x));
  const dy = Math.max(Math.min(a.y, b.y) - point.y, 0, point.y - Math.max(a.y, b.y));
  return Math.hypot(dx, dy);
}

function toStroke(point: Point, spots: readonly Point[]): number {
  if (spots.length === 1) return apart(spots[0]!, point);
  return Math.min(...spots.slice(1).map((to, i) => toSegment(point, spots[i]!, to)));
}

function toSegment(point: Point, a: Point, b: Point): number {
  const length = apart(a, b) ** 2 || 1;
  const along = ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / length;
  const t = Math.min(1, Math.max(0, along));
  return apart(point, { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) });
}

/** Where a layer can be taken hold of: its ends, or its four corners. */
export function handles(layer: Layer): Point[] {
  const spots = pointsOf(layer);
  if (layer.shape === Shape.PEN) return [];
  if (!hasCorners(layer)) return spots;
  const [a, b] = [spots[0]!, spots[1]!];
  return [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }];
}

/**
 * The handle that a finger takes hold of, or -1: the nearest within `reach`. Between two of them at least a third of the
 * way stays free, so that what is small can still be moved as a whole. A single one is the thing itself.
 */
export function held(spots: readonly Point[], point: Point, reach: number): number {
  if (spots.length < 2) return -1;
  const near = spots.reduce((best, one, i) => (apart(one, point) < apart(spots[best]!, point) ? i : best), 0);
  const others = spots.filter((_, i) => i !== near).map((one) => ({ one, far: apart(one, spots[near]!) }));
  const neighbour = others.reduce((best, each) => (each.far < best.far ? each : best));
  // Away from its neighbour there is nothing else to take hold of.
  const towards = apart(neighbour.one, point) < neighbour.far;
  return apart(spots[near]!, point) <= (towards ? Math.min(reach, neighbour.far / 3) : reach) ? near : -1;
}

/** A layer with one of its handles moved there. */
export function pulled(layer: Layer, handle: number, to: Point): Layer {
  const points = [...layer.points];
  const [x, y] = [Math.round(to.x), Math.round(to.y)];
  if (hasCorners(layer)) {
    points[handle === 0 || handle === 3 ? 0 : 2] = x;
    points[handle === 0 || handle === 1 ? 1 : 3] = y;
  } else {
    points[2 * handle] = x;
    points[2 * handle + 1] = y;
  }
  return { ...layer, points };
}
