import { type Layers, Shape } from "../protocol/layers";
import { type Drawing, drawLayers } from "./draw";
import { toView, upright } from "./geometry";
import { area, blocks, coverings, pixelate } from "./redact";
import { PictureRefused } from "./refused";
import { applyTone, toneTable } from "./tone";

/** From a decoded picture to canvases: upright, then covered, then toned, then framed and drawn upon. */

/** So many random bytes. */
export type Random = (size: number) => Uint8Array;

/** The picture upright, its longer side at most `longest` pixels. What was transparent is white, as in a JPEG. */
export function standing(bitmap: ImageBitmap, orientation: number, longest: number): OffscreenCanvas {
  const { matrix, swapped } = upright(orientation, bitmap.width, bitmap.height);
  const [width, height] = swapped ? [bitmap.height, bitmap.width] : [bitmap.width, bitmap.height];
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = new OffscreenCanvas(pixels(width * scale), pixels(height * scale));
  const drawing = context(canvas);
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.imageSmoothingQuality = "high";
  drawing.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
  drawing.transform(...matrix);
  drawing.drawImage(bitmap, 0, 0);
  return canvas;
}

/** Take out of a standing picture what is covered. */
export function cover(canvas: OffscreenCanvas, document: Layers, random: Random): void {
  const drawing = context(canvas);
  drawing.resetTransform();
  const scale = Math.max(canvas.width, canvas.height) / Math.max(document.width, document.height);
  for (const layer of coverings(document)) {
    const at = area(layer.points, canvas.width, canvas.height, scale);
    if (!at) continue;
    if (layer.shape === Shape.BLACK_OUT) {
      drawing.fillStyle = "#000";
      drawing.fillRect(at.x, at.y, at.width, at.height);
    } else {
      const image = drawing.getImageData(at.x, at.y, at.width, at.height);
      pixelate(image.data, at.width, at.height, random(3 * blocks(at.width, at.height).length));
      drawing.putImageData(image, at.x, at.y);
    }
  }
}

/** Brightness and contrast of a standing picture. */
export function tone(canvas: OffscreenCanvas, document: Layers): void {
  if (document.brightness === 0 && document.contrast === 0) return;
  const drawing = context(canvas);
  const image = drawing.getImageData(0, 0, canvas.width, canvas.height);
  applyTone(image.data, toneTable(document.brightness, document.contrast));
  drawing.putImageData(image, 0, 0);
}

/** Show a standing picture through the document's frame, with all that is drawn; `scale` is pixels a unit. */
export function show(drawing: Drawing, picture: OffscreenCanvas, document: Layers, scale: number): void {
  const perUnit = Math.max(document.width, document.height) / Math.max(picture.width, picture.height);
  drawing.save();
  drawing.imageSmoothingQuality = "high";
  drawing.transform(...toView(document.frame, scale));
  drawing.scale(perUnit, perUnit);
  drawing.drawImage(picture, 0, 0);
  drawing.restore();
  drawLayers(drawing, document, scale);
}

/** What is sent: a covered, toned picture, framed and drawn upon, no larger than its pixels give. */
export function flatten(picture: OffscreenCanvas, document: Layers): OffscreenCanvas {
  const { frame } = document;
  const scale = Math.max(picture.width, picture.height) / Math.max(document.width, document.height);
  const canvas = new OffscreenCanvas(pixels(frame.width * scale), pixels(frame.height * scale));
  const drawing = context(canvas);
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  show(drawing, picture, document, scale);
  return canvas;
}

/** A picture made smaller. */
export function shrunk(picture: OffscreenCanvas, longest: number): OffscreenCanvas {
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(pixels(picture.width * scale), pixels(picture.height * scale));
  const drawing = context(canvas);
  drawing.imageSmoothingQuality = "high";
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const pixels = (length: number): number => Math.max(1, Math.round(length));

function context(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const found = canvas.getContext("2d", { willReadFrequently: true });
  if (!found) throw new PictureRefused("picture_too_large", "no canvas");
  return found;
}
