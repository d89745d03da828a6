import { concat, uint32 } from "./bytes";
import { EncodingRefused } from "./errors";

/** Padding that hides lengths: Padmé (Nikitin et al., PURBs, 2019), at least 256 bytes. [M4] */
export const MINIMUM = 256;

const bitLength = (value: number): number => (value === 0 ? 0 : Math.floor(Math.log2(value)) + 1);

/** The padded length for `length` >= 1: leaks O(log log) bits at an overhead of at most 12 %. */
export function padme(length: number): number {
  const exponent = bitLength(length) - 1;
  const lowBits = exponent - bitLength(exponent);
  if (lowBits <= 0) return length;
  const step = 2 ** lowBits;
  return Math.ceil(length / step) * step;
}

/** Length (4 bytes, big-endian), data, zeros. */
export function pad(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const size = padme(Math.max(MINIMUM, 4 + data.length));
  return concat(uint32(data.length), data, new Uint8Array(size - 4 - data.length));
}

/** Take the padding off. Throws EncodingRefused `padding_invalid`: another length, or a byte that is not zero. [M4] */
export function unpad(padded: Uint8Array): Uint8Array<ArrayBuffer> {
  if (padded.length < MINIMUM) throw new EncodingRefused("padding_invalid");
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  const right = padded.length === padme(Math.max(MINIMUM, 4 + length));
  if (!right || padded.subarray(4 + length).some((byte) => byte !== 0)) throw new EncodingRefused("padding_invalid");
  return padded.slice(4, 4 + length);
}
