import { concat } from "../protocol/bytes";

/**
 * Ogg Opus (RFC 3533, RFC 7845): a file of Opus packets, as every player reads it. Pure; the same bytes as `sdk/ogg.py`.
 *
 * Packets are 20 ms, 48 kHz, mono. One that was lost is written as one without sound of its own, which a decoder conceals;
 * so what was heard keeps its length.
 */
export const MEDIA_TYPE = "audio/ogg";
const SAMPLES = 960;
const PRE_SKIP = 312;
const PAGE_PACKETS = 50;
const text = new TextEncoder();

/** A file of the packets; an empty one was lost. `serial` is any 32-bit number. */
export function writeOgg(packets: readonly Uint8Array[], serial: number): Uint8Array<ArrayBuffer> {
  const head = concat(text.encode("OpusHead"), bytes(1, 1), little(PRE_SKIP, 2), little(48_000, 4), bytes(0, 0, 0));
  const tags = concat(text.encode("OpusTags"), little(8, 4), text.encode("Werkfunk"), little(0, 4));
  const pages = [page([head], 0, serial, 0, 2), page([tags], 0, serial, 1, 0)];
  const whole = concealable(packets);
  for (let start = 0; start < Math.max(1, whole.length); start += PAGE_PACKETS) {
    const part = whole.slice(start, start + PAGE_PACKETS);
    const last = start + PAGE_PACKETS >= whole.length;
    pages.push(page(part, (start + part.length) * SAMPLES, serial, pages.length, last ? 4 : 0));
  }
  return concat(...pages);
}

function concealable(packets: readonly Uint8Array[]): Uint8Array[] {
  // A packet of nothing but its first byte (RFC 6716, 3.2.1: code 0, a frame of no bytes) is concealed.
  let toc = (packets.find((packet) => packet.length > 0)?.[0] ?? 0x78) & 0xfc;
  return packets.map((packet) => {
    if (packet.length > 0) toc = packet[0]! & 0xfc;
    return packet.length > 0 ? packet : bytes(toc);
  });
}

function page(packets: readonly Uint8Array[], granule: number, serial: number, number: number, flags: number) {
  const lacing: number[] = [];
  for (const packet of packets) {
    for (let left = packet.length; left >= 255; left -= 255) lacing.push(255);
    lacing.push(packet.length % 255);
  }
  const whole = concat(
    text.encode("OggS"),
    bytes(0, flags),
    little(granule, 8),
    little(serial, 4),
    little(number, 4),
    little(0, 4),
    bytes(lacing.length, ...lacing),
    ...packets,
  );
  whole.set(little(crc(whole), 4), 22);
  return whole;
}

/** The packets of a file. Throws RangeError when it is not Ogg Opus of one stream. */
export function readOgg(data: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let open: Uint8Array[] = [];
  for (let at = 0; at < data.length;) {
    if (data.length - at < 27 || String.fromCharCode(...data.subarray(at, at + 5)) !== "OggS\0") {
      throw new RangeError("not an Ogg page");
    }
    const lacing = data.subarray(at + 27, at + 27 + data[at + 26]!);
    let body = at + 27 + lacing.length;
    const end = body + lacing.reduce((sum, size) => sum + size, 0);
    if (end > data.length) throw new RangeError("a cut Ogg page");
    const whole = data.slice(at, end);
    const sum = new DataView(whole.buffer).getUint32(22, true);
    whole.fill(0, 22, 26);
    if (crc(whole) !== sum) throw new RangeError("a damaged Ogg page");
    for (const size of lacing) {
      open.push(data.subarray(body, body + size));
      body += size;
      if (size === 255) continue;
      packets.push(concat(...open));
      open = [];
    }
    at = end;
  }
  if (String.fromCharCode(...(packets[0] ?? []).slice(0, 8)) !== "OpusHead") throw new RangeError("not Ogg Opus");
  return packets.slice(2);
}

function bytes(...values: number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(values);
}

function little(value: number, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    out[i] = value % 256;
    value = Math.floor(value / 256);
  }
  return out;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  let rest = value << 24;
  for (let bit = 0; bit < 8; bit++) rest = (rest << 1) ^ (rest & 0x80000000 ? 0x04c11db7 : 0);
  return rest >>> 0;
});

/** The checksum of a page (RFC 3533, section 6): polynomial 0x04c11db7, start 0, nothing reflected. */
function crc(data: Uint8Array): number {
  let value = 0;
  for (const byte of data) value = ((value << 8) ^ TABLE[(value >>> 24) ^ byte]!) >>> 0;
  return value;
}
