import { concat } from "../protocol/bytes";
import type { Form } from "./header";
import { PictureRefused } from "./refused";

const EXIF = "Exif\0\0";
/** A progressive picture has about ten; thousands would keep a decoder busy for minutes. */
const SCANS_MAX = 100;

/** ISO/IEC 10918-1: kept is what decoding needs, colours included; everything after the end of the picture goes. */
export function stripJpeg(data: Uint8Array<ArrayBuffer>): Form {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const kept: Uint8Array<ArrayBuffer>[] = [data.subarray(0, 2)];
  let [at, width, height, scans] = [2, 0, 0, 0];
  let tiff: Uint8Array | null = null;
  for (;;) {
    if (view.getUint8(at) !== 0xff) throw new PictureRefused("picture_unreadable", "no marker");
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xd9) break;
    const length = view.getUint16(at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > data.length) throw new PictureRefused("picture_unreadable", "cut off");
    const segment = data.subarray(at, end);
    if (isFrame(marker)) {
      if (width > 0) throw new PictureRefused("picture_unreadable", "two frames");
      height = view.getUint16(at + 5);
      width = view.getUint16(at + 7);
    }
    if (marker === 0xe1 && tiff === null && begins(segment, EXIF)) tiff = segment.subarray(4 + EXIF.length);
    if (isNeeded(marker, segment)) kept.push(segment);
    at = end;
    if (marker !== 0xda) continue;
    if (width === 0 || ++scans > SCANS_MAX) throw new PictureRefused("picture_unreadable", "scans");
    at = afterScan(data, end);
    kept.push(data.subarray(end, at));
    // Some cameras leave the end mark out.
    if (at >= data.length) break;
  }
  if (scans === 0) throw new PictureRefused("picture_unreadable", "no picture");
  kept.push(new Uint8Array([0xff, 0xd9]));
  return { width, height, tiff, bytes: concat(...kept) };
}

const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** Tables, frames and scans; of the applications' segments JFIF, the colour profile and Adobe's colour transform. */
function isNeeded(marker: number, segment: Uint8Array): boolean {
  if (marker === 0xe0) return begins(segment, "JFIF\0") && segment.length === 18;
  if (marker === 0xe2) return begins(segment, "ICC_PROFILE\0");
  if (marker === 0xee) return begins(segment, "Adobe");
  return marker >= 0xc0 && marker <= 0xdf;
}

function begins(segment: Uint8Array, text: string): boolean {
  return [...text].every((letter, i) => segment[4 + i] === letter.charCodeAt(0));
}

/** Where the next marker stands that is neither a stuffed byte nor a restart. */
function afterScan(data: Uint8Array, from: number): number {
  for (let at = data.indexOf(0xff, from); at >= 0; at = data.indexOf(0xff, at + 1)) {
    const next = data[at + 1];
    if (next === undefined) break;
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
  return data.length;
}
