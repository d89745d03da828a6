import { type BoxKey, seal } from "./boxes";
import { equal, hex, type Hex, unhex } from "./bytes";
import { decode, encode, tagged } from "./cbor";
import { SealRefused } from "./errors";
import { commitment, type Generation, type Holder, holderInfo, Parts, type Three } from "./generation";
import { sha256 } from "./kdf";
import { Label } from "./labels";
import { pad, unpad } from "./padding";
import type { UserState } from "./user";

/** The archive without an archive key (docs/protocol.md, 12): two holders together open a generation, one alone nothing. */

/** A holder's parts: index 1 to 3 -> part, two of three. */
export type Held = ReadonlyMap<number, Uint8Array>;

/**
 * Open a holder's box and check it on arrival; a refusal is what the holder reports. [M37]
 *
 * Throws SealRefused `box_hash_mismatch`, `box_invalid`, `parts_length`, `commitment_mismatch`.
 */
export async function openHolderBox(
  key: BoxKey,
  conversation: Uint8Array,
  generation: Generation,
  holder: Holder,
  box: Uint8Array,
): Promise<Map<number, Uint8Array>> {
  if (!equal(sha256(box), holder.box)) throw new SealRefused("box_hash_mismatch");
  const info = holderInfo(conversation, generation, holder.user, holder.boxGeneration, holder.index);
  const data = await key.open(info, box);
  if (data.length !== 64) throw new SealRefused("parts_length");
  const [one, other] = [1, 2, 3].filter((index) => index !== holder.index);
  const held = new Map([
    [one!, data.slice(0, 32)],
    [other!, data.slice(32)],
  ]);
  for (const [index, part] of held) check(conversation, generation, index, part);
  return held;
}

/** The second holder seals the part that the first lacks. */
export function release(
  conversation: Uint8Array,
  generation: Generation,
  part: Uint8Array,
  index: number,
  to: UserState,
): Promise<Uint8Array> {
  return seal(to.box.public, releaseInfo(conversation, generation, to.id, to.box.number, index), part);
}

/** The first holder adds the released part: S_g. Throws SealRefused `box_invalid`, `commitment_mismatch`. */
export async function combine(
  key: BoxKey,
  conversation: Uint8Array,
  generation: Generation,
  held: Held,
  user: Uint8Array,
  boxGeneration: number,
  box: Uint8Array,
): Promise<Uint8Array> {
  const index = [1, 2, 3].find((one) => !held.has(one))!;
  const part = await key.open(releaseInfo(conversation, generation, user, boxGeneration, index), box);
  check(conversation, generation, index, part);
  const three = [1, 2, 3].map((one) => held.get(one) ?? part) as unknown as Three;
  return new Parts(three).secret(conversation, generation.number);
}

/** Seal the message keys of exactly the granted scope (message id -> key) to the auditor. */
export function sealAudit(
  caseId: Uint8Array,
  conversation: Uint8Array,
  number: number,
  keys: ReadonlyMap<Hex, Uint8Array>,
  auditor: UserState,
): Promise<Uint8Array> {
  const plaintext = pad(encode([...keys].map(([id, key]) => [unhex(id), key])));
  return seal(auditor.box.public, auditInfo(caseId, conversation, number, auditor.id, auditor.box.number), plaintext);
}

/** The auditor's message keys: message id -> key. Throws SealRefused `box_invalid`, `audit_form`; EncodingRefused. */
export async function openAudit(
  key: BoxKey,
  caseId: Uint8Array,
  conversation: Uint8Array,
  number: number,
  auditor: Uint8Array,
  boxGeneration: number,
  box: Uint8Array,
): Promise<Map<Hex, Uint8Array>> {
  const items = decode(unpad(await key.open(auditInfo(caseId, conversation, number, auditor, boxGeneration), box)));
  if (!Array.isArray(items)) throw new SealRefused("audit_form");
  const keys = new Map<Hex, Uint8Array>();
  for (const item of items) {
    const [id, messageKey] = Array.isArray(item) && item.length === 2 ? item : [];
    const right =
      id instanceof Uint8Array && id.length === 16 && messageKey instanceof Uint8Array && messageKey.length === 32;
    if (!right) throw new SealRefused("audit_form");
    keys.set(hex(id), messageKey);
  }
  return keys;
}

function check(conversation: Uint8Array, generation: Generation, index: number, part: Uint8Array): void {
  const mine = commitment(conversation, generation.number, index, part);
  if (!equal(mine, generation.commitments[index - 1]!)) throw new SealRefused("commitment_mismatch");
}

function releaseInfo(
  conversation: Uint8Array,
  generation: Generation,
  user: Uint8Array,
  boxGeneration: number,
  index: number,
): Uint8Array {
  const { number, commitments } = generation;
  return tagged(Label.RELEASE, conversation, number, ...commitments, user, boxGeneration, index);
}

function auditInfo(
  caseId: Uint8Array,
  conversation: Uint8Array,
  number: number,
  auditor: Uint8Array,
  boxGeneration: number,
): Uint8Array {
  return tagged(Label.AUDIT, caseId, conversation, number, auditor, boxGeneration);
}
