import { equal } from "./bytes";
import { tagged, type Value } from "./cbor";
import { decrypt0, encrypt0 } from "./cose";
import { EncodingRefused, SealRefused } from "./errors";
import { sha256 } from "./kdf";
import { Label } from "./labels";
import { pad, unpad } from "./padding";
import { at, ID32, type Infer, record } from "./records";

/** Profile pictures: sealed for those who share a conversation, named by the signed profile (docs/protocol.md, 4.2). [M41] */

/** Bytes of the JPEG. */
export const PICTURE_MAX = 16_384;
const JPEG = [0xff, 0xd8, 0xff];

/** Seal a picture under a fresh key (32 bytes) and iv (12 bytes). Throws EncodingRefused `picture_form`. */
export function sealPicture(
  key: Uint8Array,
  iv: Uint8Array,
  user: Uint8Array,
  jpeg: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return encrypt0(key, iv, aad(user), pad(checked(jpeg)));
}

/**
 * The JPEG whose hash the person's signed profile names. [M41]
 *
 * Throws SealRefused `picture_hash`, `seal_invalid`; EncodingRefused `picture_form`, COSE, padding.
 */
export async function openPicture(
  key: Uint8Array,
  user: Uint8Array,
  digest: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  if (!equal(sha256(sealed), digest)) throw new SealRefused("picture_hash");
  return checked(unpad(await decrypt0(key, aad(user), sealed)));
}

const aad = (user: Uint8Array): Uint8Array => tagged(Label.PROFILE_PICTURE, user);

function checked(jpeg: Uint8Array): Uint8Array {
  if (jpeg.length > PICTURE_MAX || JPEG.some((byte, index) => jpeg[index] !== byte)) {
    throw new EncodingRefused("picture_form");
  }
  return jpeg;
}

/** The value of a slot of type 3: the key and the hash of the sealed picture; neither where there is no picture. */
export const PictureKey = record("PictureKey", {
  key: at(0, ID32, { optional: true }),
  digest: at(1, ID32, { optional: true }),
});
export type PictureKey = Infer<typeof PictureKey>;

/** Read a slot's value. Throws EncodingRefused: `record_form`, or `picture_form` (a half of it). */
export function readPictureKey(value: Value): PictureKey {
  const found = PictureKey.fromMap(value);
  if ((found.key === undefined) !== (found.digest === undefined)) throw new EncodingRefused("picture_form");
  return found;
}
