import { concat, hex, littleEndian, owned, unb64u, unhex } from "./bytes";
import { KeyRefused, type ProtocolError, SignatureRefused } from "./errors";

/**
 * Ed25519 (RFC 8032) with one answer everywhere. [M5]
 *
 * Libraries differ on non-canonical and small-order points (Firefox refuses what Chromium, Node and Python accept), so
 * A, R and S are checked here before WebCrypto is asked, which verifies without the cofactor.
 */
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const SIGN = 1n << 255n;
const D = mod(-121665n * power(121666n, P - 2n));
/** y of the eight points of order 1, 2, 4 and 8 (the last two have two x each; the sign bit is masked off). */
const SMALL_ORDER_Y = new Set([
  0n,
  1n,
  P - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
]);

/** Anything that signs with a device's key. `public` is 32 bytes, a signature 64. */
export interface Signer {
  readonly public: Uint8Array;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** An Ed25519 private key that scripts cannot read out. */
export class SigningKey implements Signer {
  readonly public: Uint8Array;

  private constructor(
    readonly privateKey: CryptoKey,
    publicKey: Uint8Array,
  ) {
    this.public = publicKey;
  }

  /** From its RFC 8032 seed (32 bytes). Throws KeyRefused `signing_seed_length`. */
  static async fromSeed(seed: Uint8Array): Promise<SigningKey> {
    if (seed.length !== 32) throw new KeyRefused("signing_seed_length");
    // RFC 8410: the fixed beginning of a PKCS #8 Ed25519 key, then the seed.
    const pkcs8 = concat(unhex("302e020100300506032b657004220420"), seed);
    const readable = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", readable);
    const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
    return new SigningKey(key, unb64u(x!));
  }

  /** A fresh key. */
  static async generate(): Promise<SigningKey> {
    const { privateKey, publicKey } = (await crypto.subtle.generateKey("Ed25519", false, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    return new SigningKey(privateKey, new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
  }

  /** A key that was kept in the browser's key store, with its public half. */
  static of(privateKey: CryptoKey, publicKey: Uint8Array): SigningKey {
    return new SigningKey(privateKey, publicKey);
  }

  async sign(message: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await crypto.subtle.sign("Ed25519", this.privateKey, owned(message)));
  }
}

type Refusal = new (code: string, detail?: string) => ProtocolError;

function checkPoint(encoded: Uint8Array, what: string, Refused: Refusal = KeyRefused): void {
  const y = littleEndian(encoded) & (SIGN - 1n);
  if (y >= P) throw new Refused(`${what}_not_canonical`);
  if (SMALL_ORDER_Y.has(y)) throw new Refused(`${what}_small_order`);
}

/** Keys whose point was looked at before: the same few people sign again and again. */
const known = new Map<string, Promise<CryptoKey>>();
const KNOWN_MAX = 1000;

/**
 * Refuse a public key that is not 32 bytes, not canonical, of small order, or not on the curve. [M5]
 *
 * Throws KeyRefused `signing_key_length`, `_not_canonical`, `_small_order`, `_not_on_curve`.
 */
export function checkPublic(publicKey: Uint8Array): void {
  if (publicKey.length !== 32) throw new KeyRefused("signing_key_length");
  checkPoint(publicKey, "signing_key");
  const y = littleEndian(publicKey) & (SIGN - 1n);
  const x2 = mod((y * y - 1n) * power(mod(D * y * y + 1n), P - 2n));
  if (power(x2, (P - 1n) / 2n) !== 1n) throw new KeyRefused("signing_key_not_on_curve");
}

/**
 * Verify a signature; A and R canonical and not of small order, S < L. [M5]
 *
 * Throws KeyRefused as `checkPublic` (but for the curve), SignatureRefused `signature_length`,
 * `signature_r_not_canonical`, `signature_r_small_order`, `signature_s_range`, `signature_invalid`.
 */
export async function verify(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<void> {
  if (signature.length !== 64) throw new SignatureRefused("signature_length");
  if (publicKey.length !== 32) throw new KeyRefused("signing_key_length");
  const name = hex(publicKey);
  if (!known.has(name)) checkPoint(publicKey, "signing_key");
  checkPoint(signature.subarray(0, 32), "signature_r", SignatureRefused);
  if (littleEndian(signature.subarray(32)) >= L) throw new SignatureRefused("signature_s_range");
  let right = false;
  try {
    right = await crypto.subtle.verify("Ed25519", await imported(name, publicKey), owned(signature), owned(message));
  } catch {
    known.delete(name);
  }
  if (!right) throw new SignatureRefused("signature_invalid");
}

function imported(name: string, publicKey: Uint8Array): Promise<CryptoKey> {
  let key = known.get(name);
  if (!key) {
    if (known.size >= KNOWN_MAX) known.clear();
    key = crypto.subtle.importKey("raw", owned(publicKey), "Ed25519", false, ["verify"]);
    known.set(name, key);
  }
  return key;
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}
