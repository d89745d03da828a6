import { BoxKey, seal } from "./boxes";
import { equal, hex, text, utf8 } from "./bytes";
import { tagged } from "./cbor";
import { decrypt0, encrypt0 } from "./cose";
import { ProtocolError, SealRefused } from "./errors";
import type { Sealed } from "./generation";
import type { DeviceRecord } from "./identity";
import { derive, sha256 } from "./kdf";
import { Label } from "./labels";
import { pad, unpad } from "./padding";
import type { BoxGeneration, UserState } from "./user";

/** User box seeds (docs/protocol.md, 3): sealed to devices and recipients, each generation opening the one before. */
const NONE = new Uint8Array();

/** The info of a seed's box; `user` is empty for generation 1, which is made before the user has an id. */
function seedInfo(user: Uint8Array, generation: number, recipient: Uint8Array): Uint8Array {
  return tagged(Label.SEED_BOX, generation === 1 ? NONE : user, generation, recipient);
}

/** Seal a seed to one device or recipient: the statement's seal, and the box. */
export async function sealSeed(
  user: Uint8Array,
  generation: number,
  seed: Uint8Array,
  recipient: Uint8Array,
  boxPublic: Uint8Array,
): Promise<[readonly [Uint8Array, Uint8Array], Sealed]> {
  const box = await seal(boxPublic, seedInfo(user, generation, recipient), seed);
  return [[recipient, sha256(box)], { recipient, box, index: 0 }];
}

/** A box generation for `recipients` (id, box public key); `previous` is [seed before, iv] for number > 1. */
export async function makeBoxGeneration(
  user: Uint8Array,
  number: number,
  seed: Uint8Array,
  recipients: readonly (readonly [Uint8Array, Uint8Array])[],
  previous?: readonly [Uint8Array, Uint8Array],
): Promise<[BoxGeneration, Sealed[]]> {
  const sealed = await Promise.all(recipients.map(([id, box]) => sealSeed(user, number, seed, id, box)));
  const wrapped =
    previous && (await encrypt0(wrapKey(user, number, seed), previous[1], wrapAad(user, number), previous[0]));
  const { public: key } = await BoxKey.fromSeed(seed);
  return [
    { number, public: key, seals: sealed.map(([entry]) => entry), previous: wrapped },
    sealed.map(([, box]) => box),
  ];
}

/**
 * Open the newest seed's box; the seed must give the signed public key.
 *
 * Throws SealRefused `box_hash_mismatch`, `box_invalid`, `seed_mismatch`.
 */
export async function openSeed(
  key: BoxKey,
  state: UserState,
  recipient: Uint8Array,
  box: Uint8Array,
): Promise<Uint8Array> {
  const expected = state.seals.get(hex(recipient));
  if (!expected || !equal(expected, sha256(box))) throw new SealRefused("box_hash_mismatch");
  const seed = await key.open(seedInfo(state.id, state.box.number, recipient), box);
  await checkSeed(seed, state.box.public);
  return seed;
}

async function checkSeed(seed: Uint8Array, expected: Uint8Array): Promise<void> {
  if (seed.length !== 32 || !equal((await BoxKey.fromSeed(seed)).public, expected))
    throw new SealRefused("seed_mismatch");
}

/** Walk back from the newest seed to the first: generation -> seed. Throws SealRefused `seal_invalid`, `seed_mismatch`. */
export async function allSeeds(state: UserState, newest: Uint8Array): Promise<Map<number, Uint8Array>> {
  const seeds = new Map([[state.box.number, newest]]);
  let seed = newest;
  for (const [, boxes] of [...state.boxes].reverse()) {
    if (!boxes.previous) break;
    const key = wrapKey(state.id, boxes.number, seed);
    seed = await decrypt0(key, wrapAad(state.id, boxes.number), boxes.previous);
    seeds.set(boxes.number - 1, seed);
  }
  for (const [, boxes] of state.boxes) await checkSeed(seeds.get(boxes.number) ?? NONE, boxes.public);
  return seeds;
}

/** Seal a device's label for the user's own devices. */
export function sealLabel(
  seed: Uint8Array,
  generation: number,
  device: Uint8Array,
  label: string,
  iv: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return encrypt0(labelKey(seed, generation), iv, tagged(Label.DEVICE_LABEL, device), pad(utf8(label)));
}

/** A device's label, or "" when it does not open (nothing depends on it). */
export async function openLabel(seeds: ReadonlyMap<number, Uint8Array>, record: DeviceRecord): Promise<string> {
  const seed = seeds.get(record.labelGeneration);
  if (!seed) return "";
  try {
    const key = labelKey(seed, record.labelGeneration);
    return text(unpad(await decrypt0(key, tagged(Label.DEVICE_LABEL, record.id), record.label)));
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof TypeError) return "";
    throw error;
  }
}

const labelKey = (seed: Uint8Array, generation: number): Uint8Array =>
  derive(seed, NONE, tagged(Label.LABEL_KEY, generation));

const wrapKey = (user: Uint8Array, number: number, seed: Uint8Array): Uint8Array =>
  derive(seed, NONE, tagged(Label.SEED_WRAP, user, number));

const wrapAad = (user: Uint8Array, number: number): Uint8Array => tagged(Label.PREVIOUS_SEED, user, number);
