import { type BoxKey, seal } from "./boxes";
import { equal } from "./bytes";
import { tagged } from "./cbor";
import { EncodingRefused, KeyRefused } from "./errors";
import { derive, taggedHash } from "./kdf";
import { Label } from "./labels";
import { type DeviceLink, fromBytes, type OfferLink, toBytes } from "./links";

/** Adding a device by scanning what the new one shows (docs/protocol.md, 11.1): no secret on a screen lets anybody in. */

/** What a device with these public keys shows; `nonce` is 32 fresh random bytes that the server never gets. */
export function makeOffer(signing: Uint8Array, box: Uint8Array, nonce: Uint8Array): OfferLink {
  return { type: "offer", nonce, hash: taggedHash(Label.DEVICE_OFFER, signing, box, nonce) };
}

/** Where keys and answer lie at the server, 16 bytes. */
export function offerHandle(offer: OfferLink): Uint8Array {
  return derive(offer.nonce, new Uint8Array(), tagged(Label.OFFER_HANDLE)).slice(0, 16);
}

/** The keys must be those of the device whose code was scanned [M42]. Throws KeyRefused `offer_mismatch`. */
export function checkOffer(offer: OfferLink, signing: Uint8Array, box: Uint8Array): void {
  if (!equal(makeOffer(signing, box, offer.nonce).hash, offer.hash)) throw new KeyRefused("offer_mismatch");
}

/** The device link for the offered box key. Throws KeyRefused. */
export function sealAnswer(offer: OfferLink, box: Uint8Array, link: DeviceLink): Promise<Uint8Array> {
  return seal(box, info(offer), toBytes(link)[1]);
}

/**
 * The new device's way in. The nonce in the info is what a server lacks that would like to answer itself. [M42]
 *
 * Throws SealRefused `box_invalid`, EncodingRefused `link_form`.
 */
export async function openAnswer(offer: OfferLink, key: BoxKey, answer: Uint8Array): Promise<DeviceLink> {
  const link = fromBytes("d", await key.open(info(offer), answer));
  if (link.type !== "device") throw new EncodingRefused("link_form");
  return link;
}

function info(offer: OfferLink): Uint8Array {
  return tagged(Label.OFFER_ANSWER, offer.nonce, offer.hash);
}
