import { shake256 } from "@noble/hashes/sha3.js";
import * as archive from "../../src/lib/protocol/archive";
import { Aead } from "../../src/lib/protocol/aead";
import * as attachments from "../../src/lib/protocol/attachments";
import { BoxKey, checkBoxPublic } from "../../src/lib/protocol/boxes";
import { concat, equal, text, unhex, utf8 } from "../../src/lib/protocol/bytes";
import { decode, encode, tagged, type Value } from "../../src/lib/protocol/cbor";
import * as codes from "../../src/lib/protocol/codes";
import { fromWire } from "../../src/lib/protocol/content";
import * as cose from "../../src/lib/protocol/cose";
import { SealRefused } from "../../src/lib/protocol/errors";
import { Header, messageId, nextHead, parseEvent } from "../../src/lib/protocol/events";
import { type Generation, openBox, openRepair, type Three } from "../../src/lib/protocol/generation";
import { openGrant } from "../../src/lib/protocol/grants";
import * as identity from "../../src/lib/protocol/identity";
import { derive, sha256, taggedHash } from "../../src/lib/protocol/kdf";
import { Label } from "../../src/lib/protocol/labels";
import { readLayers, writeLayers } from "../../src/lib/protocol/layers";
import { openPicture, PictureKey, readPictureKey } from "../../src/lib/protocol/picture";
import { LivePlace, readLivePlace } from "../../src/lib/protocol/places";
import { fromUrl, toBytes, toUrl } from "../../src/lib/protocol/links";
import { checkOffer, offerHandle, openAnswer } from "../../src/lib/protocol/offers";
import * as messages from "../../src/lib/protocol/messages";
import { unpad } from "../../src/lib/protocol/padding";
import * as signing from "../../src/lib/protocol/signing";
import * as slots from "../../src/lib/protocol/slots";
import type { Head } from "../../src/lib/protocol/statements";
import { burstKey, openFrame } from "../../src/lib/protocol/voice";
import { area, pixelate } from "../../src/lib/photo/redact";
import { type Inputs, number, type Operation } from "./case";

const label = (bytes: Uint8Array | undefined): Label => text(bytes!) as Label;
const HEAD: Head = { number: 0, hash: new Uint8Array(32) };

/** The part of a generation's record that opening needs. */
function made(v: Inputs, g = 0): Generation {
  const c = v["commitments"]!.slice(96 * g, 96 * g + 96);
  const commitments: Three = [c.slice(0, 32), c.slice(32, 64), c.slice(64)];
  return { number: number(v["generation"]) + g, commitments, recipients: [], holders: [] };
}

async function all(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const out: Uint8Array[] = [];
  for await (const piece of pieces) out.push(piece);
  return concat(...out);
}

/** Pixels are RGB in the vectors, RGBA on a canvas. */
function redact(v: Inputs): Uint8Array {
  const [width, height] = [number(v["width"]), number(v["height"])];
  const [x = 0, y = 0, w = 0, h = 0] = decode(v["rectangle"]!) as number[];
  const pixels = v["pixels"]!.slice();
  const covered = area([x, y, x + w, y + h], width, height, 1);
  if (!covered) return pixels;
  const inside = new Uint8ClampedArray(4 * covered.width * covered.height);
  const each = (visit: (from: number, to: number) => void): void => {
    for (let i = 0; i < covered.width * covered.height; i++) {
      const [column, row] = [i % covered.width, Math.floor(i / covered.width)];
      for (let c = 0; c < 3; c++) visit(3 * ((covered.y + row) * width + covered.x + column) + c, 4 * i + c);
    }
  };
  if (text(v["how"]!) === "pixelate") {
    each((from, to) => (inside[to] = pixels[from]!));
    pixelate(inside, covered.width, covered.height, v["noise"]!);
  }
  each((from, to) => (pixels[from] = inside[to]!));
  return pixels;
}

/** What the vectors of each area ask of an implementation; tests/vectors/README.md says the same in words. */
export const OPERATIONS: Record<string, Operation> = {
  cbor: (v) => ({ data: encode(decode(v["data"]!)) }),
  tagged: (v) => {
    const items = decode(v["items"]!) as Value[];
    return { tagged: tagged(label(v["label"]), ...items), hash: taggedHash(label(v["label"]), ...items) };
  },
  layers: (v) => ({ data: writeLayers(readLayers(v["data"]!)) }),
  "live-place": (v) => ({ value: LivePlace.toBytes(readLivePlace(decode(v["value"]!))) }),
  "picture-key": (v) => ({ value: PictureKey.toBytes(readPictureKey(decode(v["value"]!))) }),
  profile: (v) => {
    const shown = identity.openProfile(v["profile"]!, v["commitment"]!);
    return { shown: encode(shown ? identity.Profile.toMap(shown) : null) };
  },
  "profile-picture": async (v) => ({ picture: await openPicture(v["key"]!, v["user"]!, v["hash"]!, v["sealed"]!) }),
  redact: (v) => ({ pixels: redact(v) }),
  kdf: (v) => ({ key: derive(v["ikm"]!, v["salt"]!, v["info"]!) }),
  padding: (v) => ({ data: unpad(v["padded"]!) }),
  "message-id": (v) => ({ id: messageId(v["device"]!, v["chosen"]!) }),
  ids: (v) => ({ device_id: identity.deviceId(v["signing"]!), recipient_id: identity.recipientId(v["signing"]!) }),
  recipient: async (v) => {
    const keys = await identity.RecipientKeys.fromSeed(v["seed"]!);
    return { signing: keys.key.public, box: keys.box.public, handle: keys.handle, id: keys.id };
  },
  "ed25519-public": (v) => {
    signing.checkPublic(v["public"]!);
    return {};
  },
  ed25519: async (v) => {
    await signing.verify(v["public"]!, v["signature"]!, v["message"]!);
    return {};
  },
  "box-public": (v) => {
    checkBoxPublic(v["public"]!);
    return {};
  },
  box: async (v) => {
    const key = await BoxKey.fromSeed(v["seed"]!);
    return { public: key.public, plaintext: await key.open(v["info"]!, v["box"]!) };
  },
  "cose-sign1": async (v) => ({ payload: await cose.verify1(v["data"]!, v["public"]!, label(v["label"])) }),
  "cose-encrypt0": async (v) => ({ plaintext: await cose.decrypt0(v["key"]!, v["aad"]!, v["data"]!) }),
  event: (v) => {
    const opened = parseEvent(v["event"]!);
    return { header: Header.toBytes(opened.header), body: opened.body, hash: sha256(v["event"]!) };
  },
  message: async (v) => {
    const opened = parseEvent(v["event"]!);
    const key = messages.messageKey(v["secret"]!, opened.header);
    const { signed, data } = await messages.unsealMessage(key, opened);
    await cose.verify1(data, v["public"]!, Label.CONTENT);
    fromWire(signed.kind, signed.content);
    return { key, payload: cose.payloadOf(data) };
  },
  slot: async (v) => {
    const opened = parseEvent(v["event"]!);
    const { header } = opened;
    const { signed, data } = await slots.unsealSlot(v["secret"]!, opened);
    await cose.verify1(data, v["public"]!, Label.SLOT_CONTENT);
    const tag = slots.slotTag(v["secret"]!, header.conversation, header.generation, v["user"]!, signed.type);
    if (!equal(tag, header.slotTag!)) throw new SealRefused("slot_tag_mismatch");
    return { payload: cose.payloadOf(data) };
  },
  attachment: async (v) => ({
    plaintext: await all(attachments.decrypt(v["key"]!, number(v["size"]), [v["stored"]!], v["hash"]!)),
  }),
  "attachment-chunks": async (v) => {
    const size = number(v["size"]);
    const plaintext = size === 0 ? new Uint8Array() : shake256(v["seed"]!, { dkLen: size });
    const whole: Uint8Array[] = [];
    for await (const chunk of attachments.encrypt(v["key"]!, size, [plaintext])) whole.push(chunk);
    const ordered = concat(...[...v["order"]!].map((i) => whole[i]!), v["append"]!);
    const stored = ordered.slice(0, ordered.length - number(v["cut"]));
    const hash = v["hash"]!.length > 0 ? v["hash"]! : sha256(stored);
    const plain = await all(attachments.decrypt(v["key"]!, size, [stored], hash));
    return { stored_hash: sha256(stored), plaintext_hash: sha256(plain) };
  },
  "log-head": (v) => ({
    head: nextHead(v["conversation"]!, number(v["seq"]), number(v["time"]), v["previous"]!, sha256(v["event"]!)),
  }),
  voice: async (v) => {
    const key = burstKey(v["secret"]!, v["conversation"]!, number(v["generation"]), v["device"]!, v["salt"]!);
    return { key, frame: await openFrame(await Aead.of(key), number(v["number"]), v["sealed"]!) };
  },
  verification: (v) => ({ number: utf8(codes.verificationNumber(v["organisation"]!, v["one"]!, v["other"]!)) }),
  "recovery-code": (v) => {
    const seed = codes.decodeRecovery(text(v["code"]!));
    return { seed, canonical: utf8(codes.encodeRecovery(seed)) };
  },
  link: (v) => {
    const [base, link] = fromUrl(text(v["url"]!));
    if (toUrl(base, link) !== text(v["url"]!)) throw new Error("another spelling");
    const place = ({ number: at, hash }: Head): Uint8Array => encode([at, hash]);
    const fields: Record<string, Uint8Array> =
      link.type === "setup"
        ? { secret: link.secret }
        : link.type === "invite"
          ? { organisation: link.organisation, invite: link.invite, seed: link.seed }
          : link.type === "offer"
            ? { nonce: link.nonce, hash: link.hash }
            : {
                organisation: link.organisation,
                organisation_head: place(link.organisationHead),
                user: link.user,
                user_head: place(link.userHead),
                seed: link.seed,
              };
    return { base: utf8(base), ...fields };
  },
  offer: async (v) => {
    const offer = { type: "offer", nonce: v["nonce"]!, hash: v["hash"]! } as const;
    checkOffer(offer, v["signing"]!, v["offered"]!);
    const link = await openAnswer(offer, await BoxKey.fromSeed(v["seed"]!), v["box"]!);
    return { handle: offerHandle(offer), link: toBytes(link)[1] };
  },
  "generation-box": async (v) => {
    const to = { user: v["user"]!, head: HEAD, boxGeneration: number(v["box_generation"]), box: v["box_hash"]! };
    const parts = await openBox(await BoxKey.fromSeed(v["seed"]!), v["conversation"]!, made(v), to, v["box"]!);
    return { parts: parts.toBytes(), secret: parts.secret(v["conversation"]!, number(v["generation"])) };
  },
  "repair-box": async (v) => {
    const key = await BoxKey.fromSeed(v["seed"]!);
    const parts = await openRepair(
      key,
      v["conversation"]!,
      made(v),
      v["user"]!,
      number(v["box_generation"]),
      v["box"]!,
    );
    return { parts: parts.toBytes() };
  },
  "grant-box": async (v) => {
    const [first, last] = [number(v["generation"]), number(v["last"])];
    const count = v["commitments"]!.length / 96;
    const known = new Map(Array.from({ length: count }, (_, i) => [first + i, made(v, i)]));
    const opened = await openGrant(
      await BoxKey.fromSeed(v["seed"]!),
      v["conversation"]!,
      known,
      [first, last],
      v["user"]!,
      number(v["box_generation"]),
      v["box"]!,
      v["box_hash"]!,
    );
    return { parts: concat(...[...opened.values()].map((parts) => parts.toBytes())) };
  },
  "holder-box": async (v) => {
    const holder = {
      user: v["user"]!,
      head: HEAD,
      boxGeneration: number(v["box_generation"]),
      box: v["box_hash"]!,
      index: number(v["index"]),
    };
    const key = await BoxKey.fromSeed(v["seed"]!);
    const held = await archive.openHolderBox(key, v["conversation"]!, made(v), holder, v["box"]!);
    return { parts: concat(...held.values()) };
  },
  release: async (v) => {
    const [first, second] = [1, 2, 3].filter((one) => one !== number(v["index"]));
    const held = new Map([
      [first!, v["held"]!.slice(0, 32)],
      [second!, v["held"]!.slice(32)],
    ]);
    const key = await BoxKey.fromSeed(v["seed"]!);
    const to = number(v["box_generation"]);
    return { secret: await archive.combine(key, v["conversation"]!, made(v), held, v["user"]!, to, v["box"]!) };
  },
  audit: async (v) => {
    const keys = await archive.openAudit(
      await BoxKey.fromSeed(v["seed"]!),
      v["case_id"]!,
      v["conversation"]!,
      number(v["generation"]),
      v["auditor"]!,
      number(v["box_generation"]),
      v["box"]!,
    );
    return { keys: encode([...keys].map(([id, key]) => [unhex(id), key])) };
  },
};
