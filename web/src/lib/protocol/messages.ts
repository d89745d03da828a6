import { equal, hex, type Hex } from "./bytes";
import { decode, tagged } from "./cbor";
import { type Content, fromWire, toWire } from "./content";
import type { ConversationState } from "./conversation";
import { decrypt0, encrypt0, payloadOf, sign1, verify1 } from "./cose";
import { ProtocolError, SealRefused } from "./errors";
import { type Event, eventBytes, EventKind, Header, isOwn } from "./events";
import { derive } from "./kdf";
import { Label } from "./labels";
import { pad, unpad } from "./padding";
import { anyMap, at, ID32, type Infer, record, uint } from "./records";
import type { Signer } from "./signing";
import { HEAD, type Head, LOG_SEEN, type LogSeen } from "./statements";
import type { UserState } from "./user";

/** Sealed messages (docs/protocol.md, 7): signed by the device, then encrypted under a key of their own. */

/** What the device signs inside a message. */
const Signed = record("Signed", {
  header: at(0, Header),
  generationHash: at(1, ID32),
  userHead: at(2, HEAD),
  log: at(3, LOG_SEEN),
  time: at(4, uint),
  kind: at(5, uint),
  content: at(6, anyMap),
});
type Signed = Infer<typeof Signed>;

/** A message that opened; `user` is the sender, `time` the sender's own. */
export interface Opened {
  readonly header: Header;
  readonly user: Uint8Array;
  readonly log: LogSeen;
  readonly time: number;
  readonly content: Content;
}

type Users = ReadonlyMap<Hex, UserState>;

/** The key of one message, 32 bytes: from the generation's secret, the message id and the sending device. */
export function messageKey(secret: Uint8Array, header: Header): Uint8Array<ArrayBuffer> {
  const info = tagged(Label.MESSAGE_KEY, header.conversation, header.generation, header.device);
  return derive(secret, header.messageId, info);
}

/**
 * Seal a message; gives the event's bytes. `secret` is S_g of the header's generation, `generationHash` the hash of its
 * statement, `log` the newest log head that the sender has seen, `time` in ms, `iv` 12 fresh random bytes.
 */
export async function sealMessage(
  secret: Uint8Array,
  header: Header,
  key: Signer,
  generationHash: Uint8Array,
  userHead: Head,
  log: LogSeen,
  time: number,
  content: Content,
  iv: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const [kind, raw] = toWire(content);
  const signed = Signed.toBytes({ header, generationHash, userHead, log, time, kind, content: raw });
  const plaintext = pad(await sign1(key, Label.CONTENT, signed));
  return eventBytes({ header, body: await encrypt0(messageKey(secret, header), iv, aad(header), plaintext) });
}

/**
 * Open a message and check everything about its sender. [M30] `users` are the newest known states of the members.
 *
 * Throws SealRefused `seal_invalid`, `header_mismatch`, `sender_unknown`, `sender_not_recipient`, `pin_stale`,
 * `generation_mismatch`, `anchor_unknown`, `device_not_active`; other ProtocolErrors for form and signature.
 */
export function openMessage(secret: Uint8Array, event: Event, state: ConversationState, users: Users): Promise<Opened> {
  return openWithKey(messageKey(secret, event.header), event, state, users);
}

/** As `openMessage`, with the message's own key (what an auditor is given). */
export async function openWithKey(
  key: Uint8Array,
  event: Event,
  state: ConversationState,
  users: Users,
): Promise<Opened> {
  const { signed, data } = await unsealMessage(key, event);
  const { header } = event;
  const sender = checkSender(header, signed.generationHash, signed.userHead, state, users);
  await verify1(data, sender.devices.get(hex(header.device))!.record.signing, Label.CONTENT);
  const content = fromWire(signed.kind, signed.content);
  return { header, user: sender.id, log: signed.log, time: signed.time, content };
}

/**
 * Decrypt a message; gives what was signed, and the COSE_Sign1 whose signature is NOT verified yet. Only whoever knows
 * no chains (a vector's runner) stops here: everybody else calls `openMessage`.
 */
export async function unsealMessage(key: Uint8Array, event: Event): Promise<{ signed: Signed; data: Uint8Array }> {
  if (event.header.kind !== EventKind.MESSAGE) throw new SealRefused("header_mismatch", "not a message");
  const data = unpad(await decrypt0(key, aad(event.header), event.body));
  const signed = Signed.fromMap(decode(payloadOf(data)));
  if (!equal(Header.toBytes(signed.header), Header.toBytes(event.header))) throw new SealRefused("header_mismatch");
  return { signed, data };
}

/** Who sent this, if it may be: a recipient of the generation with an active device at a head not older than pinned. */
export function checkSender(
  header: Header,
  generationHash: Uint8Array,
  userHead: Head,
  state: ConversationState,
  users: Users,
): UserState {
  if (!equal(header.conversation, state.id)) throw new SealRefused("header_mismatch", "another conversation");
  const made = state.generations.get(header.generation);
  if (!made || !equal(made.statement, generationHash)) throw new SealRefused("generation_mismatch");
  const device = hex(header.device);
  const sender = [...users.values()].find((user) => user.devices.has(device));
  if (!sender) throw new SealRefused("sender_unknown");
  const recipient = made.recipient(sender.id);
  if (!recipient) throw new SealRefused("sender_not_recipient");
  if (!sender.knows(userHead)) throw new SealRefused("anchor_unknown");
  if (userHead.number < recipient.head.number) throw new SealRefused("pin_stale");
  try {
    sender.deviceAt(header.device, userHead.number);
  } catch (error) {
    throw error instanceof ProtocolError ? new SealRefused("device_not_active") : error;
  }
  return sender;
}

/**
 * Whether a message may stand at a place of the log: what may not is refused there, with or without its key. `state` is
 * the conversation's at that place, not a later one; `sender` whose device the header names, undefined if no chain has it.
 *
 * Throws SealRefused `header_mismatch`, `message_id_foreign` [M28], `generation_old`, `sender_not_member` [M45].
 */
export function checkInLog(header: Header, state: ConversationState, sender: UserState | undefined): void {
  if (header.kind !== EventKind.MESSAGE || !equal(header.conversation, state.id)) {
    throw new SealRefused("header_mismatch", "not a message of this log");
  }
  if (!isOwn(header)) throw new SealRefused("message_id_foreign");
  if (header.generation !== state.generation) throw new SealRefused("generation_old");
  if (sender && !state.isMember(sender.id)) throw new SealRefused("sender_not_member");
}

const aad = (header: Header): Uint8Array => tagged(Label.MESSAGE, Header.toMap(header));
