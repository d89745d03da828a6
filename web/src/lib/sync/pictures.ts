import { Problem } from "./api";

/** A picture as it is sent: re-encoded ones carry no place, camera or time. Thumbnail: WebP or JPEG, at most 16 KiB. */
export interface Picture {
  file: Blob;
  width: number;
  height: number;
  thumbnail: Uint8Array | null;
}

const LONGEST = 2048;
const THUMBNAIL_MAX = 16_384;
const PICTURES = new Set([
  "image/jpeg",
  "image/png",
  "image/webp",
  "image/gif",
  "image/avif",
  "image/heic",
  "image/heif",
  "image/bmp",
]);

/** Whether the app shows such a file as a picture. SVG is not: it may hold scripts. */
export function isPicture(mediaType: string): boolean {
  return PICTURES.has(mediaType);
}

/** Prepare a photo. Throws Problem `picture_unreadable` when the browser cannot read it. */
export async function makePhoto(file: Blob, original: boolean): Promise<Picture> {
  const bitmap = await read(file);
  try {
    const { width, height } = bitmap;
    const thumbnail = await makeThumbnail(bitmap);
    if (original) return { file, width, height, thumbnail };
    const [small, w, h] = await encode(bitmap, LONGEST, "image/jpeg", 0.82);
    return { file: small, width: w, height: h, thumbnail };
  } finally {
    bitmap.close();
  }
}

/** A thumbnail for a file that may be a picture; null where it is not. */
export async function tryThumbnail(file: Blob): Promise<Omit<Picture, "file"> | null> {
  if (!isPicture(file.type)) return null;
  try {
    const { width, height, thumbnail } = await makePhoto(file, true);
    return { width, height, thumbnail };
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

/** A square profile picture, small enough to travel with the profile. */
export async function makeAvatar(file: Blob): Promise<Uint8Array> {
  const bitmap = await read(file);
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = new OffscreenCanvas(96, 96);
  const left = (bitmap.width - side) / 2;
  const top = (bitmap.height - side) / 2;
  context(canvas).drawImage(bitmap, left, top, side, side, 0, 0, 96, 96);
  bitmap.close();
  return new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg", quality: 0.7 })).arrayBuffer());
}

async function read(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Problem("picture_unreadable");
  }
}

async function makeThumbnail(bitmap: ImageBitmap): Promise<Uint8Array | null> {
  for (const [longest, quality] of [
    [480, 0.6],
    [360, 0.5],
    [240, 0.4],
    [120, 0.3],
  ] as const) {
    const [small] = await encode(bitmap, longest, "image/webp", quality);
    if (small.size <= THUMBNAIL_MAX) return new Uint8Array(await small.arrayBuffer());
  }
  return null;
}

async function encode(
  bitmap: ImageBitmap,
  longest: number,
  type: string,
  quality: number,
): Promise<[Blob, number, number]> {
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const drawing = context(canvas);
  // What was transparent would be black in a JPEG.
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, width, height);
  drawing.imageSmoothingQuality = "high";
  drawing.drawImage(bitmap, 0, 0, width, height);
  return [await canvas.convertToBlob({ type, quality }), width, height];
}

function context(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const found = canvas.getContext("2d");
  if (!found) throw new Problem("picture_unreadable", "no canvas");
  return found;
}
