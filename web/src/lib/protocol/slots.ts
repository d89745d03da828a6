import { equal, hex, type Hex } from "./bytes";
import { decode, tagged } from "./cbor";
import type { ConversationState } from "./conversation";
import { decrypt0, encrypt0, payloadOf, sign1, verify1 } from "./cose";
import { SealRefused } from "./errors";
import { type Event, eventBytes, EventKind, Header } from "./events";
import { derive } from "./kdf";
import { Label } from "./labels";
import { checkSender } from "./messages";
import { pad, unpad } from "./padding";
import { anyMap, at, ID32, type Infer, type RawMap, record, uint } from "./records";
import type { Signer } from "./signing";
import { HEAD, type Head } from "./statements";
import type { UserState } from "./user";

/** Slots: small sealed last-writer-wins values per person and conversation (docs/protocol.md, 7). [M33] */
export const SlotType = { READ_MARKER: 1, LIVE_PLACE: 2, PICTURE_KEY: 3 } as const;
export type SlotType = (typeof SlotType)[keyof typeof SlotType];

const SignedSlot = record("SignedSlot", {
  header: at(0, Header),
  generationHash: at(1, ID32),
  userHead: at(2, HEAD),
  counter: at(3, uint),
  type: at(4, uint),
  value: at(5, anyMap),
});
export type SignedSlot = Infer<typeof SignedSlot>;

/** The name under which the server stores the slot, 16 bytes; it does not tell the type. */
export function slotTag(
  secret: Uint8Array,
  conversation: Uint8Array,
  generation: number,
  user: Uint8Array,
  type: number,
): Uint8Array<ArrayBuffer> {
  return derive(secret, new Uint8Array(), tagged(Label.SLOT_TAG, conversation, generation, user, type)).slice(0, 16);
}

/** Seal a slot; gives the event's bytes. `header` has kind SLOT and the slot's tag; `counter` only ever grows. */
export async function sealSlot(
  secret: Uint8Array,
  header: Header,
  key: Signer,
  generationHash: Uint8Array,
  userHead: Head,
  counter: number,
  type: number,
  value: RawMap,
  iv: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const signed = SignedSlot.toBytes({ header, generationHash, userHead, counter, type, value });
  const plaintext = pad(await sign1(key, Label.SLOT_CONTENT, signed));
  return eventBytes({ header, body: await encrypt0(slotKey(secret, header), iv, aad(header), plaintext) });
}

/**
 * Open a slot: [user, content]. `secret` is S_g of the newest generation; `seen(user, type)` the highest counter seen,
 * -1 for none. [M33]
 *
 * Throws SealRefused `slot_old_generation`, `slot_tag_mismatch`, `counter_not_growing`, and as `openMessage`.
 */
export async function openSlot(
  secret: Uint8Array,
  event: Event,
  state: ConversationState,
  users: ReadonlyMap<Hex, UserState>,
  seen: (user: Hex, type: number) => number,
): Promise<[Uint8Array, SignedSlot]> {
  const { header } = event;
  if (header.generation !== state.generation) throw new SealRefused("slot_old_generation");
  const { signed, data } = await unsealSlot(secret, event);
  const sender = checkSender(header, signed.generationHash, signed.userHead, state, users);
  await verify1(data, sender.devices.get(hex(header.device))!.record.signing, Label.SLOT_CONTENT);
  const tag = slotTag(secret, header.conversation, header.generation, sender.id, signed.type);
  if (!equal(header.slotTag ?? new Uint8Array(), tag)) throw new SealRefused("slot_tag_mismatch");
  if (signed.counter <= seen(hex(sender.id), signed.type)) throw new SealRefused("counter_not_growing");
  return [sender.id, signed];
}

/** Decrypt a slot; gives what was signed, and the COSE_Sign1 whose signature is NOT verified yet. */
export async function unsealSlot(secret: Uint8Array, event: Event): Promise<{ signed: SignedSlot; data: Uint8Array }> {
  const { header } = event;
  if (header.kind !== EventKind.SLOT) throw new SealRefused("header_mismatch", "not a slot");
  const data = unpad(await decrypt0(slotKey(secret, header), aad(header), event.body));
  const signed = SignedSlot.fromMap(decode(payloadOf(data)));
  if (!equal(Header.toBytes(signed.header), Header.toBytes(header))) throw new SealRefused("header_mismatch");
  return { signed, data };
}

function slotKey(secret: Uint8Array, header: Header): Uint8Array {
  const info = tagged(Label.SLOT_KEY, header.conversation, header.generation, header.device);
  return derive(secret, header.messageId, info);
}

const aad = (header: Header): Uint8Array => tagged(Label.SLOT, Header.toMap(header));
