import { concat } from "../protocol/bytes";
import type { Form } from "./header";
import { PictureRefused } from "./refused";

const NEEDED = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]);
const PICTURED = new Set(["VP8 ", "VP8L", "ANMF"]);
/** In VP8X: EXIF and XMP are there. */
const METADATA_FLAGS = 0x0c;

/** RFC 9649. */
export function stripWebp(data: Uint8Array<ArrayBuffer>): Form {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const whole = Math.min(data.length, 8 + view.getUint32(4, true));
  const kept: Uint8Array<ArrayBuffer>[] = [];
  let tiff: Uint8Array | null = null;
  let [width, height] = [0, 0];
  let pictured = false;
  for (let at = 12; at + 8 <= whole;) {
    const type = String.fromCharCode(...data.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length;
    if (end > data.length) throw new PictureRefused("picture_unreadable", "cut off");
    const body = data.subarray(at + 8, end);
    pictured ||= PICTURED.has(type);
    const size = sizeOf(type, body);
    width = Math.max(width, size[0]);
    height = Math.max(height, size[1]);
    // Some writers put JPEG's prefix in front.
    if (type === "EXIF") tiff = String.fromCharCode(...body.subarray(0, 4)) === "Exif" ? body.subarray(6) : body;
    if (NEEDED.has(type)) {
      const chunk = data.slice(at, Math.min(end + (length % 2), data.length));
      if (type === "VP8X") chunk[8]! &= ~METADATA_FLAGS;
      kept.push(chunk);
    }
    at = end + (length % 2);
  }
  if (!pictured) throw new PictureRefused("picture_unreadable", "no picture");
  const head = data.slice(0, 12);
  const total = 4 + kept.reduce((sum, chunk) => sum + chunk.length, 0);
  new DataView(head.buffer).setUint32(4, total, true);
  return { width, height, tiff, bytes: concat(head, ...kept) };
}

function sizeOf(type: string, body: Uint8Array): [number, number] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const uint24 = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (type) {
    case "VP8X":
      return [uint24(4) + 1, uint24(7) + 1];
    case "VP8 ":
      return [view.getUint16(6, true) & 0x3fff, view.getUint16(8, true) & 0x3fff];
    case "VP8L": {
      const bits = view.getUint32(1, true);
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    }
    default:
      return [0, 0];
  }
}
