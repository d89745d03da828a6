import { hex, type Hex, unhex } from "./bytes";
import { ChainRefused } from "./errors";
import { Generation, type Holder, MEMBERS_MAX, type Recipient } from "./generation";
import { type OrganisationState, Role } from "./organisation";
import { at, between, boolean, each, ID32, type Infer, oneOf, pair, record, uint } from "./records";
import {
  type Body,
  bodyOf,
  ChainKind,
  ChainState,
  checkPlace,
  Empty,
  type Head,
  parse,
  type Statement,
  statementHash,
  verifySignature,
} from "./statements";
import type { UserState } from "./user";

/** The statements of a conversation's log (docs/protocol.md, 4.3): members, roles, generations, grants. */
export const Kind = { DIRECT: 1, GROUP: 2, SITE: 3 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];
export const MemberRole = { LEAD: 1, MEMBER: 2 } as const;
export type MemberRole = (typeof MemberRole)[keyof typeof MemberRole];

const REKEY_MS = 7 * 24 * 3_600 * 1_000;
const REKEY_EVENTS = 10_000;
/** Within this time a generation may honestly be sealed to keys that are no longer the newest. */
const PIN_GRACE_MS = 5 * 60 * 1_000;
const MEMBER = pair(ID32, oneOf<MemberRole>(MemberRole));

export const Created = record("Created", {
  kind: at(0, oneOf<Kind>(Kind)),
  confidential: at(1, boolean),
  history: at(2, boolean),
  members: at(3, each(MEMBER, MEMBERS_MAX, 1)),
  generation: at(4, Generation),
});
export const MembersChanged = record("MembersChanged", {
  added: at(0, each(MEMBER, MEMBERS_MAX)),
  removed: at(1, each(ID32, MEMBERS_MAX)),
  generation: at(2, Generation),
});
export const RoleChanged = record("RoleChanged", { user: at(0, ID32), role: at(1, oneOf<MemberRole>(MemberRole)) });
export const SettingsChanged = record("SettingsChanged", { history: at(0, boolean) });
export const Rekeyed = record("Rekeyed", { generation: at(0, Generation) });
export const Granted = record("Granted", {
  user: at(0, ID32),
  boxGeneration: at(1, uint),
  first: at(2, uint),
  last: at(3, uint),
  box: at(4, ID32),
});
export type Granted = Infer<typeof Granted>;
export const HolderFailed = record("HolderFailed", { generation: at(0, uint), index: at(1, between(1, 3)) });
export type HolderFailed = Infer<typeof HolderFailed>;

export const KINDS = {
  0: Created,
  1: MembersChanged,
  2: RoleChanged,
  3: SettingsChanged,
  4: Rekeyed,
  5: Granted,
  6: Empty,
  7: HolderFailed,
} as const;
type ConversationBody = Body<Omit<typeof KINDS, 0>>;

/** A member: role, and the first generation made for them. */
export interface Member {
  readonly role: MemberRole;
  readonly since: number;
}

/** A generation with the statement that made it: its hash, and its time by the chain's clock. */
export class MadeGeneration {
  constructor(
    readonly record: Generation,
    readonly statement: Uint8Array,
    readonly time: number,
  ) {}

  recipient(user: Uint8Array): Recipient | null {
    const name = hex(user);
    return this.record.recipients.find((one) => hex(one.user) === name) ?? null;
  }

  holder(user: Uint8Array): Holder | null {
    const name = hex(user);
    return this.record.holders.find((one) => hex(one.user) === name) ?? null;
  }
}

interface Fields {
  kind: Kind;
  confidential: boolean;
  history: boolean;
  members: ReadonlyMap<Hex, Member>;
  /** Members who left or were found removed; a rekey is due. */
  left: ReadonlySet<Hex>;
  generations: ReadonlyMap<number, MadeGeneration>;
  grants: readonly Granted[];
  failures: readonly HolderFailed[];
  organisationAnchor: number;
  /** Newest user head number named in this log, as signer or as recipient. */
  anchors: ReadonlyMap<Hex, number>;
}

/** Who is in a conversation, and every generation's public half. */
export class ConversationState extends ChainState implements Fields {
  declare readonly kind: Kind;
  declare readonly confidential: boolean;
  declare readonly history: boolean;
  declare readonly members: ReadonlyMap<Hex, Member>;
  declare readonly left: ReadonlySet<Hex>;
  declare readonly generations: ReadonlyMap<number, MadeGeneration>;
  declare readonly grants: readonly Granted[];
  declare readonly failures: readonly HolderFailed[];
  declare readonly organisationAnchor: number;
  declare readonly anchors: ReadonlyMap<Hex, number>;

  constructor(id: Uint8Array, statement: Statement, fields: Fields) {
    super(id, [statementHash(statement)], statement.time);
    Object.assign(this, fields);
  }

  /** The newest generation's number. */
  get generation(): number {
    return this.generations.size;
  }

  get newest(): MadeGeneration {
    return this.generations.get(this.generation)!;
  }

  /** Whether the user belongs to the conversation and has not left. */
  isMember(user: Uint8Array): boolean {
    return this.has(hex(user));
  }

  has(name: Hex): boolean {
    return this.members.has(name) && !this.left.has(name);
  }

  /**
   * Who leads; every member who is not a guest if no lead is left. A guest leads a direct conversation only. Judged by
   * the organisation's statement `number`, as the organisation is now if it is left out.
   */
  leads(organisation: OrganisationState, number = organisation.length): ReadonlySet<Hex> {
    const able = [...this.members.keys()].filter((user) => {
      const role = this.left.has(user) ? null : organisation.roleAt(unhex(user), number);
      return role !== null && (this.kind === Kind.DIRECT || role !== Role.GUEST);
    });
    const named = able.filter((user) => this.members.get(user)!.role === MemberRole.LEAD);
    return new Set(named.length > 0 ? named : able);
  }

  /** Whether the user may have the parts of a generation: as its recipient, or by a grant. [M27] */
  entitled(user: Uint8Array, number: number): boolean {
    const made = this.generations.get(number);
    if (!made || !this.isMember(user)) return false;
    if (made.recipient(user)) return true;
    const name = hex(user);
    return this.grants.some((one) => hex(one.user) === name && one.first <= number && number <= one.last);
  }
}

type Users = ReadonlyMap<Hex, UserState>;

/**
 * Apply a signed statement (COSE_Sign1 bytes) to a conversation; `state` is null for `created`. `organisation` and
 * `users` are the newest known states: the statement may name older heads. `verify` is false only when replaying one's
 * own store. Throws ProtocolError: the statement breaks a rule; the state before stays valid.
 */
export async function apply(
  state: ConversationState | null,
  data: Uint8Array,
  organisation: OrganisationState,
  users: Users,
  { verify = true }: { verify?: boolean } = {},
): Promise<ConversationState> {
  const statement = parse(data);
  checkPlace(ChainKind.CONVERSATION, state, statement);
  const created = statement.kind === 0 ? Created.fromMap(statement.body) : null;
  const body = created ? null : (bodyOf(statement, KINDS) as ConversationBody);
  const { signer, anchors } = statement;
  const user = users.get(hex(signer.user));
  if (!user) throw new ChainRefused("unknown_user");
  if (!signer.device || signer.recipient) throw new ChainRefused("signer_form");
  const orgHead = organisation.require(anchors.organisation);
  const userHead = user.require(anchors.user);
  if ((anchors.log === undefined) !== (state === null)) {
    throw new ChainRefused(state ? "anchor_missing" : "anchor_unexpected");
  }
  const device = user.deviceAt(signer.device, userHead.number);
  if (verify) await verifySignature(data, device.signing);
  const name = hex(user.id);
  if (state && (orgHead.number < state.organisationAnchor || userHead.number < (state.anchors.get(name) ?? 0))) {
    throw new ChainRefused("anchor_backwards");
  }
  const role = organisation.roleAt(user.id, orgHead.number);
  if (role === null) throw new ChainRefused("not_permitted", "not in the organisation");
  const view = new View(statement, organisation, users, orgHead.number);
  if (!state) {
    if (!created) throw new ChainRefused("number_not_next", "not created");
    return create(view, created, role, userHead);
  }
  if (!body) throw new ChainRefused("not_permitted", "created twice");
  if (!state.isMember(user.id)) throw new ChainRefused("not_permitted", "not a member");
  const grown = state
    .grown(statement)
    .with({ organisationAnchor: orgHead.number, anchors: new Map(state.anchors).set(name, userHead.number) });
  return step(view, grown, body);
}

/** What a statement is judged by: the statement, and the chains as of the heads that it names. */
class View {
  constructor(
    readonly statement: Statement,
    readonly organisation: OrganisationState,
    readonly users: Users,
    readonly number: number,
  ) {}

  role(user: Hex): Role | null {
    return this.organisation.history.get(user)?.findLast(([since]) => since <= this.number)?.[1] ?? null;
  }

  get signer(): Hex {
    return hex(this.statement.signer.user);
  }
}

function create(view: View, body: Infer<typeof Created>, role: Role, userHead: Head): ConversationState {
  const { statement, signer } = view;
  if (statement.chainId.length !== 16) throw new ChainRefused("genesis_form");
  const roles = new Map(body.members.map(([user, one]) => [hex(user), one]));
  permit(role !== Role.GUEST && roles.get(signer) === MemberRole.LEAD);
  if (roles.size !== body.members.length) throw new ChainRefused("members_form");
  const direct = body.kind === Kind.DIRECT;
  if (direct && (roles.size !== 2 || [...roles.values()].includes(MemberRole.MEMBER))) {
    throw new ChainRefused("members_form", "a direct conversation has two leads");
  }
  for (const [user, one] of roles) checkRole(view, user, one, direct);
  const state = new ConversationState(statement.chainId, statement, {
    kind: body.kind,
    confidential: body.confidential,
    history: body.history,
    members: new Map([...roles].map(([user, one]) => [user, { role: one, since: 1 }])),
    left: new Set(),
    generations: new Map(),
    grants: [],
    failures: [],
    organisationAnchor: view.number,
    anchors: new Map([[signer, userHead.number]]),
  });
  return generate(view, state, body.generation);
}

function step(view: View, state: ConversationState, body: ConversationBody): ConversationState {
  const { signer } = view;
  switch (body.kind) {
    case 1:
      permit(state.kind !== Kind.DIRECT && leads(view, state, signer));
      return generate(view, changeMembers(view, state, body), body.generation);
    case 2: {
      permit(state.kind !== Kind.DIRECT && leads(view, state, signer));
      const name = hex(body.user);
      const member = state.members.get(name);
      if (!member || !state.has(name)) throw new ChainRefused("person_unknown");
      checkRole(view, name, body.role, false);
      return state.with({ members: new Map(state.members).set(name, { ...member, role: body.role }) });
    }
    case 3:
      permit(leads(view, state, signer));
      return state.with({ history: body.history });
    case 4:
      return generate(view, state, body.generation);
    case 5:
      return grant(view, state, body);
    case 6:
      permit(state.kind !== Kind.DIRECT);
      return state.with({ left: new Set(state.left).add(signer) });
    case 7: {
      const holder = state.generations.get(body.generation)?.holder(view.statement.signer.user);
      permit(holder?.index === body.index);
      return state.with({ failures: [...state.failures, { generation: body.generation, index: body.index }] });
    }
    default:
      throw new ChainRefused("unknown_statement");
  }
}

function permit(allowed: boolean): void {
  if (!allowed) throw new ChainRefused("not_permitted");
}

function leads(view: View, state: ConversationState, user: Hex): boolean {
  return state.leads(view.organisation, view.number).has(user);
}

function checkRole(view: View, user: Hex, role: MemberRole, direct: boolean): void {
  const found = view.role(user);
  if (found === null) throw new ChainRefused("person_unknown");
  if (found === Role.GUEST && role === MemberRole.LEAD && !direct) {
    throw new ChainRefused("not_permitted", "a guest is never lead");
  }
}

function changeMembers(view: View, state: ConversationState, body: Infer<typeof MembersChanged>): ConversationState {
  const members = new Map(state.members);
  const left = new Set(state.left);
  if (body.added.length + body.removed.length === 0) throw new ChainRefused("members_form", "no change");
  const removed = new Set(body.removed.map(hex));
  for (const user of body.removed) {
    if (!members.delete(hex(user))) throw new ChainRefused("members_form", "removed is not a member");
    left.delete(hex(user));
  }
  for (const [id, role] of body.added) {
    const user = hex(id);
    if (left.delete(user)) members.delete(user);
    if (members.has(user) || removed.has(user)) throw new ChainRefused("members_form", "added is a member");
    checkRole(view, user, role, false);
    members.set(user, { role, since: state.generation + 1 });
  }
  if (members.size > MEMBERS_MAX) throw new ChainRefused("too_many");
  return state.with({ members, left });
}

/** [M20]: exactly the active members, pinned to what they are now; exactly the organisation's holders. */
function generate(view: View, state: ConversationState, made: Generation): ConversationState {
  if (made.number !== state.generation + 1) throw new ChainRefused("generation_not_next");
  const active = new Set([...state.members.keys()].filter((user) => !state.left.has(user) && view.role(user) !== null));
  const named = new Set(made.recipients.map((one) => hex(one.user)));
  const same = named.size === made.recipients.length && named.size === active.size;
  if (!same || ![...named].every((user) => active.has(user))) throw new ChainRefused("recipients_mismatch");
  const anchors = new Map(state.anchors);
  for (const one of [...made.recipients, ...made.holders]) checkPin(view, anchors, one);
  const wanted = state.confidential ? [] : view.organisation.holdersAt(view.number);
  const right =
    made.holders.length === wanted.length &&
    made.holders.every((holder, index) => hex(holder.user) === hex(wanted[index]!) && holder.index === index + 1);
  if (!right) throw new ChainRefused("holders_mismatch");
  const entry = new MadeGeneration(made, state.head.hash, state.clock);
  return state.with({
    members: new Map([...state.members].filter(([user]) => active.has(user))),
    left: new Set<Hex>(),
    generations: new Map(state.generations).set(made.number, entry),
    anchors,
  });
}

function checkPin(view: View, anchors: Map<Hex, number>, recipient: Recipient | Holder): void {
  const name = hex(recipient.user);
  const user = view.users.get(name);
  if (!user) throw new ChainRefused("unknown_user");
  const head = user.require(recipient.head);
  if (head.number < (anchors.get(name) ?? 0)) throw new ChainRefused("pin_stale");
  if (recipient.boxGeneration !== user.boxAt(head.number).number) throw new ChainRefused("pin_stale", "box generation");
  anchors.set(name, head.number);
}

function grant(view: View, state: ConversationState, body: Extract<ConversationBody, { kind: 5 }>): ConversationState {
  const member = state.members.get(hex(body.user));
  permit(state.history && member !== undefined && state.isMember(body.user));
  if (!(body.first >= 1 && body.first <= body.last && body.last < member!.since)) throw new ChainRefused("grant_form");
  const signer = view.statement.signer.user;
  for (let number = body.first; number <= body.last; number++) {
    if (!state.entitled(signer, number))
      throw new ChainRefused("not_permitted", "grants what the signer does not hold");
  }
  const user = view.users.get(hex(body.user));
  if (!user?.boxes.some(([, boxes]) => boxes.number === body.boxGeneration)) throw new ChainRefused("pin_stale");
  return state.with({ grants: [...state.grants, body] });
}

export type RekeyReason = "member_removed" | "device_revoked" | "archive_changed" | "events" | "age";

/**
 * Why a new generation is due before anything is sealed, or null. [M24]
 *
 * `events` is how many were logged since the newest generation, `now` the time in ms.
 */
export function rekeyDue(
  state: ConversationState,
  organisation: OrganisationState,
  users: Users,
  events: number,
  now: number,
): RekeyReason | null {
  const made = state.newest;
  const people = organisation.people();
  if (state.left.size > 0 || [...state.members.keys()].some((user) => !people.has(user))) return "member_removed";
  for (const recipient of made.record.recipients) {
    const user = users.get(hex(recipient.user));
    if (user && user.newestRevocation() > recipient.head.number) return "device_revoked";
  }
  const wanted = state.confidential ? [] : organisation.holdersAt(organisation.length);
  const held = made.record.holders.map((holder) => hex(holder.user)).join();
  if (held !== wanted.map(hex).join()) return "archive_changed";
  if (events >= REKEY_EVENTS) return "events";
  return now - made.time > REKEY_MS ? "age" : null;
}

/** Whether the newest generation is sealed to an earlier box generation of this user than the newest one. [M23] */
export function ownPinStale(state: ConversationState, me: UserState): boolean {
  const recipient = state.newest.recipient(me.id);
  return recipient !== null && recipient.boxGeneration < me.box.number;
}

/**
 * Whether the newest generation, logged at the server's time `logged` (ms), must have known this user's newer keys.
 *
 * Who made it in the same minutes may honestly not have seen them yet; later, an old chain was shown. [M23]
 */
export function pinnedByALie(state: ConversationState, me: UserState, logged: number): boolean {
  return ownPinStale(state, me) && logged > me.boxTime + PIN_GRACE_MS;
}
