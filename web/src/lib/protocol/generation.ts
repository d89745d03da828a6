import { type BoxKey, seal } from "./boxes";
import { concat, equal } from "./bytes";
import { tagged } from "./cbor";
import { SealRefused } from "./errors";
import { derive, sha256, taggedHash } from "./kdf";
import { Label } from "./labels";
import { at, between, each, ID32, type Infer, mapped, record, uint } from "./records";
import { HEAD } from "./statements";
import type { UserState } from "./user";

/** Key generations of a conversation (docs/protocol.md, 4.3 and 5): parts, their commitments, boxes for the members. */
export const MEMBERS_MAX = 500;

/** Gives n fresh random bytes; handed in, so that nothing here draws any. */
export type Randomness = (size: number) => Uint8Array;
export type Three = readonly [Uint8Array, Uint8Array, Uint8Array];

/** Whom a box is for: the user, the user head and box generation it is pinned to, the hash of the box. */
export const Recipient = record("Recipient", {
  user: at(0, ID32),
  head: at(1, HEAD),
  boxGeneration: at(2, uint),
  box: at(3, ID32),
});
export type Recipient = Infer<typeof Recipient>;

/** An archive holder: as a recipient, for all parts but `index`. */
export const Holder = record("Holder", {
  user: at(0, ID32),
  head: at(1, HEAD),
  boxGeneration: at(2, uint),
  box: at(3, ID32),
  index: at(4, between(1, 3)),
});
export type Holder = Infer<typeof Holder>;

const THREE = mapped(
  each(ID32, 3, 3),
  (list) => list as unknown as Three,
  (three) => three,
);

/** The public half of a generation, inside a statement. */
export const Generation = record("Generation", {
  number: at(0, uint),
  commitments: at(1, THREE),
  recipients: at(2, each(Recipient, MEMBERS_MAX)),
  holders: at(3, each(Holder, 3)),
});
export type Generation = Infer<typeof Generation>;

/** The secret half: three parts of 32 random bytes; any two of the archive's holders have all three. */
export class Parts {
  constructor(readonly parts: Three) {}

  static fresh(random: Randomness): Parts {
    return new Parts([random(32), random(32), random(32)]);
  }

  /** From 96 bytes. Throws SealRefused `parts_length`. */
  static fromBytes(data: Uint8Array): Parts {
    if (data.length !== 96) throw new SealRefused("parts_length");
    return new Parts([data.slice(0, 32), data.slice(32, 64), data.slice(64)]);
  }

  /** s1 || s2 || s3, 96 bytes. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return concat(...this.parts);
  }

  /** c_j = H(T("part", conversation, g, j, s_j)) for j = 1, 2, 3. */
  commitments(conversation: Uint8Array, number: number): Three {
    return this.parts.map((part, index) => commitment(conversation, number, index + 1, part)) as unknown as Three;
  }

  /** S_g, 32 bytes. */
  secret(conversation: Uint8Array, number: number): Uint8Array<ArrayBuffer> {
    return derive(this.toBytes(), new Uint8Array(), tagged(Label.CONVERSATION_SECRET, conversation, number));
  }

  /** Check all three commitments. Throws SealRefused `commitment_mismatch`. [M25] */
  check(conversation: Uint8Array, number: number, expected: Three): void {
    if (!equal(concat(...this.commitments(conversation, number)), concat(...expected))) {
      throw new SealRefused("commitment_mismatch");
    }
  }
}

/** The commitment to one part, 32 bytes. */
export function commitment(
  conversation: Uint8Array,
  number: number,
  index: number,
  part: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return taggedHash(Label.PART, conversation, number, index, part);
}

/** A box to send beside the statement; `index` is 0 for a member, 1 to 3 for a holder. */
export interface Sealed {
  readonly recipient: Uint8Array;
  readonly box: Uint8Array;
  readonly index: number;
}

function boxInfo(
  label: Label,
  conversation: Uint8Array,
  generation: Pick<Generation, "number" | "commitments">,
  user: Uint8Array,
  boxGeneration: number,
): Uint8Array {
  return tagged(label, conversation, generation.number, ...generation.commitments, user, boxGeneration);
}

/** The info of a holder's box. */
export function holderInfo(
  conversation: Uint8Array,
  generation: Pick<Generation, "number" | "commitments">,
  user: Uint8Array,
  boxGeneration: number,
  index: number,
): Uint8Array {
  const { number, commitments } = generation;
  return tagged(Label.HOLDER_BOX, conversation, number, ...commitments, user, boxGeneration, index);
}

/** Seal a new generation's parts to the newest box key of each member, and of each holder all but theirs. */
export async function make(
  conversation: Uint8Array,
  number: number,
  parts: Parts,
  members: readonly UserState[],
  holders: readonly UserState[] = [],
): Promise<[Generation, Sealed[]]> {
  const commitments = parts.commitments(conversation, number);
  const made = { number, commitments };
  const recipients: Recipient[] = [];
  const kept: Holder[] = [];
  const boxes: Sealed[] = [];
  for (const user of members) {
    const boxGeneration = user.box.number;
    const info = boxInfo(Label.GENERATION_BOX, conversation, made, user.id, boxGeneration);
    const box = await seal(user.box.public, info, parts.toBytes());
    recipients.push({ user: user.id, head: user.head, boxGeneration, box: sha256(box) });
    boxes.push({ recipient: user.id, box, index: 0 });
  }
  for (const [at, user] of holders.entries()) {
    const [index, boxGeneration] = [at + 1, user.box.number];
    const info = holderInfo(conversation, made, user.id, boxGeneration, index);
    const others = concat(...parts.parts.filter((_, part) => part !== at));
    const box = await seal(user.box.public, info, others);
    kept.push({ user: user.id, head: user.head, boxGeneration, box: sha256(box), index });
    boxes.push({ recipient: user.id, box, index });
  }
  return [{ number, commitments, recipients, holders: kept }, boxes];
}

/**
 * Open a generation's box; checks its hash and all commitments. [M25]
 *
 * Throws SealRefused `box_hash_mismatch`, `box_invalid`, `parts_length`, `commitment_mismatch`.
 */
export function openBox(
  key: BoxKey,
  conversation: Uint8Array,
  generation: Generation,
  recipient: Recipient,
  box: Uint8Array,
): Promise<Parts> {
  if (!equal(sha256(box), recipient.box)) return Promise.reject(new SealRefused("box_hash_mismatch"));
  return open(Label.GENERATION_BOX, key, conversation, generation, recipient.user, recipient.boxGeneration, box);
}

/** Answer a question for a lacking box: [box generation, box]. The caller checks who may have it. [M27] */
export async function sealRepair(
  conversation: Uint8Array,
  generation: Generation,
  parts: Parts,
  user: UserState,
): Promise<[number, Uint8Array]> {
  const { number } = user.box;
  const info = boxInfo(Label.REPAIR_BOX, conversation, generation, user.id, number);
  return [number, await seal(user.box.public, info, parts.toBytes())];
}

/** Open a repair's box; whoever sealed it, the commitments tell whether the parts are right. */
export function openRepair(
  key: BoxKey,
  conversation: Uint8Array,
  generation: Generation,
  user: Uint8Array,
  boxGeneration: number,
  box: Uint8Array,
): Promise<Parts> {
  return open(Label.REPAIR_BOX, key, conversation, generation, user, boxGeneration, box);
}

async function open(
  label: Label,
  key: BoxKey,
  conversation: Uint8Array,
  generation: Generation,
  user: Uint8Array,
  boxGeneration: number,
  box: Uint8Array,
): Promise<Parts> {
  const parts = Parts.fromBytes(await key.open(boxInfo(label, conversation, generation, user, boxGeneration), box));
  parts.check(conversation, generation.number, generation.commitments);
  return parts;
}
