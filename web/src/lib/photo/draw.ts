import { isCovering, type Layer, type Layers, Shape } from "../protocol/layers";
import { type Matrix, type Point, through, toView } from "./geometry";
import { pointsOf } from "./hit";

/** Drawing layers on a canvas: the same on the screen and into the picture that is sent. */
export type Drawing = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

const FONT = "sans-serif";
const css = (colour: number): string => `#${colour.toString(16).padStart(6, "0")}`;
/** Black on light colours, white on dark ones. */
const contrasting = (colour: number): string =>
  0.299 * (colour >> 16) + 0.587 * ((colour >> 8) & 255) + 0.114 * (colour & 255) > 150 ? "#111111" : "#ffffff";

/** Draw what covers nothing; `scale` is canvas pixels a unit, the canvas shows the frame from its top left corner. */
export function drawLayers(drawing: Drawing, document: Layers, scale: number): void {
  const view = toView(document.frame, scale);
  for (const layer of document.layers) {
    if (isCovering(layer)) continue;
    drawing.save();
    drawing.lineCap = "round";
    drawing.lineJoin = "round";
    drawLayer(drawing, document, layer, view, scale);
    drawing.restore();
  }
}

function drawLayer(drawing: Drawing, document: Layers, layer: Layer, view: Matrix, scale: number): void {
  const spots = pointsOf(layer).map((spot) => through(view, spot));
  const width = Math.max(1, layer.size * scale);
  drawing.strokeStyle = drawing.fillStyle = css(layer.colour);
  drawing.lineWidth = width;
  const [a, b] = [spots[0]!, spots[1]!];
  switch (layer.shape) {
    case Shape.ARROW:
      line(drawing, [a, back(b, a, 2 * width)]);
      head(drawing, a, b, 4 * width);
      break;
    case Shape.LINE:
    case Shape.PEN:
      line(drawing, spots);
      break;
    case Shape.ELLIPSE:
      drawing.beginPath();
      drawing.ellipse((a.x + b.x) / 2, (a.y + b.y) / 2, Math.abs(b.x - a.x) / 2, Math.abs(b.y - a.y) / 2, 0, 0, 7);
      drawing.stroke();
      break;
    case Shape.RECTANGLE:
      drawing.strokeRect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(b.x - a.x), Math.abs(b.y - a.y));
      break;
    case Shape.TEXT:
      words(drawing, (layer.text ?? "").split("\n"), a, width, layer.colour, "start");
      break;
    case Shape.MARK:
      mark(drawing, a, width, layer);
      break;
    case Shape.DIMENSION:
      dimension(drawing, a, b, width, layer);
      break;
    case Shape.STAMP:
      stamp(drawing, layer, document.frame.height * scale, width);
      break;
  }
}

function line(drawing: Drawing, spots: readonly Point[]): void {
  drawing.beginPath();
  drawing.moveTo(spots[0]!.x, spots[0]!.y);
  if (spots.length === 1) drawing.lineTo(spots[0]!.x, spots[0]!.y);
  for (const spot of spots.slice(1)) drawing.lineTo(spot.x, spot.y);
  drawing.stroke();
}

/** A point so far before the end `to`, so that a line does not look out of its arrow's tip. */
function back(to: Point, from: Point, by: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const t = Math.max(0, 1 - by / length);
  return { x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
}

function head(drawing: Drawing, from: Point, to: Point, size: number): void {
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  drawing.beginPath();
  drawing.moveTo(to.x, to.y);
  for (const side of [-0.45, 0.45]) {
    drawing.lineTo(to.x - size * Math.cos(angle + side), to.y - size * Math.sin(angle + side));
  }
  drawing.closePath();
  drawing.fill();
}

/** Lines of letters with an outline, so that they can be read on anything. */
function words(
  drawing: Drawing,
  lines: readonly string[],
  at: Point,
  size: number,
  colour: number,
  align: CanvasTextAlign,
): void {
  drawing.font = `700 ${size}px ${FONT}`;
  drawing.textBaseline = "top";
  drawing.textAlign = align;
  drawing.lineWidth = size / 6;
  drawing.strokeStyle = contrasting(colour);
  drawing.fillStyle = css(colour);
  lines.forEach((text, row) => {
    drawing.strokeText(text, at.x, at.y + 1.2 * size * row);
    drawing.fillText(text, at.x, at.y + 1.2 * size * row);
  });
}

function mark(drawing: Drawing, at: Point, size: number, layer: Layer): void {
  drawing.beginPath();
  drawing.arc(at.x, at.y, size / 2, 0, 7);
  drawing.fill();
  drawing.lineWidth = size / 14;
  drawing.strokeStyle = drawing.fillStyle = contrasting(layer.colour);
  drawing.stroke();
  const text = String(layer.number ?? "");
  drawing.font = `700 ${size * [0.62, 0.62, 0.5, 0.4, 0.32][text.length]!}px ${FONT}`;
  drawing.textAlign = "center";
  drawing.textBaseline = "middle";
  drawing.fillText(text, at.x, at.y + size * 0.03);
}

/** A line with an arrow at each end and its length in the middle. */
function dimension(drawing: Drawing, a: Point, b: Point, width: number, layer: Layer): void {
  line(drawing, [back(a, b, 2 * width), back(b, a, 2 * width)]);
  head(drawing, b, a, 4 * width);
  head(drawing, a, b, 4 * width);
  const size = 7 * width;
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 - size * 1.3 - width };
  words(drawing, [layer.text ?? ""], middle, size, layer.colour, "center");
}

/** Time, place and site in a dark band at the lower edge. */
function stamp(drawing: Drawing, layer: Layer, height: number, size: number): void {
  const lines = (layer.text ?? "").split("\n");
  drawing.font = `600 ${size}px ${FONT}`;
  const width = Math.max(...lines.map((text) => drawing.measureText(text).width)) + 1.2 * size;
  const tall = 1.3 * size * lines.length + 0.7 * size;
  drawing.fillStyle = "rgb(0 0 0 / 62%)";
  drawing.fillRect(0, height - tall, width, tall);
  drawing.fillStyle = "#ffffff";
  drawing.textBaseline = "top";
  lines.forEach((text, row) => {
    drawing.fillText(text, 0.6 * size, height - tall + 0.45 * size + 1.3 * size * row);
  });
}
