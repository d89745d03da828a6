import { sha256 } from "@noble/hashes/sha2.js";
import { Aead } from "./aead";
import { concat, equal, uint32 } from "./bytes";
import { tagged } from "./cbor";
import { SealRefused } from "./errors";
import { Label } from "./labels";
import { MINIMUM, padme } from "./padding";

/**
 * Attachments in chunks (docs/protocol.md, 8): STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM. [M34]
 * A file never has to fit in memory: both directions take and give pieces.
 */
const CHUNK = 65_536;
const TAG = 16;
const AAD = tagged(Label.ATTACHMENT, CHUNK);

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Size of the padded plaintext for a file of `size` bytes. */
export function paddedSize(size: number): number {
  return padme(Math.max(MINIMUM, size));
}

/** Size of the ciphertext for a file of `size` bytes. */
export function storedSize(size: number): number {
  const padded = paddedSize(size);
  return padded + TAG * Math.ceil(padded / CHUNK);
}

/**
 * Encrypt a file of exactly `size` bytes, given in pieces of any length; gives ciphertext chunks in order. `key` is 32
 * random bytes, used for this one byte string. Throws SealRefused `attachment_size`.
 */
export async function* encrypt(key: Uint8Array, size: number, pieces: Pieces): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const cipher = await Aead.of(key);
  const total = paddedSize(size);
  const buffer = new Buffer();
  let [number, sent] = [0, 0];
  for await (const piece of padded(size, total, pieces)) {
    buffer.push(piece);
    while (buffer.length > CHUNK || (buffer.length > 0 && sent + buffer.length === total)) {
      const chunk = buffer.take(Math.min(CHUNK, buffer.length));
      sent += chunk.length;
      yield await cipher.encrypt(nonce(number++, sent === total), chunk, AAD);
    }
  }
}

/**
 * Decrypt a stored file, given in pieces of any length; gives its `size` bytes in order. The hash can only be known at
 * the end: a caller must not use what came out before the generator is exhausted.
 *
 * Throws SealRefused `chunk_invalid`, `attachment_truncated`, `attachment_extended`, `attachment_padding`,
 * `attachment_hash_mismatch`.
 */
export async function* decrypt(
  key: Uint8Array,
  size: number,
  pieces: Pieces,
  expectedHash: Uint8Array,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const cipher = await Aead.of(key);
  const total = paddedSize(size);
  const digest = sha256.create();
  const buffer = new Buffer();
  let [number, done] = [0, 0];
  for await (const piece of pieces) {
    digest.update(piece);
    buffer.push(piece);
    while (done < total) {
      const length = Math.min(CHUNK, total - done) + TAG;
      if (buffer.length < length) break;
      const iv = nonce(number, done + length - TAG === total);
      const plain = await cipher.decrypt(iv, buffer.take(length), AAD, "chunk_invalid", String(number));
      const keep = Math.max(0, Math.min(plain.length, size - done));
      if (plain.subarray(keep).some((byte) => byte !== 0)) throw new SealRefused("attachment_padding");
      done += plain.length;
      number++;
      if (keep > 0) yield plain.subarray(0, keep);
    }
    if (done === total && buffer.length > 0) throw new SealRefused("attachment_extended");
  }
  if (done !== total) throw new SealRefused("attachment_truncated");
  if (!equal(digest.digest(), expectedHash)) throw new SealRefused("attachment_hash_mismatch");
}

async function* padded(size: number, total: number, pieces: Pieces): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const piece of pieces) {
    seen += piece.length;
    if (seen > size) break;
    yield piece;
  }
  if (seen !== size) throw new SealRefused("attachment_size");
  for (let rest = total - size; rest > 0; rest -= CHUNK) yield new Uint8Array(Math.min(CHUNK, rest));
}

/** Pieces in, chunks of any length out. */
class Buffer {
  length = 0;
  private parts: Uint8Array[] = [];

  push(piece: Uint8Array): void {
    this.parts.push(piece);
    this.length += piece.length;
  }

  take(length: number): Uint8Array {
    const out: Uint8Array[] = [];
    let lacking = length;
    while (lacking > 0) {
      const first = this.parts[0]!;
      out.push(first.subarray(0, lacking));
      if (first.length > lacking) this.parts[0] = first.subarray(lacking);
      else this.parts.shift();
      lacking -= Math.min(lacking, first.length);
    }
    this.length -= length;
    return concat(...out);
  }
}

function nonce(number: number, last: boolean): Uint8Array {
  return concat(new Uint8Array(7), uint32(number), Uint8Array.of(last ? 1 : 0));
}
