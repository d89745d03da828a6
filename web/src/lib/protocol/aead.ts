import { owned } from "./bytes";
import { SealRefused } from "./errors";

/** AES-256-GCM with a 16-byte tag, for several uses of one key. */
export class Aead {
  private constructor(private readonly key: CryptoKey) {}

  /** `key` is 32 bytes. */
  static async of(key: Uint8Array): Promise<Aead> {
    return new Aead(await crypto.subtle.importKey("raw", owned(key), "AES-GCM", false, ["encrypt", "decrypt"]));
  }

  /** `iv` is 12 bytes, never used twice under a key. */
  async encrypt(iv: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const parameters = { name: "AES-GCM", iv: owned(iv), additionalData: owned(aad) };
    return new Uint8Array(await crypto.subtle.encrypt(parameters, this.key, owned(plaintext)));
  }

  /** Throws SealRefused with `code` when the key, the bytes or the associated data are others. */
  async decrypt(
    iv: Uint8Array,
    ciphertext: Uint8Array,
    aad: Uint8Array,
    code: string,
    detail = "",
  ): Promise<Uint8Array<ArrayBuffer>> {
    const parameters = { name: "AES-GCM", iv: owned(iv), additionalData: owned(aad) };
    try {
      return new Uint8Array(await crypto.subtle.decrypt(parameters, this.key, owned(ciphertext)));
    } catch {
      throw new SealRefused(code, detail);
    }
  }
}
