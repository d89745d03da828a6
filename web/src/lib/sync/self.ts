import { hex, type Hex } from "../protocol/bytes";
import { BoxKey } from "../protocol/boxes";
import { SigningKey } from "../protocol/signing";
import type { Store } from "../storage/store";
import { Problem } from "./api";

/** Who this device is, as it lies in the store under `self`. */
export interface SelfRow {
  organisation: Uint8Array;
  organisationName: string;
  user: Uint8Array;
  device: Uint8Array;
  /** Public half of the signing key; the private half is the key `device` of the store's keys. */
  signing: Uint8Array;
  boxSeed: Uint8Array;
  /** 16 bytes while the code has not been confirmed as kept, else empty. */
  recoverySeed: Uint8Array;
  /** "" | device_revoked | person_removed, as the server or the chains said. */
  cut: string;
}

export const SELF = "self";
export const DEVICE_KEY = "device";

/** This device's identity and keys. */
export class Self {
  readonly user: Hex;
  readonly device: Hex;
  readonly organisation: Hex;

  private constructor(
    public row: SelfRow,
    readonly signing: SigningKey,
    readonly box: BoxKey,
  ) {
    this.user = hex(row.user);
    this.device = hex(row.device);
    this.organisation = hex(row.organisation);
  }

  /** From the store; null when nothing is set up. */
  static async load(store: Store): Promise<Self | null> {
    const row = (await store.get("kv", SELF)) as SelfRow | undefined;
    if (!row) return null;
    const key = await store.cryptoKey(DEVICE_KEY);
    if (!key) throw new Problem("unsafe", "the device's key is gone");
    return new Self(row, SigningKey.of(key, row.signing), await BoxKey.fromSeed(row.boxSeed));
  }

  async change(store: Store, change: Partial<SelfRow>): Promise<void> {
    this.row = { ...this.row, ...change };
    await store.put("kv", SELF, this.row);
  }
}
