import { concat, text, utf8 } from "./bytes";
import { EncodingRefused } from "./errors";
import type { Label } from "./labels";

/**
 * CBOR in the core deterministic encoding of RFC 8949 section 4.2.1, and nothing else. [M1]
 *
 * Every hash, signature and associated data is made over these bytes, so there is one encoding of a value and one value
 * of an encoding: the decoder below refuses every other form by itself.
 */
export type Value = number | string | boolean | null | Uint8Array | Value[] | Map<number | string, Value>;

const SUITE = 1;
const DEPTH_MAX = 16;
const INTEGER_MAX = 2 ** 53;
const KEY_MAX = 23;

const refuse = (detail: string): EncodingRefused => new EncodingRefused("cbor_form", detail);

/** Encode a value. Throws EncodingRefused `cbor_form`: a type, integer, key or depth that the protocol does not allow. */
export function encode(value: Value): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  write(value, 0, parts);
  return concat(...parts);
}

/** T(label, …) of docs/protocol.md, 1: the suite, the label, the items. [M2] */
export function tagged(label: Label, ...items: Value[]): Uint8Array<ArrayBuffer> {
  return encode([SUITE, label, ...items]);
}

function head(major: number, value: number): Uint8Array {
  const top = major << 5;
  if (value < 24) return Uint8Array.of(top | value);
  if (value < 0x100) return Uint8Array.of(top | 24, value);
  const size = value < 0x1_0000 ? 2 : value < 0x1_0000_0000 ? 4 : 8;
  const out = new Uint8Array(1 + size);
  const view = new DataView(out.buffer);
  out[0] = top | (size === 2 ? 25 : size === 4 ? 26 : 27);
  if (size === 2) view.setUint16(1, value);
  else if (size === 4) view.setUint32(1, value);
  else view.setBigUint64(1, BigInt(value));
  return out;
}

function write(value: Value, depth: number, out: Uint8Array[]): void {
  if (value === null) out.push(Uint8Array.of(0xf6));
  else if (typeof value === "boolean") out.push(Uint8Array.of(value ? 0xf5 : 0xf4));
  else if (typeof value === "number") {
    if (!Number.isInteger(value) || Object.is(value, -0) || Math.abs(value) >= INTEGER_MAX) throw refuse("integer");
    out.push(value >= 0 ? head(0, value) : head(1, -1 - value));
  } else if (typeof value === "string") {
    if (!value.isWellFormed()) throw refuse("text with a lone surrogate");
    const bytes = utf8(value);
    out.push(head(3, bytes.length), bytes);
  } else if (value instanceof Uint8Array) out.push(head(2, value.length), value);
  else {
    if (depth >= DEPTH_MAX) throw refuse("nested too deeply");
    if (Array.isArray(value)) {
      out.push(head(4, value.length));
      for (const item of value) write(item, depth + 1, out);
    } else writeMap(value, depth, out);
  }
}

function writeMap(value: Map<number | string, Value>, depth: number, out: Uint8Array[]): void {
  const keys = [...value.keys()];
  const numbers = keys.every((key) => typeof key === "number" && Number.isInteger(key) && key >= 0 && key <= KEY_MAX);
  if (!numbers && !keys.every((key) => typeof key === "string")) throw refuse("map key");
  keys.sort((a, b) => order(a, b));
  out.push(head(5, keys.length));
  for (const key of keys) {
    write(key, DEPTH_MAX, out);
    write(value.get(key)!, depth + 1, out);
  }
}

/** Integers ascending; text shorter first, then bytewise. */
function order(a: number | string, b: number | string): number {
  if (typeof a === "number" || typeof b === "number") return Number(a) - Number(b);
  const [one, other] = [utf8(a), utf8(b)];
  if (one.length !== other.length) return one.length - other.length;
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at < 0 ? 0 : one[at]! - other[at]!;
}

/** Decode bytes that must be the one encoding of a value. [M1] Throws EncodingRefused `cbor_form`, whatever is wrong. */
export function decode(data: Uint8Array): Value {
  const reader = new Reader(data);
  const value = reader.value(0);
  if (reader.at !== data.length) throw refuse("trailing bytes");
  return value;
}

class Reader {
  at = 0;
  private readonly view: DataView;

  constructor(private readonly data: Uint8Array) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  value(depth: number): Value {
    const first = this.byte();
    const major = first >> 5;
    if (major === 7) {
      if (first === 0xf4) return false;
      if (first === 0xf5) return true;
      if (first === 0xf6) return null;
      throw refuse("simple value or float");
    }
    if (major === 6) throw refuse("tag");
    const length = this.length(first & 31);
    switch (major) {
      case 0:
        return length;
      case 1:
        if (length + 1 >= INTEGER_MAX) throw refuse("integer beyond 2^53");
        return -1 - length;
      case 2:
        return this.take(length).slice();
      case 3:
        try {
          return text(this.take(length));
        } catch {
          throw refuse("not UTF-8");
        }
      default:
        if (depth >= DEPTH_MAX) throw refuse("nested too deeply");
        return major === 4 ? this.list(length, depth) : this.map(length, depth);
    }
  }

  private list(length: number, depth: number): Value[] {
    const out: Value[] = [];
    for (let i = 0; i < length; i++) out.push(this.value(depth + 1));
    return out;
  }

  private map(length: number, depth: number): Map<number | string, Value> {
    const out = new Map<number | string, Value>();
    let last: number | string | undefined;
    for (let i = 0; i < length; i++) {
      const key = this.value(DEPTH_MAX);
      const right = (typeof key === "number" && key >= 0 && key <= KEY_MAX) || typeof key === "string";
      if (!right || (last !== undefined && (typeof last !== typeof key || order(last, key) >= 0)))
        throw refuse("map key");
      last = key;
      out.set(key, this.value(depth + 1));
    }
    return out;
  }

  /** The argument of an initial byte, in its shortest form only. */
  private length(info: number): number {
    if (info < 24) return info;
    const at = this.at;
    if (info === 24) {
      const value = this.byte();
      if (value < 24) throw refuse("longer than needed");
      return value;
    }
    if (info > 27) throw refuse("indefinite length");
    const size = info === 25 ? 2 : info === 26 ? 4 : 8;
    this.take(size);
    if (size === 2) return this.least(this.view.getUint16(at), 0x100);
    if (size === 4) return this.least(this.view.getUint32(at), 0x1_0000);
    const value = this.view.getBigUint64(at);
    if (value >= BigInt(INTEGER_MAX)) throw refuse("integer beyond 2^53");
    return this.least(Number(value), 0x1_0000_0000);
  }

  private least(value: number, least: number): number {
    if (value < least) throw refuse("longer than needed");
    return value;
  }

  private byte(): number {
    const byte = this.data[this.at++];
    if (byte === undefined) throw refuse("truncated");
    return byte;
  }

  private take(length: number): Uint8Array {
    if (this.at + length > this.data.length) throw refuse("truncated");
    this.at += length;
    return this.data.subarray(this.at - length, this.at);
  }
}
