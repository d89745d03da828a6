/** What a photo says about itself: how it was held, where and when it was taken. Everything else is passed over. */
export interface Exif {
  /** 1 to 8 as in EXIF 2.32, 4.6.4 tag 0x0112; 1 where it is missing or wrong. */
  orientation: number;
  /** Degrees, or null. */
  place: { latitude: number; longitude: number } | null;
  /** "2026-11-24 13:05" by the camera's clock, or "". */
  taken: string;
}

export const NO_EXIF: Exif = { orientation: 1, place: null, taken: "" };

const ORIENTATION = 0x0112;
const EXIF_IFD = 0x8769;
const GPS_IFD = 0x8825;
const TAKEN = 0x9003;
const ENTRIES_MAX = 500;
/** Bytes of a value of each TIFF type. */
const SIZES: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8 };

/** Read the TIFF structure that EXIF is. Never throws: what is malformed is left out. */
export function readExif(tiff: Uint8Array): Exif {
  if (tiff.length < 8) return NO_EXIF;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return NO_EXIF;
  const main = entries(view, view.getUint32(4, little), little);
  const orientation = main.get(ORIENTATION)?.numbers()[0] ?? 1;
  const sub = main.get(EXIF_IFD)?.numbers()[0];
  const gps = main.get(GPS_IFD)?.numbers()[0];
  return {
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
    place: gps === undefined ? null : placeOf(entries(view, gps, little)),
    taken: sub === undefined ? "" : takenAt(entries(view, sub, little).get(TAKEN)?.text() ?? ""),
  };
}

interface Entry {
  numbers(): number[];
  text(): string;
}

/** A directory's entries whose values lie inside the data. */
function entries(view: DataView, offset: number, little: boolean): Map<number, Entry> {
  const out = new Map<number, Entry>();
  if (offset + 2 > view.byteLength) return out;
  const count = Math.min(view.getUint16(offset, little), ENTRIES_MAX);
  for (let i = 0; i < count; i++) {
    const at = offset + 2 + 12 * i;
    if (at + 12 > view.byteLength) break;
    const type = view.getUint16(at + 2, little);
    const size = SIZES[type];
    const n = view.getUint32(at + 4, little);
    if (size === undefined || n > 1_000) continue;
    const start = size * n <= 4 ? at + 8 : view.getUint32(at + 8, little);
    if (start + size * n > view.byteLength) continue;
    out.set(view.getUint16(at, little), {
      numbers: () => Array.from({ length: n }, (_, k) => numberAt(view, start + size * k, type, little)),
      text: () =>
        String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + start, n)).replace(/\0[\s\S]*$/, ""),
    });
  }
  return out;
}

function numberAt(view: DataView, at: number, type: number, little: boolean): number {
  if (type === 3) return view.getUint16(at, little);
  if (type === 4) return view.getUint32(at, little);
  if (type === 5) return view.getUint32(at, little) / view.getUint32(at + 4, little);
  return view.getUint8(at);
}

function placeOf(gps: Map<number, Entry>): Exif["place"] {
  const degrees = (tag: number, negative: string): number => {
    const [d = NaN, m = 0, s = 0] = gps.get(tag + 1)?.numbers() ?? [];
    const value = d + m / 60 + s / 3600;
    return gps.get(tag)?.text().startsWith(negative) ? -value : value;
  };
  const latitude = degrees(1, "S");
  const longitude = degrees(3, "W");
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}

function takenAt(text: string): string {
  const found = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d)/.exec(text);
  return found ? `${found[1]}-${found[2]}-${found[3]} ${found[4]}` : "";
}
