import { type Exif, NO_EXIF, readExif } from "./exif";
import { stripJpeg } from "./jpeg";
import { stripPng } from "./png";
import { PictureRefused } from "./refused";
import { stripWebp } from "./webp";

/**
 * What a picture is, read from its bytes before any decoder sees them, and the same picture without what it says about
 * people: camera, place, time, comments, previews, whatever is appended. The pixels are not touched.
 */
export interface Stripped {
  mediaType: string;
  /** As stored, before it is turned upright. */
  width: number;
  height: number;
  exif: Exif;
  /** Without metadata; null where this form cannot be cleaned without decoding it. */
  bytes: Uint8Array<ArrayBuffer> | null;
}

export const BYTES_MAX = 50 * 1_048_576;
/** 64 megapixels: 256 MB once it is decoded. */
export const PIXELS_MAX = 64_000_000;
export const SIDE_MAX = 30_000;

/** What a reader of one form gives. */
export interface Form {
  width: number;
  height: number;
  tiff: Uint8Array | null;
  bytes: Uint8Array<ArrayBuffer> | null;
}

/** Throws PictureRefused before a malformed or huge picture reaches a decoder. */
export function strip(data: Uint8Array<ArrayBuffer>): Stripped {
  if (data.length > BYTES_MAX) throw new PictureRefused("picture_too_large", `${data.length} bytes`);
  const [mediaType, form] = read(data);
  const { width, height, tiff, bytes } = form;
  if (width < 1 || height < 1) throw new PictureRefused("picture_unreadable", "no size");
  if (width > SIDE_MAX || height > SIDE_MAX || width * height > PIXELS_MAX) {
    throw new PictureRefused("picture_too_large", `${width} x ${height}`);
  }
  return { mediaType, width, height, exif: tiff ? readExif(tiff) : NO_EXIF, bytes };
}

/** What a file begins with, where it is a picture that can be taken; else "". */
export function sniff(data: Uint8Array): string {
  const begins = (text: string, at = 0): boolean =>
    text.length + at <= data.length && [...text].every((letter, i) => data[at + i] === letter.charCodeAt(0));
  if (begins("\xff\xd8\xff")) return "image/jpeg";
  if (begins("\x89PNG\r\n\x1a\n")) return "image/png";
  if (begins("RIFF") && begins("WEBP", 8)) return "image/webp";
  if (begins("GIF8")) return "image/gif";
  if (begins("BM")) return "image/bmp";
  if (begins("ftyp", 4)) {
    if (begins("avif", 8) || begins("avis", 8)) return "image/avif";
    if (["heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"].some((brand) => begins(brand, 8))) return "image/heic";
  }
  return "";
}

function read(data: Uint8Array<ArrayBuffer>): [string, Form] {
  const type = sniff(data);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  try {
    switch (type) {
      case "image/jpeg":
        return [type, stripJpeg(data)];
      case "image/png":
        return [type, stripPng(data)];
      case "image/webp":
        return [type, stripWebp(data)];
      case "image/gif":
        return [type, { ...screen(view), tiff: null, bytes: data }];
      case "image/bmp": {
        const height = Math.abs(view.getInt32(22, true));
        return [type, { width: view.getInt32(18, true), height, tiff: null, bytes: data }];
      }
      case "image/avif":
      case "image/heic":
        return [type, { ...extents(data, view), tiff: null, bytes: null }];
    }
  } catch (error) {
    // A length that points outside the data.
    if (error instanceof RangeError) throw new PictureRefused("picture_unreadable", "cut off");
    throw error;
  }
  throw new PictureRefused("picture_unreadable", "no known form");
}

/** A GIF's screen, or its first image where that is larger: decoders make room for it. */
function screen(view: DataView): { width: number; height: number } {
  const colours = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + colours(view.getUint8(10));
  while (view.getUint8(at) === 0x21) {
    at += 2;
    while (view.getUint8(at) > 0) at += 1 + view.getUint8(at);
    at++;
  }
  if (view.getUint8(at) !== 0x2c) throw new PictureRefused("picture_unreadable", "no image");
  return {
    width: Math.max(view.getUint16(6, true), view.getUint16(at + 1, true) + view.getUint16(at + 5, true)),
    height: Math.max(view.getUint16(8, true), view.getUint16(at + 3, true) + view.getUint16(at + 7, true)),
  };
}

/** The largest image of an ISO-BMFF file: its `ispe` properties (ISO/IEC 23008-12, 6.5.3). */
function extents(data: Uint8Array, view: DataView): { width: number; height: number } {
  const found = { width: 0, height: 0 };
  const end = Math.min(data.length - 12, 1_048_576);
  for (let at = 4; at < end; at++) {
    if (view.getUint32(at) !== 0x69737065) continue;
    found.width = Math.max(found.width, view.getUint32(at + 8));
    found.height = Math.max(found.height, view.getUint32(at + 12));
  }
  return found;
}
