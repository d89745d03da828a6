import { type BoxKey, seal } from "./boxes";
import { concat, equal } from "./bytes";
import { decode, encode, tagged } from "./cbor";
import { SealRefused } from "./errors";
import { type Generation, Parts } from "./generation";
import { sha256 } from "./kdf";
import { Label } from "./labels";
import { pad, unpad } from "./padding";
import type { UserState } from "./user";

/** Grants: the earlier generations' parts for somebody who joined later (docs/protocol.md, 5). [M26] */

/** Seal the parts of consecutive generations to `user`'s newest box key; `held` must not be empty. */
export function sealGrant(
  conversation: Uint8Array,
  held: ReadonlyMap<number, Parts>,
  user: UserState,
): Promise<Uint8Array<ArrayBuffer>> {
  const [first, last] = [Math.min(...held.keys()), Math.max(...held.keys())];
  const items = [...held].sort(([a], [b]) => a - b).map(([number, { parts }]) => [number, ...parts]);
  const info = grantInfo(conversation, first, last, user.id, user.box.number);
  return seal(user.box.public, info, pad(encode(items)));
}

/**
 * Open a grant and check every part against its generation's commitment. [M26]
 *
 * Throws SealRefused `box_hash_mismatch`, `box_invalid`, `grant_form`, `commitment_mismatch`.
 */
export async function openGrant(
  key: BoxKey,
  conversation: Uint8Array,
  generations: ReadonlyMap<number, Generation>,
  [first, last]: readonly [number, number],
  user: Uint8Array,
  boxGeneration: number,
  box: Uint8Array,
  boxHash: Uint8Array,
): Promise<Map<number, Parts>> {
  if (!equal(sha256(box), boxHash)) throw new SealRefused("box_hash_mismatch");
  const info = grantInfo(conversation, first, last, user, boxGeneration);
  const items = decode(unpad(await key.open(info, box)));
  if (!Array.isArray(items) || items.length !== last - first + 1) throw new SealRefused("grant_form");
  const granted = new Map<number, Parts>();
  items.forEach((item, index) => {
    const number = first + index;
    const made = generations.get(number);
    if (!Array.isArray(item) || item.length !== 4 || item[0] !== number || !made) throw new SealRefused("grant_form");
    const bytes = item.slice(1);
    if (!bytes.every((part) => part instanceof Uint8Array)) throw new SealRefused("grant_form");
    const parts = Parts.fromBytes(concat(...bytes));
    parts.check(conversation, number, made.commitments);
    granted.set(number, parts);
  });
  return granted;
}

function grantInfo(
  conversation: Uint8Array,
  first: number,
  last: number,
  user: Uint8Array,
  boxGeneration: number,
): Uint8Array {
  return tagged(Label.GRANT_BOX, conversation, first, last, user, boxGeneration);
}
