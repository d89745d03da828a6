import type { BoxKey } from "./boxes";
import { equal } from "./bytes";
import type { Randomness, Sealed } from "./generation";
import { deviceId, profileCommitment, type RecipientKeys, registerDevice } from "./identity";
import type { RawMap } from "./records";
import { makeBoxGeneration, sealLabel, sealSeed } from "./seeds";
import type { Signer } from "./signing";
import { ChainKind, sign, type SignerRef, type Statement } from "./statements";
import * as usr from "./user";
import type { UserState } from "./user";

/** Making the statements of a user chain. Each builder applies its own result, so it cannot make what `apply` refuses. */

/** The private half of a device that is being made, and what it is called. */
export interface NewDevice {
  readonly key: Signer;
  readonly box: BoxKey;
  readonly label: string;
}

/** A signed statement, the state after it, and the boxes to send beside it. */
export interface Made {
  readonly data: Uint8Array;
  readonly state: UserState;
  readonly boxes: readonly Sealed[];
}

const NONE = new Uint8Array();

/**
 * A person's first statement. `organisation` is empty for a founder, `recovery` the printed code's keys, `profile` salt
 * and document as they travel, `seed` 32 random bytes (the first user box seed), `time` in ms.
 */
export async function genesis(
  organisation: Uint8Array,
  device: NewDevice,
  recovery: RecipientKeys,
  profile: Uint8Array,
  seed: Uint8Array,
  time: number,
  random: Randomness,
): Promise<Made> {
  const label = await sealLabel(seed, 1, deviceId(device.key.public), device.label, random(12));
  const record = await registerDevice(device.key, device.box.public, label, 1);
  const recipient = await recovery.record();
  const [boxes, sealed] = await makeBoxGeneration(NONE, 1, seed, [
    [record.id, record.box],
    [recipient.id, recipient.box],
  ]);
  const body = usr.Genesis.toMap({
    organisation,
    device: record,
    boxes,
    recovery: [recipient],
    profile: profileCommitment(profile),
    nonce: random(16),
  });
  return make(null, { user: NONE, device: record.id }, device.key, time, 0, body, sealed);
}

async function make(
  state: UserState | null,
  signer: SignerRef,
  key: Signer,
  time: number,
  kind: number,
  body: RawMap,
  boxes: readonly Sealed[],
): Promise<Made> {
  const statement: Statement = {
    version: 1,
    chain: ChainKind.USER,
    chainId: state?.id ?? NONE,
    number: state?.length ?? 0,
    previous: state?.head.hash ?? NONE,
    time,
    signer,
    anchors: {},
    kind,
    body,
  };
  const data = await sign(statement, key);
  return { data, state: await usr.apply(state, data), boxes };
}

/** Add a device; signed by an active device, a recovery recipient or a ticket. `seed` is the newest box seed. */
export async function addDevice(
  state: UserState,
  signer: SignerRef,
  key: Signer,
  device: NewDevice,
  seed: Uint8Array,
  time: number,
  random: Randomness,
): Promise<Made> {
  const { number } = state.box;
  const label = await sealLabel(seed, number, deviceId(device.key.public), device.label, random(12));
  const record = await registerDevice(device.key, device.box.public, label, number);
  const [seal, box] = await sealSeed(state.id, number, seed, record.id, record.box);
  return make(state, signer, key, time, 1, usr.DeviceAdded.toMap({ device: record, seal }), [box]);
}

/** Revoke a device; `seeds` is [newest seed, 32 random bytes for the next]. */
export async function revokeDevice(
  state: UserState,
  signer: SignerRef,
  key: Signer,
  device: Uint8Array,
  [before, after]: readonly [Uint8Array, Uint8Array],
  time: number,
  random: Randomness,
): Promise<Made> {
  const remaining = [...state.active().values()].filter((record) => !equal(record.id, device));
  const recipients = [...remaining, ...state.recovery.values()].map((record) => [record.id, record.box] as const);
  const previous = [before, random(12)] as const;
  const [boxes, sealed] = await makeBoxGeneration(state.id, state.box.number + 1, after, recipients, previous);
  return make(state, signer, key, time, 2, usr.DeviceRevoked.toMap({ device, boxes }), sealed);
}

/** Let one device add itself until `expires` (ms, at most 15 minutes after the chain's clock). */
export async function openTicket(
  state: UserState,
  signer: SignerRef,
  key: Signer,
  ticket: RecipientKeys,
  seed: Uint8Array,
  expires: number,
  time: number,
): Promise<Made> {
  const record = await ticket.record();
  const [seal, box] = await sealSeed(state.id, state.box.number, seed, record.id, record.box);
  return make(state, signer, key, time, 5, usr.TicketOpened.toMap({ ticket: record, seal, expires }), [box]);
}

/** Take a new recovery code in place of all others, with a new box generation. */
export async function replaceRecovery(
  state: UserState,
  signer: SignerRef,
  key: Signer,
  recovery: RecipientKeys,
  [before, after]: readonly [Uint8Array, Uint8Array],
  time: number,
  random: Randomness,
): Promise<Made> {
  const record = await recovery.record();
  const recipients = [...state.active().values(), record].map((one) => [one.id, one.box] as const);
  const previous = [before, random(12)] as const;
  const [boxes, sealed] = await makeBoxGeneration(state.id, state.box.number + 1, after, recipients, previous);
  const removed = [...state.recovery.values()].map((one) => one.id);
  const body = usr.RecoveryChanged.toMap({ added: [record], removed, seals: [], boxes });
  return make(state, signer, key, time, 4, body, sealed);
}

/** Take a new name or picture. */
export function changeProfile(
  state: UserState,
  signer: SignerRef,
  key: Signer,
  profile: Uint8Array,
  time: number,
): Promise<Made> {
  return make(state, signer, key, time, 6, usr.ProfileChanged.toMap({ profile: profileCommitment(profile) }), []);
}
