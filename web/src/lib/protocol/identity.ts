import { BoxKey, checkBoxPublic, PUBLIC_SIZE } from "./boxes";
import { concat, equal } from "./bytes";
import { tagged } from "./cbor";
import { ChainRefused, ProtocolError } from "./errors";
import { derive, taggedHash } from "./kdf";
import { Label } from "./labels";
import { at, blob, fixed, ID16, ID32, type Infer, record, textOf, uint } from "./records";
import { checkPublic, type Signer, SigningKey, verify } from "./signing";

/** Device and recipient records: public keys that register themselves (docs/protocol.md, 4.2). */
export const BOX_PUBLIC = fixed(PUBLIC_SIZE);
const SIGNATURE = fixed(64);

/** A device's public half; `label` is sealed for the user's own devices under box generation `labelGeneration`. */
export const DeviceRecord = record("DeviceRecord", {
  id: at(0, ID16),
  signing: at(1, ID32),
  box: at(2, BOX_PUBLIC),
  registration: at(3, SIGNATURE),
  label: at(4, blob(1024)),
  labelGeneration: at(5, uint),
});
export type DeviceRecord = Infer<typeof DeviceRecord>;

/** A recovery recipient's or ticket's public half; the server finds it by `handle`. */
export const RecipientRecord = record("RecipientRecord", {
  id: at(0, ID16),
  signing: at(1, ID32),
  box: at(2, BOX_PUBLIC),
  registration: at(3, SIGNATURE),
  handle: at(4, ID16),
});
export type RecipientRecord = Infer<typeof RecipientRecord>;

/** A device's id, 16 bytes, bound to its signing key. */
export function deviceId(signing: Uint8Array): Uint8Array<ArrayBuffer> {
  return taggedHash(Label.DEVICE_ID, signing).slice(0, 16);
}

/** A recipient's id, 16 bytes, bound to its signing key. */
export function recipientId(signing: Uint8Array): Uint8Array<ArrayBuffer> {
  return taggedHash(Label.RECIPIENT_ID, signing).slice(0, 16);
}
/** Make a device's record, signed by its own key. */
export async function registerDevice(
  key: Signer,
  box: Uint8Array,
  label: Uint8Array,
  labelGeneration: number,
): Promise<DeviceRecord> {
  const id = deviceId(key.public);
  const registration = await key.sign(tagged(Label.DEVICE_REGISTRATION, id, key.public, box));
  return { id, signing: key.public, box, registration, label, labelGeneration };
}

/** Check id, keys and registration. [M17] */
export async function checkDevice(record: DeviceRecord): Promise<void> {
  if (!equal(record.id, deviceId(record.signing))) throw new ChainRefused("device_id_invalid");
  await check(record, Label.DEVICE_REGISTRATION);
}

/** Check id, keys and registration. [M17] */
export async function checkRecipient(record: RecipientRecord): Promise<void> {
  if (!equal(record.id, recipientId(record.signing))) throw new ChainRefused("recipient_id_invalid");
  await check(record, Label.RECIPIENT_REGISTRATION);
}

async function check(one: DeviceRecord | RecipientRecord, label: Label): Promise<void> {
  try {
    checkPublic(one.signing);
    checkBoxPublic(one.box);
    await verify(one.signing, one.registration, tagged(label, one.id, one.signing, one.box));
  } catch (error) {
    if (error instanceof ProtocolError) throw new ChainRefused("registration_invalid", error.code);
    throw error;
  }
}

/** The keys of a recovery code or ticket, from its 16-byte seed. */
export class RecipientKeys {
  private constructor(
    readonly key: SigningKey,
    readonly box: BoxKey,
    readonly handle: Uint8Array,
    readonly id: Uint8Array,
  ) {}

  /** Throws ChainRefused `recipient_seed_length`. */
  static async fromSeed(seed: Uint8Array): Promise<RecipientKeys> {
    if (seed.length !== 16) throw new ChainRefused("recipient_seed_length");
    const none = new Uint8Array();
    const key = await SigningKey.fromSeed(derive(seed, none, tagged(Label.RECIPIENT_SIGNING)));
    const box = await BoxKey.fromSeed(derive(seed, none, tagged(Label.RECIPIENT_BOX)));
    const handle = derive(seed, none, tagged(Label.RECIPIENT_HANDLE)).slice(0, 16);
    return new RecipientKeys(key, box, handle, recipientId(key.public));
  }

  /** The public half. */
  async record(): Promise<RecipientRecord> {
    const { id, key, box, handle } = this;
    const registration = await key.sign(tagged(Label.RECIPIENT_REGISTRATION, id, key.public, box.public));
    return { id, signing: key.public, box: box.public, registration, handle };
  }
}

/** The commitment to a profile as it travels: salt (16 bytes) and document. [M19] */
export function profileCommitment(profile: Uint8Array): Uint8Array<ArrayBuffer> {
  return taggedHash(Label.PROFILE, profile.slice(0, 16), profile.slice(16));
}

/** What a person or organisation shows of itself. */
export const Profile = record("Profile", {
  name: at(0, textOf(120)),
  picture: at(1, ID32, { optional: true }),
});
export type Profile = Infer<typeof Profile>;

/** A profile as it travels: salt (16 bytes) and document. */
export function sealProfile(profile: Profile, salt: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(salt, Profile.toBytes(profile));
}

/** The profile, or null if it does not match the signed commitment or was erased. [M19] */
export function openProfile(profile: Uint8Array, commitment: Uint8Array): Profile | null {
  if (profile.length < 17 || !equal(profileCommitment(profile), commitment)) return null;
  try {
    return Profile.fromBytes(profile.slice(16));
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
