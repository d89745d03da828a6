import { MLKEM768X25519 } from "@noble/post-quantum/hybrid.js";
import { KEM_MLKEM768_X25519 } from "@panva/hpke-noble";
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256 } from "hpke";
import { concat, littleEndian } from "./bytes";
import { KeyRefused, SealRefused } from "./errors";

/**
 * Boxes: HPKE base mode (RFC 9180) with MLKEM768-X25519, HKDF-SHA256, AES-256-GCM; one message a context. [M6]
 *
 * The one exception to "randomness is an argument": the library draws the encapsulation's randomness itself.
 */
export const PUBLIC_SIZE = 1216;
const ENCAPSULATION_SIZE = 1120;
const OVERHEAD = ENCAPSULATION_SIZE + 16;
const MLKEM_PUBLIC = 1184;
const Q = 3329;
const X25519_P = 2n ** 255n - 19n;
const SUITE = new CipherSuite(KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
/** u of order 1, 2, 4 and 8, on the curve and its twist (RFC 7748 sections 6 and 7). */
const LOW_ORDER_U = new Set([
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  X25519_P - 1n,
]);

type PrivateKey = Awaited<ReturnType<typeof SUITE.DeserializePrivateKey>>;

/** A box private key from its 32-byte seed; `public` is 1216 bytes (ML-KEM 1184, X25519 32). */
export class BoxKey {
  readonly public: Uint8Array;

  private constructor(
    readonly seed: Uint8Array,
    private readonly key: PrivateKey,
    publicKey: Uint8Array,
  ) {
    this.public = publicKey;
  }

  /** Throws KeyRefused `box_seed_length`. */
  static async fromSeed(seed: Uint8Array): Promise<BoxKey> {
    if (seed.length !== 32) throw new KeyRefused("box_seed_length");
    const { publicKey } = MLKEM768X25519.keygen(seed);
    return new BoxKey(seed, await SUITE.DeserializePrivateKey(seed), publicKey);
  }

  /** Open a box. Throws SealRefused `box_invalid`: too short, another key or info, a changed byte, a low-order share. */
  async open(info: Uint8Array, box: Uint8Array): Promise<Uint8Array> {
    if (box.length < OVERHEAD || lowOrder(box.subarray(ENCAPSULATION_SIZE - 32, ENCAPSULATION_SIZE))) {
      throw new SealRefused("box_invalid");
    }
    try {
      return await SUITE.Open(this.key, box.slice(0, ENCAPSULATION_SIZE), box.slice(ENCAPSULATION_SIZE), { info });
    } catch {
      throw new SealRefused("box_invalid");
    }
  }
}

/**
 * Check a box public key when it is registered. [M6]
 *
 * Throws KeyRefused `box_key_length`, `box_key_coefficient` (an ML-KEM coefficient >= 3329), `box_key_low_order`.
 */
export function checkBoxPublic(key: Uint8Array): void {
  if (key.length !== PUBLIC_SIZE) throw new KeyRefused("box_key_length");
  for (let i = 0; i < MLKEM_PUBLIC - 32; i += 3) {
    const [a, b, c] = [key[i]!, key[i + 1]!, key[i + 2]!];
    if ((a | ((b & 15) << 8)) >= Q || ((b >> 4) | (c << 4)) >= Q) throw new KeyRefused("box_key_coefficient");
  }
  if (lowOrder(key.subarray(MLKEM_PUBLIC))) throw new KeyRefused("box_key_low_order");
}

/** Seal to a box public key: encapsulation (1120 bytes), ciphertext, tag (16). Throws KeyRefused. [M6] */
export async function seal(key: Uint8Array, info: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  checkBoxPublic(key);
  const { encapsulatedSecret, ciphertext } = await SUITE.Seal(await SUITE.DeserializePublicKey(key), plaintext, {
    info,
  });
  return concat(encapsulatedSecret, ciphertext);
}

/** X25519 ignores the top bit and takes u modulo p (RFC 7748 section 5), so non-canonical forms are found too. */
function lowOrder(share: Uint8Array): boolean {
  return LOW_ORDER_U.has((littleEndian(share) & ((1n << 255n) - 1n)) % X25519_P);
}
