import { Aead } from "./aead";
import { equal } from "./bytes";
import { decode, encode, tagged, type Value } from "./cbor";
import { EncodingRefused } from "./errors";
import type { Label } from "./labels";
import { type Signer, verify } from "./signing";

/** COSE_Sign1 and COSE_Encrypt0 (RFC 9052) in exactly one form each. [M3] */
const SIGN_HEADER = encode(new Map([[1, -19]]));
const EMPTY = new Map<number, Value>();
const IV_SIZE = 12;

/** COSE_Sign1 over `payload` with external_aad T(label). */
export async function sign1(key: Signer, label: Label, payload: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return encode([SIGN_HEADER, EMPTY, payload, await key.sign(toBeSigned(label, payload))]);
}

/** The payload of a COSE_Sign1 whose form is right. The signature is NOT verified. Throws EncodingRefused `cose_form`. */
export function payloadOf(data: Uint8Array): Uint8Array {
  return split(data)[0];
}

/** Verify a COSE_Sign1 and return its payload. Throws EncodingRefused, and as `signing.verify`. */
export async function verify1(data: Uint8Array, publicKey: Uint8Array, label: Label): Promise<Uint8Array> {
  const [payload, signature] = split(data);
  await verify(publicKey, signature, toBeSigned(label, payload));
  return payload;
}

/** COSE_Encrypt0 with A256GCM; `key` 32 bytes, `iv` 12 bytes that are never used twice under a key. */
export async function encrypt0(
  key: Uint8Array,
  iv: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  if (iv.length !== IV_SIZE) throw new EncodingRefused("cose_form", "iv length");
  const header = encode(
    new Map<number, Value>([
      [1, 3],
      [5, iv],
    ]),
  );
  return encode([header, EMPTY, await (await Aead.of(key)).encrypt(iv, plaintext, structure(header, aad))]);
}

/** Open a COSE_Encrypt0. Throws EncodingRefused `cose_form` or `cbor_form`, SealRefused `seal_invalid`. */
export async function decrypt0(key: Uint8Array, aad: Uint8Array, data: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const value = decode(data);
  if (!Array.isArray(value) || value.length !== 3) throw new EncodingRefused("cose_form");
  const [header, unprotected, ciphertext] = value;
  const form = header instanceof Uint8Array && isEmpty(unprotected) && ciphertext instanceof Uint8Array;
  if (!form) throw new EncodingRefused("cose_form");
  const fields = decode(header);
  const iv = fields instanceof Map && fields.size === 2 && fields.get(1) === 3 ? fields.get(5) : undefined;
  if (!(iv instanceof Uint8Array) || iv.length !== IV_SIZE) throw new EncodingRefused("cose_form", "protected header");
  return (await Aead.of(key)).decrypt(iv, ciphertext, structure(header, aad), "seal_invalid");
}

function split(data: Uint8Array): [Uint8Array, Uint8Array] {
  const value = decode(data);
  if (Array.isArray(value) && value.length === 4) {
    const [header, unprotected, payload, signature] = value;
    const form = header instanceof Uint8Array && equal(header, SIGN_HEADER) && isEmpty(unprotected);
    if (form && payload instanceof Uint8Array && signature instanceof Uint8Array) return [payload, signature];
  }
  throw new EncodingRefused("cose_form");
}

const isEmpty = (value: Value | undefined): boolean => value instanceof Map && value.size === 0;

function toBeSigned(label: Label, payload: Uint8Array): Uint8Array {
  return encode(["Signature1", SIGN_HEADER, tagged(label), payload]);
}

function structure(header: Uint8Array, aad: Uint8Array): Uint8Array {
  return encode(["Encrypt0", header, aad]);
}
