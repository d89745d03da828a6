import { equal, hex, type Hex } from "./bytes";
import { tagged } from "./cbor";
import { ChainRefused, ProtocolError } from "./errors";
import { Label } from "./labels";
import {
  at,
  between,
  boolean,
  type Codec,
  each,
  fixed,
  ID16,
  ID32,
  type Infer,
  mapping,
  oneOf,
  record,
  textOf,
  uint,
} from "./records";
import { checkPublic, verify as verifyRaw } from "./signing";
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

/** The organisation chain (docs/protocol.md, 4.1): people, roles, invites, archive, policies. Ids and keys, no names. */
export const Role = { OWNER: 1, ADMIN: 2, SITE_LEAD: 3, MEMBER: 4, GUEST: 5 } as const;
export type Role = (typeof Role)[keyof typeof Role];

const USES_MAX = 1_000;
const PEOPLE_MAX = 10_000;
const POLICY: Codec<number | string> = {
  load: (value) => (typeof value === "number" ? uint.load(value) : textOf(200).load(value)),
  dump: (value) => value,
};

export const Genesis = record("Genesis", { founder: at(0, ID32), profile: at(1, ID32), nonce: at(2, ID16) });
export const Invite = record("Invite", {
  key: at(0, ID32),
  role: at(1, oneOf<Role>(Role)),
  uses: at(2, between(1, USES_MAX)),
  expires: at(3, uint),
});
export type Invite = Infer<typeof Invite>;
export const InviteRevoked = record("InviteRevoked", { invite: at(0, ID32) });
export const Enrolled = record("Enrolled", { invite: at(0, ID32), user: at(1, ID32), proof: at(2, fixed(64)) });
export const RoleChanged = record("RoleChanged", { user: at(0, ID32), role: at(1, oneOf<Role>(Role)) });
export const Removed = record("Removed", { user: at(0, ID32) });
export const ArchiveSet = record("ArchiveSet", { on: at(0, boolean), holders: at(1, each(ID32, 3)) });
export const PolicySet = record("PolicySet", { policies: at(0, mapping(textOf(64), POLICY, 64)) });
export const ProfileChanged = record("ProfileChanged", { profile: at(0, ID32) });

export const KINDS = {
  0: Genesis,
  1: Invite,
  2: InviteRevoked,
  3: Enrolled,
  4: RoleChanged,
  5: Removed,
  6: ArchiveSet,
  7: PolicySet,
  8: ProfileChanged,
  9: Empty,
} as const;
type OrganisationBody = Body<typeof KINDS>;
type BodyOf<K extends OrganisationBody["kind"]> = Extract<OrganisationBody, { kind: K }>;

/** An invite and how often it was used. */
export interface OpenInvite {
  readonly invite: Invite;
  readonly used: number;
  readonly revoked: boolean;
}

/** A policy as one statement has set it: by whom, and when by the signer's clock (ms). */
export interface Ruling {
  readonly policy: string;
  readonly value: number | string;
  readonly by: Hex;
  readonly time: number;
}

type Users = ReadonlyMap<Hex, UserState>;

interface Fields {
  profile: Uint8Array;
  /** For each person ever enrolled: [statement number, role from then on], oldest first; null is removed. */
  history: ReadonlyMap<Hex, readonly (readonly [number, Role | null])[]>;
  invites: ReadonlyMap<Hex, OpenInvite>;
  /** [statement number, holders from then on], oldest first. */
  archive: readonly (readonly [number, readonly Uint8Array[]])[];
  policies: ReadonlyMap<string, number | string>;
  /** How the policies came to be so, oldest first. */
  rulings: readonly Ruling[];
  /** The newest user head number that each signer has named. */
  anchors: ReadonlyMap<Hex, number>;
}

/** Who belongs to the organisation, now and at each earlier statement. */
export class OrganisationState extends ChainState implements Fields {
  declare readonly profile: Uint8Array;
  declare readonly history: ReadonlyMap<Hex, readonly (readonly [number, Role | null])[]>;
  declare readonly invites: ReadonlyMap<Hex, OpenInvite>;
  declare readonly archive: readonly (readonly [number, readonly Uint8Array[]])[];
  declare readonly policies: ReadonlyMap<string, number | string>;
  declare readonly rulings: readonly Ruling[];
  declare readonly anchors: ReadonlyMap<Hex, number>;

  constructor(id: Uint8Array, clock: number, fields: Fields) {
    super(id, [id], clock);
    Object.assign(this, fields);
  }

  /** The person's role at statement `number`; null if not (or no longer) there. */
  roleAt(user: Uint8Array, number: number): Role | null {
    return this.history.get(hex(user))?.findLast(([since]) => since <= number)?.[1] ?? null;
  }

  /** The person's role now. */
  role(user: Uint8Array): Role | null {
    return this.roleAt(user, this.length);
  }

  /** Everybody who is in the organisation now. */
  people(): Map<Hex, Role> {
    const out = new Map<Hex, Role>();
    for (const [user, roles] of this.history) {
      const now = roles.at(-1)?.[1];
      if (now) out.set(user, now);
    }
    return out;
  }

  /** The archive's holders at statement `number`; empty while the archive is off. */
  holdersAt(number: number): readonly Uint8Array[] {
    return this.archive.findLast(([since]) => since <= number)![1];
  }
}

/** What the invite key signs. */
export function enrolmentInput(
  organisation: Uint8Array,
  invite: Uint8Array,
  previous: Uint8Array,
  user: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return tagged(Label.ENROLMENT, organisation, invite, previous, user);
}

/**
 * Apply a signed statement (COSE_Sign1 bytes) to an organisation chain. `users` are the newest known states of the
 * people who sign; `verify` is false only when replaying one's own store. Throws ProtocolError.
 */
export async function apply(
  state: OrganisationState | null,
  data: Uint8Array,
  users: Users,
  { verify = true }: { verify?: boolean } = {},
): Promise<OrganisationState> {
  const statement = parse(data);
  checkPlace(ChainKind.ORGANISATION, state, statement);
  const body = bodyOf(statement, KINDS);
  const { signer, anchors } = statement;
  const user = users.get(hex(signer.user));
  if (!user || !equal(user.id, signer.user)) throw new ChainRefused("unknown_user");
  if (!signer.device || signer.recipient) throw new ChainRefused("signer_form");
  if (anchors.organisation ?? anchors.log) throw new ChainRefused("anchor_unexpected");
  const anchor = user.require(anchors.user);
  const device = user.deviceAt(signer.device, anchor.number);
  if (verify) await verifySignature(data, device.signing);
  if (!state) return genesis(statement, body, anchor);
  if (body.kind === 0) throw new ChainRefused("not_permitted", "a second genesis");
  const name = hex(user.id);
  if (anchor.number < (state.anchors.get(name) ?? 0)) throw new ChainRefused("anchor_backwards");
  let role: Role = Role.GUEST;
  if (body.kind === 3) await checkEnrolment(state, statement, body, user, verify);
  else {
    const found = state.role(user.id);
    if (found === null) throw new ChainRefused("not_permitted", "not in the organisation");
    role = found;
  }
  const grown = state.grown(statement).with({ anchors: new Map(state.anchors).set(name, anchor.number) });
  return step(grown, statement, body, role);
}

function genesis(statement: Statement, body: OrganisationBody, anchor: Head): OrganisationState {
  if (body.kind !== 0) throw new ChainRefused("number_not_next", "no genesis");
  const own = equal(body.founder, statement.signer.user);
  if (statement.chainId.length > 0 || !own || anchor.number !== 0) throw new ChainRefused("genesis_form");
  const founder = hex(body.founder);
  return new OrganisationState(statementHash(statement), statement.time, {
    profile: body.profile,
    history: new Map([[founder, [[0, Role.OWNER]]]]),
    invites: new Map(),
    archive: [[0, []]],
    policies: new Map(),
    rulings: [],
    anchors: new Map([[founder, 0]]),
  });
}

/** [M13] */
async function checkEnrolment(
  state: OrganisationState,
  statement: Statement,
  body: BodyOf<3>,
  user: UserState,
  verifyProof: boolean,
): Promise<void> {
  if (!equal(body.user, statement.signer.user)) {
    throw new ChainRefused("enrolment_proof_invalid", "signed by somebody else");
  }
  if (!equal(user.organisation, state.id)) throw new ChainRefused("enrolment_other_organisation");
  if (state.history.has(hex(body.user))) throw new ChainRefused("id_reused");
  const found = state.invites.get(hex(body.invite));
  if (!found) throw new ChainRefused("invite_unknown");
  if (found.revoked) throw new ChainRefused("invite_revoked");
  if (found.used >= found.invite.uses) throw new ChainRefused("invite_overused");
  // The clock is that of EARLIER statements: a newcomer with a wrong clock is not locked out by its own.
  if (state.clock > found.invite.expires) throw new ChainRefused("invite_expired");
  if (state.history.size >= PEOPLE_MAX) throw new ChainRefused("too_many");
  if (!verifyProof) return;
  try {
    const message = enrolmentInput(state.id, body.invite, statement.previous, body.user);
    await verifyRaw(found.invite.key, body.proof, message);
  } catch (error) {
    if (error instanceof ProtocolError) throw new ChainRefused("enrolment_proof_invalid", error.code);
    throw error;
  }
}

function step(state: OrganisationState, statement: Statement, body: OrganisationBody, role: Role): OrganisationState {
  switch (body.kind) {
    case 1:
      return invite(state, statement, body, role);
    case 2: {
      permit(role <= Role.ADMIN);
      const found = state.invites.get(hex(body.invite));
      if (!found) throw new ChainRefused("invite_unknown");
      return state.with({ invites: new Map(state.invites).set(hex(body.invite), { ...found, revoked: true }) });
    }
    case 3: {
      const found = state.invites.get(hex(body.invite))!;
      const invites = new Map(state.invites).set(hex(body.invite), { ...found, used: found.used + 1 });
      return withRole(state.with({ invites }), body.user, found.invite.role);
    }
    case 4:
      permit(above(role, present(state, body.user)) && above(role, body.role));
      return withRole(state, body.user, body.role);
    case 5:
      permit(above(role, present(state, body.user)) || equal(body.user, statement.signer.user));
      return withRole(state, body.user, null);
    case 6:
      permit(role === Role.OWNER);
      return setArchive(state, body);
    case 7:
      permit(role <= Role.ADMIN);
      return setPolicies(state, statement, body);
    case 8:
      permit(role === Role.OWNER);
      return state.with({ profile: body.profile });
    case 9:
      return state;
    default:
      throw new ChainRefused("unknown_statement");
  }
}

function permit(allowed: boolean): void {
  if (!allowed) throw new ChainRefused("not_permitted");
}

/** An owner stands above everybody, an admin above site lead, member and guest, others above nobody. */
function above(mine: Role, theirs: Role): boolean {
  return mine === Role.OWNER || (mine === Role.ADMIN && theirs > Role.ADMIN);
}

function present(state: OrganisationState, user: Uint8Array): Role {
  const role = state.role(user);
  if (role === null) throw new ChainRefused("person_unknown");
  return role;
}

function invite(state: OrganisationState, statement: Statement, body: BodyOf<1>, role: Role): OrganisationState {
  permit(above(role, body.role));
  if (body.role < Role.MEMBER && body.uses !== 1) {
    throw new ChainRefused("invite_uses", "a role above member is invited once");
  }
  try {
    checkPublic(body.key);
  } catch (error) {
    if (error instanceof ProtocolError) throw new ChainRefused("registration_invalid", error.code);
    throw error;
  }
  const open = { invite: body, used: 0, revoked: false };
  return state.with({ invites: new Map(state.invites).set(hex(statementHash(statement)), open) });
}

function withRole(state: OrganisationState, user: Uint8Array, role: Role | null): OrganisationState {
  const name = hex(user);
  const roles = [...(state.history.get(name) ?? []), [state.length - 1, role] as const];
  const next = state.with({ history: new Map(state.history).set(name, roles) });
  if (![...next.people().values()].includes(Role.OWNER)) throw new ChainRefused("last_owner");
  return next;
}

function setPolicies(
  state: OrganisationState,
  { signer, time }: Statement,
  { policies }: BodyOf<7>,
): OrganisationState {
  const said = [...policies].map(([policy, value]): Ruling => ({ policy, value, by: hex(signer.user), time }));
  return state.with({ policies: new Map([...state.policies, ...policies]), rulings: [...state.rulings, ...said] });
}

function setArchive(state: OrganisationState, body: BodyOf<6>): OrganisationState {
  const names = new Set(body.holders.map(hex));
  const roles = body.holders.map((user) => state.role(user));
  const right = body.on
    ? names.size === 3 && roles.every((role) => role !== null && role !== Role.GUEST)
    : body.holders.length === 0;
  if (!right) throw new ChainRefused("holders_form");
  return state.with({ archive: [...state.archive, [state.length - 1, body.holders]] });
}
