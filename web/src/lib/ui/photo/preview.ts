import { cover, flatten, show, tone } from "../../photo/canvas";
import { coverings } from "../../photo/redact";
import { handles } from "../../photo/hit";
import { type Point, through, toView } from "../../photo/geometry";
import type { Layer, Layers } from "../../protocol/layers";

/** The editor's view of a photo: the same steps as for sending, on a smaller picture. */

/** In the middle of the noise's range: the preview does not flicker. */
const STILL = (size: number): Uint8Array => new Uint8Array(size).fill(16);

/** The picture covered and toned; made again only when one of these changes. */
export class Ground {
  private made: OffscreenCanvas | null = null;
  private key = "";

  picture(source: OffscreenCanvas, document: Layers): OffscreenCanvas {
    const key = JSON.stringify([coverings(document), document.brightness, document.contrast]);
    if (this.made && key === this.key) return this.made;
    this.key = key;
    this.made = prepared(source, document);
    return this.made;
  }
}

function prepared(source: OffscreenCanvas, document: Layers): OffscreenCanvas {
  const canvas = new OffscreenCanvas(source.width, source.height);
  canvas.getContext("2d", { willReadFrequently: true })!.drawImage(source, 0, 0);
  cover(canvas, document, STILL);
  tone(canvas, document);
  return canvas;
}

export async function flattened(source: OffscreenCanvas, document: Layers): Promise<Blob> {
  return flatten(prepared(source, document), document).convertToBlob({ type: "image/jpeg", quality: 0.8 });
}

/** Where the photo lies on the stage: `scale` in CSS pixels a unit. */
export interface Placed {
  scale: number;
  left: number;
  top: number;
}

/** What the person's fingers chose: how much larger than whole, and which point of the view is in the middle (0 to 1). */
export interface Zoom {
  times: number;
  x: number;
  y: number;
}
export const WHOLE: Zoom = { times: 1, x: 0.5, y: 0.5 };
const EDGE = 12;

export function placed(document: Layers, zoom: Zoom, width: number, height: number): Placed {
  const { frame } = document;
  const fit = Math.min((width - 2 * EDGE) / frame.width, (height - 2 * EDGE) / frame.height);
  const scale = Math.max(fit, 1e-6) * zoom.times;
  return { scale, left: width / 2 - zoom.x * frame.width * scale, top: height / 2 - zoom.y * frame.height * scale };
}

/** Keep a zoom within sense, so that the photo never leaves the stage. */
export function bounded(zoom: Zoom): Zoom {
  const times = Math.min(10, Math.max(1, zoom.times));
  const off = 0.5 - 0.5 / times;
  const within = (value: number): number => Math.min(0.5 + off, Math.max(0.5 - off, value));
  return times === 1 ? WHOLE : { times, x: within(zoom.x), y: within(zoom.y) };
}

interface Scene {
  drawing: CanvasRenderingContext2D;
  picture: OffscreenCanvas;
  document: Layers;
  at: Placed;
  ratio: number;
  chosen: Layer | null;
  crop: readonly [Point, Point] | null;
}

export function paint({ drawing, picture, document, at, ratio, chosen, crop }: Scene): void {
  const { canvas } = drawing;
  drawing.resetTransform();
  drawing.clearRect(0, 0, canvas.width, canvas.height);
  drawing.setTransform(ratio, 0, 0, ratio, at.left * ratio, at.top * ratio);
  const { frame } = document;
  const [width, height] = [frame.width * at.scale, frame.height * at.scale];
  drawing.save();
  drawing.beginPath();
  drawing.rect(0, 0, width, height);
  drawing.clip();
  show(drawing, picture, document, at.scale);
  drawing.restore();
  if (chosen)
    grips(
      drawing,
      handles(chosen).map((grip) => through(toView(frame, at.scale), grip)),
    );
  if (crop) cropping(drawing, crop, at.scale, width, height);
}

function grips(drawing: CanvasRenderingContext2D, spots: readonly Point[]): void {
  // One place to hold is the thing itself: it is ringed, not hidden.
  if (spots.length === 1) {
    drawing.beginPath();
    drawing.arc(spots[0]!.x, spots[0]!.y, 26, 0, 7);
    drawing.strokeStyle = "#ffffff";
    drawing.lineWidth = 5;
    drawing.stroke();
    drawing.strokeStyle = "#0f5c63";
    drawing.lineWidth = 2.5;
    drawing.stroke();
    return;
  }
  for (const spot of spots) {
    drawing.beginPath();
    drawing.arc(spot.x, spot.y, 14, 0, 7);
    drawing.fillStyle = "rgb(255 255 255 / 90%)";
    drawing.strokeStyle = "#0f5c63";
    drawing.lineWidth = 4;
    drawing.fill();
    drawing.stroke();
  }
}

function cropping(
  drawing: CanvasRenderingContext2D,
  [from, to]: readonly [Point, Point],
  scale: number,
  width: number,
  height: number,
): void {
  const [x, y] = [Math.min(from.x, to.x) * scale, Math.min(from.y, to.y) * scale];
  const [w, h] = [Math.abs(to.x - from.x) * scale, Math.abs(to.y - from.y) * scale];
  drawing.fillStyle = "rgb(0 0 0 / 55%)";
  drawing.beginPath();
  drawing.rect(0, 0, width, height);
  drawing.rect(x, y, w, h);
  drawing.fill("evenodd");
  drawing.strokeStyle = "#ffffff";
  drawing.lineWidth = 2;
  drawing.strokeRect(x, y, w, h);
  grips(drawing, [
    { x, y },
    { x: x + w, y },
    { x: x + w, y: y + h },
    { x, y: y + h },
  ]);
}
