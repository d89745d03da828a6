import { b64u, unb64u } from "./bytes";
import { decode, tagged, type Value } from "./cbor";
import { EncodingRefused } from "./errors";
import { Label } from "./labels";
import type { Head } from "./statements";

/** Links and QR codes (docs/protocol.md, 11): the secret half stands in the fragment, which browsers never send. */

/** An invitation: organisation id, invite hash, seed of the invite key (32 bytes each). */
export interface InviteLink {
  readonly type: "invite";
  readonly organisation: Uint8Array;
  readonly invite: Uint8Array;
  readonly seed: Uint8Array;
}

/** The owner's set-up link: a secret of 16 bytes. */
export interface SetupLink {
  readonly type: "setup";
  readonly secret: Uint8Array;
}

/** A second device: both chains' ids and newest heads, and the ticket's seed (16 bytes). */
export interface DeviceLink {
  readonly type: "device";
  readonly organisation: Uint8Array;
  readonly organisationHead: Head;
  readonly user: Uint8Array;
  readonly userHead: Head;
  readonly seed: Uint8Array;
}

/** What a new device shows to an active one: a nonce and the hash of its keys under it (32 bytes each; offers.ts). */
export interface OfferLink {
  readonly type: "offer";
  readonly nonce: Uint8Array;
  readonly hash: Uint8Array;
}

export type Link = InviteLink | SetupLink | DeviceLink | OfferLink;

/** The link under a server's base URL. */
export function toUrl(base: string, link: Link): string {
  const [letter, data] = toBytes(link);
  return `${base.replace(/\/+$/, "")}/#${letter}=${b64u(data)}`;
}

/** The letter of its kind, and the link itself. */
export function toBytes(link: Link): [string, Uint8Array] {
  switch (link.type) {
    case "invite":
      return ["i", tagged(Label.INVITE_LINK, link.organisation, link.invite, link.seed)];
    case "setup":
      return ["s", tagged(Label.SETUP_LINK, link.secret)];
    case "offer":
      return ["o", tagged(Label.OFFER_LINK, link.nonce, link.hash)];
    case "device": {
      const heads = [link.organisationHead, link.userHead].map(({ number, hash }): Value => [number, hash]);
      return ["d", tagged(Label.DEVICE_LINK, link.organisation, heads[0]!, link.user, heads[1]!, link.seed)];
    }
  }
}

/** [base URL, link]. Throws EncodingRefused `link_form`: not a Werkfunk link, or cut off. */
export function fromUrl(url: string): [string, Link] {
  const [, base, letter, encoded] = /^(https?:\/\/[^#]*)#([isdo])=(.*)$/s.exec(url.trim()) ?? [];
  if (base === undefined || letter === undefined || encoded === undefined) throw new EncodingRefused("link_form");
  let data: Uint8Array;
  try {
    data = unb64u(encoded);
  } catch {
    throw new EncodingRefused("link_form");
  }
  // The decoder lets unused bits pass; a link has one spelling, so compare.
  if (b64u(data) !== encoded) throw new EncodingRefused("link_form");
  return [base.replace(/\/+$/, ""), fromBytes(letter, data)];
}

/** The link of a kind. Throws EncodingRefused `link_form`. */
export function fromBytes(letter: string, data: Uint8Array): Link {
  let value: Value;
  try {
    value = decode(data);
  } catch {
    throw new EncodingRefused("link_form");
  }
  if (!Array.isArray(value) || value[0] !== 1) throw new EncodingRefused("link_form");
  const [, label, ...items] = value;
  if (letter === "i" && label === Label.INVITE_LINK && items.length === 3) {
    const [organisation, invite, seed] = items.map((item) => bytes(item, 32));
    return { type: "invite", organisation: organisation!, invite: invite!, seed: seed! };
  }
  if (letter === "s" && label === Label.SETUP_LINK && items.length === 1) {
    return { type: "setup", secret: bytes(items[0], 16) };
  }
  if (letter === "d" && label === Label.DEVICE_LINK && items.length === 5) {
    return {
      type: "device",
      organisation: bytes(items[0], 32),
      organisationHead: head(items[1]),
      user: bytes(items[2], 32),
      userHead: head(items[3]),
      seed: bytes(items[4], 16),
    };
  }
  if (letter === "o" && label === Label.OFFER_LINK && items.length === 2) {
    return { type: "offer", nonce: bytes(items[0], 32), hash: bytes(items[1], 32) };
  }
  throw new EncodingRefused("link_form");
}

function bytes(value: Value | undefined, size: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== size) throw new EncodingRefused("link_form");
  return value;
}

function head(value: Value | undefined): Head {
  if (!Array.isArray(value) || value.length !== 2) throw new EncodingRefused("link_form");
  const [number, hash] = value;
  if (typeof number !== "number" || number < 0) throw new EncodingRefused("link_form");
  return { number, hash: bytes(hash, 32) };
}
