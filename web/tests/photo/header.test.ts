import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BYTES_MAX, sniff, strip } from "../../src/lib/photo/header";
import { PictureRefused } from "../../src/lib/photo/refused";

const fixture = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(join(import.meta.dirname, "fixtures", name)));
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const refusal = (data: Uint8Array<ArrayBuffer>): string => {
  try {
    strip(data);
    return "taken";
  } catch (error) {
    if (error instanceof PictureRefused) return error.code;
    throw error;
  }
};
const at = (data: Uint8Array, text: string): number => latin1(data).indexOf(text);

describe("what a photo says is read, then gone", () => {
  test.each([
    ["gps.jpg", "image/jpeg", 6],
    ["gps.webp", "image/webp", 3],
    ["gps.png", "image/png", 8],
  ])("%s", (name, mediaType, orientation) => {
    const data = fixture(name);
    expect(latin1(data)).toMatch(/Geheim/);
    const found = strip(data);
    expect(found).toMatchObject({ mediaType, width: 24, height: 16 });
    expect(found.exif.orientation).toBe(orientation);
    expect(found.exif.taken).toBe("2026-11-24 13:05");
    expect(found.exif.place?.latitude).toBeCloseTo(52.51, 5);
    expect(found.exif.place?.longitude).toBeCloseTo(13.37, 5);

    const left = latin1(found.bytes!);
    expect(left).not.toMatch(/Geheim|Exif|eXIf|EXIF|xmp|XMP|2026:11:24|tEXt/);
    const again = strip(found.bytes!);
    expect(again.exif).toEqual({ orientation: 1, place: null, taken: "" });
    expect(again.bytes).toEqual(found.bytes);
    expect(again.width).toBe(24);
  });

  test("what is hung on behind the picture goes: previews, films, a second photo", () => {
    const data = fixture("gps.jpg");
    const long = new Uint8Array([...data, ...data, 1, 2, 3]);
    expect(strip(long).bytes).toEqual(strip(data).bytes);
  });

  test("a WebP no longer says that it has metadata", () => {
    const bytes = strip(fixture("gps.webp")).bytes!;
    expect(latin1(bytes.subarray(12, 16))).toBe("VP8X");
    expect(bytes[20]! & 0x0c).toBe(0);
    expect(new DataView(bytes.buffer).getUint32(4, true)).toBe(bytes.length - 8);
  });
});

test.each(["plain.gif", "plain.bmp", "lossless.webp"])("%s: its size is read", (name) => {
  expect(strip(fixture(name))).toMatchObject({ width: 24, height: 16 });
});

describe("bombs are refused before a decoder sees them", () => {
  test("a PNG of 60,000 x 60,000", () => {
    const data = fixture("gps.png");
    new DataView(data.buffer).setUint32(16, 60_000);
    new DataView(data.buffer).setUint32(20, 60_000);
    expect(refusal(data)).toBe("picture_too_large");
  });
  test("a JPEG of 65,000 x 65,000", () => {
    const data = fixture("gps.jpg");
    const frame = data.findIndex((byte, i) => byte === 0xff && data[i + 1] === 0xc0);
    new DataView(data.buffer).setUint16(frame + 5, 65_000);
    new DataView(data.buffer).setUint16(frame + 7, 65_000);
    expect(refusal(data)).toBe("picture_too_large");
  });
  test("a GIF whose image is larger than its screen", () => {
    const data = fixture("plain.gif");
    const image = data.indexOf(0x2c, 13);
    new DataView(data.buffer).setUint16(image + 5, 65_000, true);
    expect(refusal(data)).toBe("picture_too_large");
  });
  test("a JPEG of more than a hundred scans", () => {
    const data = fixture("gps.jpg");
    const scan = data.findIndex((byte, i) => byte === 0xff && data[i + 1] === 0xda);
    const header = data.subarray(scan, scan + 2 + new DataView(data.buffer).getUint16(scan + 2));
    const many = [...data.subarray(0, scan), ...Array.from({ length: 101 }, () => [...header, 0]).flat()];
    expect(refusal(new Uint8Array(many))).toBe("picture_unreadable");
  });
  test("more bytes than are taken", () => {
    const data = new Uint8Array(BYTES_MAX + 1);
    data.set(fixture("gps.jpg"));
    expect(refusal(data)).toBe("picture_too_large");
  });
});

describe("malformed pictures are refused, never thrown about", () => {
  test.each(["gps.jpg", "gps.png", "gps.webp", "plain.gif"])("%s cut off at every byte", (name) => {
    const whole = fixture(name);
    for (let size = 0; size < whole.length; size++) {
      expect(["picture_unreadable", "picture_too_large", "taken"]).toContain(refusal(whole.slice(0, size)));
    }
    expect(refusal(whole.slice(0, 30))).toBe("picture_unreadable");
  });
  test.each(["gps.jpg", "gps.png", "gps.webp"])("%s with any byte of its head changed", (name) => {
    const whole = fixture(name);
    for (let place = 0; place < Math.min(600, whole.length); place++) {
      for (const value of [0x00, 0xff]) {
        const changed = whole.slice();
        changed[place] = value;
        expect(["picture_unreadable", "picture_too_large", "taken"]).toContain(refusal(changed));
      }
    }
  });
  test("text, SVG and nothing are no pictures", () => {
    for (const text of ["", "Hallo", "<svg xmlns='http://www.w3.org/2000/svg'/>"]) {
      expect(refusal(new TextEncoder().encode(text))).toBe("picture_unreadable");
    }
  });
  test("a wrong directory in EXIF says nothing, and the picture is taken", () => {
    const data = fixture("gps.jpg");
    const tiff = at(data, "Exif\0\0") + 6;
    data.fill(0xff, tiff + 4, tiff + 8);
    expect(strip(data).exif).toEqual({ orientation: 1, place: null, taken: "" });
  });
});

test("HEIC is known by its brand", () => {
  const heic = new TextEncoder().encode("\0\0\0\x18ftypheic\0\0\0\0mif1heic");
  expect(sniff(heic)).toBe("image/heic");
});
