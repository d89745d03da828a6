import { isCovering, type Layers, writeLayers } from "../protocol/layers";
import { PICTURE_MAX } from "../protocol/picture";
import { cover, flatten, type Random, shrunk, standing, tone } from "./canvas";
import { isBlank, travelling } from "./document";
import { sniff, strip, type Stripped } from "./header";
import { PictureRefused } from "./refused";

/**
 * Photos as they are sent. Nothing that a photo says about people (place, time, camera) leaves the device, and nothing
 * that was covered: it is taken out of the pixels before anything is encoded. [M38]
 */
export interface Picture {
  file: Blob;
  width: number;
  height: number;
  /** WebP or JPEG, at most as many bytes as were asked for; null where the picture cannot be made so small. */
  thumbnail: Uint8Array | null;
}

/** A photo, and what goes along where that is wanted: the original, and the layers that were drawn on it. */
export interface Photo extends Picture {
  original: Picture | null;
  layers: Uint8Array<ArrayBuffer> | null;
}

export interface Wish {
  edit: Layers | null;
  /** Send the original as well; what is covered is gone from it too. */
  original: boolean;
  /** Bytes that the thumbnail may have. */
  thumbnail: number;
  random: Random;
}

const LONGEST = 2048;
/** Full size, within what a phone can hold beside the decoded picture. */
const LONGEST_ORIGINAL = 6000;
export const THUMBNAIL_MAX = 16_384;
/** Side and quality of a profile picture, the best first. */
const AVATARS = [
  [192, 0.85],
  [192, 0.65],
  [144, 0.55],
  [96, 0.4],
] as const;
const PICTURES = new Set(
  "image/jpeg image/png image/webp image/gif image/avif image/heic image/heif image/bmp".split(" "),
);

/** Whether the app shows such a file as a picture. SVG is not: it may hold scripts. */
export function isPicture(mediaType: string): boolean {
  return PICTURES.has(mediaType);
}

/** One large picture at a time on this device, in all its tabs and workers: two would not fit into a phone's memory. */
function alone<T>(task: () => Promise<T>): Promise<T> {
  return navigator.locks.request("werkfunk-picture", task) as Promise<T>;
}

/** Prepare a photo. Throws PictureRefused. */
export function makePhoto(file: Blob, wish: Wish): Promise<Photo> {
  return alone(() => photoOf(file, wish));
}

async function photoOf(file: Blob, wish: Wish): Promise<Photo> {
  const stripped = await read(file);
  const { edit } = wish;
  const covers = edit?.layers.some(isCovering) ?? false;
  const bitmap = await decode(file, stripped);
  let full: Picture | null = null;
  let canvas: OffscreenCanvas;
  try {
    if (wish.original) full = await original(stripped, bitmap, covers ? edit : null, wish.random);
    canvas = standing(bitmap, stripped.exif.orientation, LONGEST);
  } finally {
    bitmap.close();
  }
  if (edit) {
    cover(canvas, edit, wish.random);
    tone(canvas, edit);
    canvas = flatten(canvas, edit);
  }
  const drawn = edit ? travelling(edit) : null;
  return {
    ...(await encoded(canvas, 0.82)),
    thumbnail: await thumbnailOf(canvas, wish.thumbnail),
    original: full,
    layers: full && drawn && !isBlank(drawn) ? writeLayers(drawn) : null,
  };
}

/** The original, cleaned without a change of its pixels where that can be, else encoded again, upright. */
async function original(
  { bytes, mediaType, width, height, exif }: Stripped,
  bitmap: ImageBitmap,
  covered: Layers | null,
  random: Random,
): Promise<Picture> {
  if (!covered && bytes && exif.orientation === 1) {
    return { file: new Blob([bytes], { type: mediaType }), width, height, thumbnail: null };
  }
  const canvas = standing(bitmap, exif.orientation, LONGEST_ORIGINAL);
  if (covered) cover(canvas, covered, random);
  const made = await encoded(canvas, 0.92);
  // Its memory is given back now, not when somebody gets round to it.
  canvas.width = canvas.height = 0;
  return made;
}

/**
 * A file to be sent as it is: a picture loses what it says about people, anything else is left alone. Gives null for
 * what is no picture. Throws PictureRefused for a picture that cannot be cleaned.
 */
export async function cleaned(file: Blob, thumbnail: number): Promise<Picture | null> {
  const type = sniff(new Uint8Array(await file.slice(0, 16).arrayBuffer()));
  return type ? alone(() => cleanedPicture(file, thumbnail)) : null;
}

async function cleanedPicture(file: Blob, thumbnail: number): Promise<Picture> {
  const stripped = await read(file);
  const bitmap = await decode(file, stripped);
  try {
    const clean = await original(stripped, bitmap, null, () => new Uint8Array());
    const small = standing(bitmap, stripped.exif.orientation, 480);
    return { ...clean, thumbnail: await thumbnailOf(small, thumbnail) };
  } finally {
    bitmap.close();
  }
}

/** A square profile picture from the middle, small enough to travel with the profile. Throws PictureRefused. */
export function makeAvatar(file: Blob): Promise<Uint8Array> {
  return alone(async () => {
    const { canvas: whole } = await opened(file, 960);
    const side = Math.min(whole.width, whole.height);
    const [left, top] = [(whole.width - side) / 2, (whole.height - side) / 2];
    for (const [size, quality] of AVATARS) {
      const canvas = new OffscreenCanvas(size, size);
      const drawing = canvas.getContext("2d")!;
      // A JPEG knows no see-through.
      drawing.fillStyle = "#fff";
      drawing.fillRect(0, 0, size, size);
      drawing.imageSmoothingQuality = "high";
      drawing.drawImage(whole, left, top, side, side, 0, 0, size, size);
      const { file: made } = await encoded(canvas, quality);
      if (made.size <= PICTURE_MAX) return new Uint8Array(await made.arrayBuffer());
    }
    throw new PictureRefused("picture_unreadable", "not to be made small");
  });
}

interface Opened {
  canvas: OffscreenCanvas;
  stripped: Stripped;
}

/** For the editor: the picture upright, its longer side at most `longest`, and what it says. Throws PictureRefused. */
export function openPicture(file: Blob, longest: number): Promise<Opened> {
  return alone(() => opened(file, longest));
}

async function opened(file: Blob, longest: number): Promise<Opened> {
  const stripped = await read(file);
  const bitmap = await decode(file, stripped);
  const canvas = standing(bitmap, stripped.exif.orientation, longest);
  bitmap.close();
  return { canvas, stripped: { ...stripped, bytes: null } };
}

async function read(file: Blob): Promise<Stripped> {
  let data: Uint8Array<ArrayBuffer>;
  try {
    data = new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new PictureRefused("picture_unreadable", "not to be read");
  }
  return strip(data);
}

/** Only cleaned bytes are decoded, so that each browser turns nothing by itself; it is done here, for all eight ways. */
async function decode(file: Blob, { mediaType, bytes }: Stripped): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(bytes ? new Blob([bytes], { type: mediaType }) : file);
  } catch {
    throw new PictureRefused(mediaType === "image/heic" ? "picture_heic" : "picture_unreadable");
  }
}

async function thumbnailOf(canvas: OffscreenCanvas, most: number): Promise<Uint8Array | null> {
  for (const [longest, quality] of [
    [480, 0.6],
    [360, 0.5],
    [240, 0.4],
    [160, 0.3],
    [96, 0.2],
  ] as const) {
    const small = await shrunk(canvas, longest).convertToBlob({ type: "image/webp", quality });
    if (small.size <= Math.min(most, THUMBNAIL_MAX)) return new Uint8Array(await small.arrayBuffer());
  }
  return null;
}

async function encoded(canvas: OffscreenCanvas, quality: number): Promise<Picture> {
  const file = await canvas.convertToBlob({ type: "image/jpeg", quality });
  return { file, width: canvas.width, height: canvas.height, thumbnail: null };
}
