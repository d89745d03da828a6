import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { readOgg, writeOgg } from "../../src/lib/media/ogg";

const PACKETS = Array.from({ length: 130 }, (_, n) => new Uint8Array(1 + ((n * 7) % 600)).fill(n, 1).fill(0x78, 0, 1));

describe("Ogg Opus", () => {
  test("what is written is read back", () => {
    expect(readOgg(writeOgg(PACKETS, 1))).toEqual(PACKETS);
    expect(readOgg(writeOgg([], 1))).toEqual([]);
  });

  test("a lost packet becomes one that a decoder conceals", () => {
    const packets = [...PACKETS.slice(0, 3), new Uint8Array(), PACKETS[4]!];
    expect(readOgg(writeOgg(packets, 1))[3]).toEqual(Uint8Array.of(0x78));
  });

  test.each([3, 30, 200, 5000])("a changed byte at %d is seen", (at) => {
    const data = writeOgg(PACKETS, 1);
    data[at]! ^= 1;
    expect(() => readOgg(data)).toThrow(RangeError);
  });

  test("a cut file is seen", () => {
    expect(() => readOgg(writeOgg(PACKETS, 1).subarray(0, -1))).toThrow(RangeError);
  });

  test("both languages write the same bytes", () => {
    const script =
      "import sys; sys.path.insert(0, '../src'); from werkfunk.sdk import ogg\n" +
      "packets = [bytes([0x78]) + bytes([n]) * (n * 7 % 600) for n in range(130)]\n" +
      "sys.stdout.buffer.write(ogg.write(packets, 77))";
    const python = execFileSync("../.venv/bin/python", ["-c", script]);
    const packets = Array.from({ length: 130 }, (_, n) =>
      Uint8Array.of(0x78, ...new Array<number>((n * 7) % 600).fill(n)),
    );
    expect(Buffer.from(writeOgg(packets, 77)).equals(python)).toBe(true);
  });
});
