import { decode, encode } from "@msgpack/msgpack";

/** A row as it lies in the database: iv (12 bytes), then AES-256-GCM of its MessagePack. */
export type SealedRow = Uint8Array<ArrayBuffer>;

/** The key of the rows: made here, never leaves the browser's key store. */
export function makeRowKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** `place` (table and key) is bound to the row, so that rows cannot be exchanged. */
export async function sealRow(key: CryptoKey, place: string, row: unknown): Promise<SealedRow> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const parameters = { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(place) };
  const sealed = await crypto.subtle.encrypt(parameters, key, encode(row, { ignoreUndefined: true }));
  const out = new Uint8Array(12 + sealed.byteLength);
  out.set(iv);
  out.set(new Uint8Array(sealed), 12);
  return out;
}

/** Throws when the row was changed or belongs elsewhere. */
export async function openRow(key: CryptoKey, place: string, sealed: Uint8Array): Promise<unknown> {
  const parameters = {
    name: "AES-GCM",
    iv: sealed.slice(0, 12),
    additionalData: new TextEncoder().encode(place),
  };
  return copyBytes(decode(await crypto.subtle.decrypt(parameters, key, sealed.slice(12))));
}

/** MessagePack's bytes are views into the whole row; copies let go of it. */
function copyBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(copyBytes);
  if (value !== null && typeof value === "object") {
    const out: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) out[name] = copyBytes(item);
    return out;
  }
  return value;
}
