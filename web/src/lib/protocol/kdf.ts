import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 as digest } from "@noble/hashes/sha2.js";
import { tagged, type Value } from "./cbor";
import type { Label } from "./labels";

/** KDF(ikm, salt, info): 32 bytes of HKDF-SHA256 (RFC 5869); an empty salt is its default (32 zero bytes). */
export function derive(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array): Uint8Array<ArrayBuffer> {
  return hkdf(digest, ikm, salt.length > 0 ? salt : undefined, info, 32) as Uint8Array<ArrayBuffer>;
}

/** Plain SHA-256, 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return digest(data) as Uint8Array<ArrayBuffer>;
}

/** H(T(label, …)), 32 bytes. */
export function taggedHash(label: Label, ...items: Value[]): Uint8Array<ArrayBuffer> {
  return sha256(tagged(label, ...items));
}
