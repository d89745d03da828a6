import { checkBoxPublic } from "./boxes";
import { equal, hex, type Hex } from "./bytes";
import { ChainRefused, ProtocolError } from "./errors";
import { BOX_PUBLIC, checkDevice, checkRecipient, DeviceRecord, RecipientRecord } from "./identity";
import { at, blob, each, ID16, ID32, type Infer, pair, record, uint } from "./records";
import {
  type Body,
  bodyOf,
  ChainKind,
  ChainState,
  checkPlace,
  parse,
  type Statement,
  statementHash,
  verifySignature,
} from "./statements";

/**
 * The user chain (docs/protocol.md, 4.2): a person's devices, box generations and recovery recipients. `apply` is the
 * only way to a new `UserState`; each client needs nobody's word.
 */
const SEAL = pair(ID16, ID32);
const DEVICES_MAX = 32;
const RECIPIENTS_MAX = 8;
const TICKETS_MAX = 4;
const TICKET_MS = 15 * 60 * 1000;

/** Box generation `number`: its public key, whom the seed is sealed to (id, hash of the box), the seed before. */
export const BoxGeneration = record("BoxGeneration", {
  number: at(0, uint),
  public: at(1, BOX_PUBLIC),
  seals: at(2, each(SEAL, DEVICES_MAX + RECIPIENTS_MAX, 1)),
  previous: at(3, blob(256), { optional: true }),
});
export type BoxGeneration = Infer<typeof BoxGeneration>;

export const Genesis = record("Genesis", {
  organisation: at(0, blob(32)),
  device: at(1, DeviceRecord),
  boxes: at(2, BoxGeneration),
  recovery: at(3, each(RecipientRecord, RECIPIENTS_MAX)),
  profile: at(4, ID32),
  nonce: at(5, ID16),
});
export const DeviceAdded = record("DeviceAdded", { device: at(0, DeviceRecord), seal: at(1, SEAL) });
export const DeviceRevoked = record("DeviceRevoked", { device: at(0, ID16), boxes: at(1, BoxGeneration) });
export const Rotated = record("Rotated", { boxes: at(0, BoxGeneration) });
export const RecoveryChanged = record("RecoveryChanged", {
  added: at(0, each(RecipientRecord, RECIPIENTS_MAX)),
  removed: at(1, each(ID16, RECIPIENTS_MAX)),
  seals: at(2, each(SEAL, RECIPIENTS_MAX)),
  boxes: at(3, BoxGeneration, { optional: true }),
});
export const TicketOpened = record("TicketOpened", {
  ticket: at(0, RecipientRecord),
  seal: at(1, SEAL),
  expires: at(2, uint),
});
export const ProfileChanged = record("ProfileChanged", { profile: at(0, ID32) });

export const KINDS = {
  0: Genesis,
  1: DeviceAdded,
  2: DeviceRevoked,
  3: Rotated,
  4: RecoveryChanged,
  5: TicketOpened,
  6: ProfileChanged,
} as const;
type UserBody = Body<typeof KINDS>;
type BodyOf<K extends UserBody["kind"]> = Extract<UserBody, { kind: K }>;

/** A device and the statement numbers at which it came and went. */
export interface Device {
  readonly record: DeviceRecord;
  readonly added: number;
  readonly revoked: number | null;
}

export interface Ticket {
  readonly record: RecipientRecord;
  readonly expires: number;
}

interface Fields {
  organisation: Uint8Array;
  profile: Uint8Array;
  devices: ReadonlyMap<Hex, Device>;
  recovery: ReadonlyMap<Hex, RecipientRecord>;
  tickets: ReadonlyMap<Hex, Ticket>;
  /** [statement number, box generation], oldest first. */
  boxes: readonly (readonly [number, BoxGeneration])[];
  /** The chain's clock when the newest box generation was made, ms. */
  boxTime: number;
  /** Hash of the box of the newest generation for each device, recipient and ticket. */
  seals: ReadonlyMap<Hex, Uint8Array>;
  retired: ReadonlySet<Hex>;
}

/** A person's keys now, and as they were at each earlier statement. */
export class UserState extends ChainState implements Fields {
  declare readonly organisation: Uint8Array;
  declare readonly profile: Uint8Array;
  declare readonly devices: ReadonlyMap<Hex, Device>;
  declare readonly recovery: ReadonlyMap<Hex, RecipientRecord>;
  declare readonly tickets: ReadonlyMap<Hex, Ticket>;
  declare readonly boxes: readonly (readonly [number, BoxGeneration])[];
  declare readonly boxTime: number;
  declare readonly seals: ReadonlyMap<Hex, Uint8Array>;
  declare readonly retired: ReadonlySet<Hex>;

  constructor(id: Uint8Array, clock: number, fields: Fields) {
    super(id, [id], clock);
    Object.assign(this, fields);
  }

  /** The newest box generation. */
  get box(): BoxGeneration {
    return this.boxes.at(-1)![1];
  }

  /** The box generation that was newest at statement `number`. */
  boxAt(number: number): BoxGeneration {
    return this.boxes.findLast(([made]) => made <= number)![1];
  }

  /** The active devices. */
  active(): Map<Hex, DeviceRecord> {
    const there = [...this.devices].filter(([, device]) => device.revoked === null);
    return new Map(there.map(([name, device]) => [name, device.record]));
  }

  /** The device, if it was active at statement `number`; else ChainRefused `device_not_active`. [M9] */
  deviceAt(device: Uint8Array, number: number): DeviceRecord {
    const found = this.devices.get(hex(device));
    if (!found || found.added > number || (found.revoked !== null && found.revoked <= number)) {
      throw new ChainRefused("device_not_active");
    }
    return found.record;
  }

  /** The statement number of the newest revocation, or -1. */
  newestRevocation(): number {
    return Math.max(-1, ...[...this.devices.values()].map((device) => device.revoked ?? -1));
  }
}

/**
 * Apply a signed statement (COSE_Sign1 bytes) to a user chain; `state` is null for the genesis, `verify` false only
 * when replaying one's own store. Throws ProtocolError: the statement breaks a rule; the state before stays valid.
 */
export async function apply(
  state: UserState | null,
  data: Uint8Array,
  { verify = true }: { verify?: boolean } = {},
): Promise<UserState> {
  const statement = parse(data);
  checkPlace(ChainKind.USER, state, statement);
  const body = bodyOf(statement, KINDS);
  const { organisation, user, log } = statement.anchors;
  if (organisation ?? user ?? log) throw new ChainRefused("anchor_unexpected");
  if (!state) return genesis(statement, body, data, verify);
  if (body.kind === 0) throw new ChainRefused("not_permitted", "a second genesis");
  if (!equal(statement.signer.user, state.id)) throw new ChainRefused("not_permitted", "another user's chain");
  const publicKey = signerKey(state, statement, body);
  if (verify) await verifySignature(data, publicKey);
  return step(state.grown(statement), statement, body, verify);
}

async function genesis(statement: Statement, body: UserBody, data: Uint8Array, verify: boolean): Promise<UserState> {
  if (body.kind !== 0) throw new ChainRefused("number_not_next", "no genesis");
  const { signer } = statement;
  const signed = signer.device && equal(signer.device, body.device.id) && !signer.recipient;
  if (statement.chainId.length > 0 || signer.user.length > 0 || !signed) throw new ChainRefused("genesis_form");
  if (body.organisation.length !== 0 && body.organisation.length !== 32) throw new ChainRefused("genesis_form");
  if (verify) {
    await checkDevice(body.device);
    for (const recipient of body.recovery) await checkRecipient(recipient);
    await verifySignature(data, body.device.signing);
  }
  const recovery = new Map(body.recovery.map((recipient) => [hex(recipient.id), recipient]));
  checkBoxes(body.boxes, 1, new Set([hex(body.device.id), ...recovery.keys()]));
  return new UserState(statementHash(statement), statement.time, {
    organisation: body.organisation,
    profile: body.profile,
    devices: new Map([[hex(body.device.id), { record: body.device, added: 0, revoked: null }]]),
    recovery,
    tickets: new Map(),
    boxes: [[0, body.boxes]],
    boxTime: statement.time,
    seals: sealsOf(body.boxes.seals),
    retired: new Set(),
  });
}

/** The public key that must have signed. [M15] */
function signerKey(state: UserState, statement: Statement, body: UserBody): Uint8Array {
  const { device, recipient } = statement.signer;
  if ((device === undefined) === (recipient === undefined)) throw new ChainRefused("signer_form");
  if (device) return state.deviceAt(device, state.length - 1).signing;
  const name = hex(recipient!);
  const recovery = state.recovery.get(name);
  if (recovery && (body.kind === 1 || body.kind === 2)) return recovery.signing;
  const ticket = state.tickets.get(name);
  if (ticket && body.kind === 1) {
    if (Math.max(state.clock, statement.time) > ticket.expires) throw new ChainRefused("ticket_expired");
    return ticket.record.signing;
  }
  throw new ChainRefused("not_permitted");
}

async function step(state: UserState, statement: Statement, body: UserBody, verify: boolean): Promise<UserState> {
  const { number } = statement;
  switch (body.kind) {
    case 1:
      return addDevice(state, statement, body, verify);
    case 2:
      return revokeDevice(state, statement, body);
    case 3:
      return rotate(state, number, body.boxes);
    case 4:
      return changeRecovery(state, number, body, verify);
    case 5:
      return openTicket(state, body, verify);
    case 6:
      return state.with({ profile: body.profile });
    default:
      throw new ChainRefused("unknown_statement");
  }
}

/** An id that was ever used never returns. [M18] */
function checkFresh(state: UserState, id: Uint8Array): void {
  const name = hex(id);
  if ([state.retired, state.devices, state.recovery, state.tickets].some((names) => names.has(name))) {
    throw new ChainRefused("id_reused");
  }
}

async function addDevice(state: UserState, statement: Statement, body: BodyOf<1>, verify: boolean): Promise<UserState> {
  if (verify) await checkDevice(body.device);
  checkFresh(state, body.device.id);
  if (!equal(body.seal[0], body.device.id)) throw new ChainRefused("seals_mismatch");
  if (state.active().size >= DEVICES_MAX) throw new ChainRefused("too_many");
  const name = hex(body.device.id);
  const seals = new Map(state.seals).set(name, body.seal[1]);
  const tickets = new Map(state.tickets);
  const retired = new Set(state.retired);
  const used = statement.signer.recipient ? hex(statement.signer.recipient) : "";
  if (tickets.delete(used)) {
    seals.delete(used);
    retired.add(used);
  }
  const device = { record: body.device, added: statement.number, revoked: null };
  return state.with({ devices: new Map(state.devices).set(name, device), tickets, seals, retired });
}

function revokeDevice(state: UserState, statement: Statement, body: BodyOf<2>): UserState {
  const name = hex(body.device);
  const device = state.devices.get(name);
  if (!device || device.revoked !== null) throw new ChainRefused("device_not_active");
  const next = state.with({
    devices: new Map(state.devices).set(name, { ...device, revoked: statement.number }),
    retired: new Set(state.retired).add(name),
  });
  if (next.active().size === 0 && !statement.signer.recipient) throw new ChainRefused("last_device");
  return rotate(next, statement.number, body.boxes);
}

async function changeRecovery(state: UserState, number: number, body: BodyOf<4>, verify: boolean): Promise<UserState> {
  for (const recipient of body.added) {
    if (verify) await checkRecipient(recipient);
    checkFresh(state, recipient.id);
  }
  const added = new Set(body.added.map((recipient) => hex(recipient.id)));
  if (added.size !== body.added.length || body.added.length + body.removed.length === 0) {
    throw new ChainRefused("recovery_form");
  }
  const recovery = new Map(state.recovery);
  for (const recipient of body.added) recovery.set(hex(recipient.id), recipient);
  for (const id of body.removed) {
    if (!state.recovery.has(hex(id)) || !recovery.delete(hex(id))) throw new ChainRefused("recovery_form");
  }
  if (recovery.size > RECIPIENTS_MAX) throw new ChainRefused("too_many");
  const next = state.with({ recovery, retired: new Set([...state.retired, ...body.removed.map(hex)]) });
  if (body.removed.length > 0) {
    if (!body.boxes || body.seals.length > 0) throw new ChainRefused("recovery_form");
    return rotate(next, number, body.boxes);
  }
  const named = new Set(body.seals.map(([name]) => hex(name)));
  if (body.boxes || named.size !== added.size || ![...named].every((name) => added.has(name))) {
    throw new ChainRefused("seals_mismatch");
  }
  return next.with({ seals: new Map([...next.seals, ...sealsOf(body.seals)]) });
}

async function openTicket(state: UserState, body: BodyOf<5>, verify: boolean): Promise<UserState> {
  if (verify) await checkRecipient(body.ticket);
  checkFresh(state, body.ticket.id);
  if (!equal(body.seal[0], body.ticket.id)) throw new ChainRefused("seals_mismatch");
  const open = new Map([...state.tickets].filter(([, ticket]) => ticket.expires >= state.clock));
  const closed = [...state.tickets.keys()].filter((name) => !open.has(name));
  if (open.size >= TICKETS_MAX) throw new ChainRefused("too_many");
  if (body.expires <= state.clock || body.expires > state.clock + TICKET_MS) throw new ChainRefused("ticket_form");
  const name = hex(body.ticket.id);
  const seals = new Map([...state.seals].filter(([one]) => !closed.includes(one)));
  return state.with({
    tickets: open.set(name, { record: body.ticket, expires: body.expires }),
    seals: seals.set(name, body.seal[1]),
    retired: new Set([...state.retired, ...closed]),
  });
}

function rotate(state: UserState, number: number, boxes: BoxGeneration): UserState {
  checkBoxes(boxes, state.box.number + 1, new Set([...state.active().keys(), ...state.recovery.keys()]));
  return state.with({
    boxes: [...state.boxes, [number, boxes]],
    boxTime: state.clock,
    seals: sealsOf(boxes.seals),
    tickets: new Map(),
    retired: new Set([...state.retired, ...state.tickets.keys()]),
  });
}

/** Exactly the entitled, each once. [M16] */
function checkBoxes(boxes: BoxGeneration, number: number, entitled: ReadonlySet<Hex>): void {
  if (boxes.number !== number || (boxes.previous === undefined) !== (number === 1)) {
    throw new ChainRefused("box_generation_not_next");
  }
  const names = new Set(boxes.seals.map(([name]) => hex(name)));
  if (names.size !== boxes.seals.length || names.size !== entitled.size || ![...names].every((n) => entitled.has(n))) {
    throw new ChainRefused("seals_mismatch");
  }
  try {
    checkBoxPublic(boxes.public);
  } catch (error) {
    if (error instanceof ProtocolError) throw new ChainRefused("registration_invalid", error.code);
    throw error;
  }
}

function sealsOf(seals: BoxGeneration["seals"]): Map<Hex, Uint8Array> {
  return new Map(seals.map(([name, box]) => [hex(name), box]));
}
