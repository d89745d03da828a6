import { concat } from "../protocol/bytes";
import type { Form } from "./header";
import { PictureRefused } from "./refused";

/** Chunks that say how the pixels look; all others (text, time, EXIF, unknown ones) go. */
const NEEDED = new Set("IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT bKGD pHYs acTL fcTL fdAT".split(" "));

/** W3C PNG, third edition. Checksums are left to the decoder. */
export function stripPng(data: Uint8Array<ArrayBuffer>): Form {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const kept: Uint8Array<ArrayBuffer>[] = [data.subarray(0, 8)];
  let tiff: Uint8Array | null = null;
  let pixels = false;
  for (let at = 8; ;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...data.subarray(at + 4, at + 8));
    const end = at + 12 + length;
    if (end > data.length) throw new PictureRefused("picture_unreadable", "cut off");
    if (at === 8 && (type !== "IHDR" || length !== 13)) throw new PictureRefused("picture_unreadable", "no header");
    if (NEEDED.has(type)) kept.push(data.subarray(at, end));
    if (type === "eXIf") tiff = data.subarray(at + 8, at + 8 + length);
    pixels ||= type === "IDAT";
    at = end;
    if (type === "IEND") break;
  }
  if (!pixels) throw new PictureRefused("picture_unreadable", "no picture");
  return { width: view.getUint32(16), height: view.getUint32(20), tiff, bytes: concat(...kept) };
}
