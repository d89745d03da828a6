import { hex, type Hex } from "./bytes";
import * as conv from "./conversation";
import { eventBytes, EventKind } from "./events";
import { type Generation, make, Parts, type Randomness, type Sealed } from "./generation";
import { sealGrant } from "./grants";
import { profileCommitment } from "./identity";
import { sha256 } from "./kdf";
import * as org from "./organisation";
import type { OrganisationState, Role } from "./organisation";
import type { RawMap } from "./records";
import { type Signer, SigningKey } from "./signing";
import { ChainKind, Empty, type LogSeen, sign, type SignerRef, type Statement } from "./statements";
import type { UserState } from "./user";

/** Making the statements of organisation and conversation chains. Each builder applies its own result first. */

/** Who signs: a person's newest state, the device (16 bytes) and its key. */
export interface Author {
  readonly user: UserState;
  readonly device: Uint8Array;
  readonly key: Signer;
}

/** The signer as a statement names it. */
export function signerRef(author: Author): SignerRef {
  return { user: author.user.id, device: author.device };
}

/** A signed statement of the organisation chain and the state after it. */
export interface MadeOrganisation {
  readonly data: Uint8Array;
  readonly state: OrganisationState;
}

/** A statement event of a conversation, the state after it, the boxes beside it, and a new generation's parts. */
export interface MadeConversation {
  readonly event: Uint8Array;
  readonly state: conv.ConversationState;
  readonly boxes: readonly Sealed[];
  readonly parts: Parts | null;
}

/** The organisation's first statement. */
export function foundOrganisation(
  author: Author,
  profile: Uint8Array,
  time: number,
  random: Randomness,
): Promise<MadeOrganisation> {
  const body = { founder: author.user.id, profile: profileCommitment(profile), nonce: random(16) };
  return extend(null, author, time, 0, org.Genesis.toMap(body));
}

/** An invite and its hash; `seed` is the invite key's (32 random bytes), `expires` in ms. */
export async function invite(
  state: OrganisationState,
  author: Author,
  seed: Uint8Array,
  role: Role,
  uses: number,
  expires: number,
  time: number,
): Promise<[MadeOrganisation, Uint8Array]> {
  const { public: key } = await SigningKey.fromSeed(seed);
  const made = await extend(state, author, time, 1, org.Invite.toMap({ key, role, uses, expires }));
  return [made, made.state.head.hash];
}

export function revokeInvite(
  state: OrganisationState,
  author: Author,
  inviteHash: Uint8Array,
  time: number,
): Promise<MadeOrganisation> {
  return extend(state, author, time, 2, org.InviteRevoked.toMap({ invite: inviteHash }));
}

/** The newcomer's enrolment, proved by the invite key. */
export async function enrol(
  state: OrganisationState,
  author: Author,
  inviteHash: Uint8Array,
  inviteSeed: Uint8Array,
  time: number,
): Promise<MadeOrganisation> {
  const message = org.enrolmentInput(state.id, inviteHash, state.head.hash, author.user.id);
  const proof = await (await SigningKey.fromSeed(inviteSeed)).sign(message);
  return extend(state, author, time, 3, org.Enrolled.toMap({ invite: inviteHash, user: author.user.id, proof }));
}

export function changeRole(
  state: OrganisationState,
  author: Author,
  user: Uint8Array,
  role: Role,
  time: number,
): Promise<MadeOrganisation> {
  return extend(state, author, time, 4, org.RoleChanged.toMap({ user, role }));
}

/** Policies by name; those not named stay. */
export function setPolicies(
  state: OrganisationState,
  author: Author,
  policies: ReadonlyMap<string, number | string>,
  time: number,
): Promise<MadeOrganisation> {
  return extend(state, author, time, 7, org.PolicySet.toMap({ policies: new Map(policies) }));
}

export function removePerson(
  state: OrganisationState,
  author: Author,
  user: Uint8Array,
  time: number,
): Promise<MadeOrganisation> {
  return extend(state, author, time, 5, org.Removed.toMap({ user }));
}

/** The anchor (kind 9), made after a revocation. */
export function anchor(state: OrganisationState, author: Author, time: number): Promise<MadeOrganisation> {
  return extend(state, author, time, 9, Empty.toMap({}));
}

async function extend(
  state: OrganisationState | null,
  author: Author,
  time: number,
  kind: number,
  body: RawMap,
): Promise<MadeOrganisation> {
  const statement: Statement = {
    version: 1,
    chain: ChainKind.ORGANISATION,
    chainId: state?.id ?? new Uint8Array(),
    number: state?.length ?? 0,
    previous: state?.head.hash ?? new Uint8Array(),
    time,
    signer: signerRef(author),
    anchors: { user: author.user.head },
    kind,
    body,
  };
  const data = await sign(statement, author.key);
  return { data, state: await org.apply(state, data, new Map([[hex(author.user.id), author.user]])) };
}

/** What a conversation's statement is written with: the author, the newest chains, the time, randomness. */
export class Desk {
  constructor(
    private readonly author: Author,
    private readonly organisation: OrganisationState,
    private readonly users: ReadonlyMap<Hex, UserState>,
    private readonly time: number,
    private readonly random: Randomness,
  ) {}

  /** A new conversation with its first generation; the author must be among `members`, as lead. */
  async create(
    conversation: Uint8Array,
    kind: conv.Kind,
    members: ReadonlyMap<Hex, conv.MemberRole>,
    { confidential = false, history = true }: { confidential?: boolean; history?: boolean } = {},
  ): Promise<MadeConversation> {
    const made = await this.generation(conversation, 1, [...members.keys()], confidential);
    const list = [...members].map(([user, role]) => [this.user(user).id, role] as const);
    const body = conv.Created.toMap({ kind, confidential, history, members: list, generation: made.generation });
    return this.write(null, conversation, undefined, 0, body, made.boxes, made.parts);
  }

  /** Add and remove people in one statement, with one new generation. */
  async changeMembers(
    state: conv.ConversationState,
    log: LogSeen,
    added: ReadonlyMap<Hex, conv.MemberRole>,
    removed: readonly Hex[] = [],
  ): Promise<MadeConversation> {
    const after = this.active(state).filter((user) => !removed.includes(user));
    const made = await this.next(state, [...after, ...added.keys()]);
    const body = conv.MembersChanged.toMap({
      added: [...added].map(([user, role]) => [this.user(user).id, role] as const),
      removed: removed.map((user) => this.user(user).id),
      generation: made.generation,
    });
    return this.write(state, state.id, log, 1, body, made.boxes, made.parts);
  }

  /** A new generation for whoever is active now. */
  async rekey(state: conv.ConversationState, log: LogSeen): Promise<MadeConversation> {
    const made = await this.next(state, this.active(state));
    const body = conv.Rekeyed.toMap({ generation: made.generation });
    return this.write(state, state.id, log, 4, body, made.boxes, made.parts);
  }

  /** Grant the earlier generations that the author holds to a member who joined later. */
  async grant(
    state: conv.ConversationState,
    log: LogSeen,
    user: Hex,
    held: ReadonlyMap<number, Parts>,
  ): Promise<MadeConversation> {
    const joiner = this.user(user);
    const box = await sealGrant(state.id, held, joiner);
    const body = conv.Granted.toMap({
      user: joiner.id,
      boxGeneration: joiner.box.number,
      first: Math.min(...held.keys()),
      last: Math.max(...held.keys()),
      box: sha256(box),
    });
    return this.write(state, state.id, log, 5, body, [{ recipient: joiner.id, box, index: 0 }], null);
  }

  /** Leave; the next sender makes a new generation. */
  leave(state: conv.ConversationState, log: LogSeen): Promise<MadeConversation> {
    return this.write(state, state.id, log, 6, Empty.toMap({}), [], null);
  }

  setRole(state: conv.ConversationState, log: LogSeen, user: Hex, role: conv.MemberRole): Promise<MadeConversation> {
    const body = conv.RoleChanged.toMap({ user: this.user(user).id, role });
    return this.write(state, state.id, log, 2, body, [], null);
  }

  /** Set whether new members may be granted the history. */
  setHistory(state: conv.ConversationState, log: LogSeen, history: boolean): Promise<MadeConversation> {
    return this.write(state, state.id, log, 3, conv.SettingsChanged.toMap({ history }), [], null);
  }

  /** A holder reports a box that does not open to its commitments. */
  reportFailure(
    state: conv.ConversationState,
    log: LogSeen,
    generation: number,
    index: number,
  ): Promise<MadeConversation> {
    return this.write(state, state.id, log, 7, conv.HolderFailed.toMap({ generation, index }), [], null);
  }

  private user(name: Hex): UserState {
    const user = this.users.get(name);
    if (!user) throw new RangeError("unknown person");
    return user;
  }

  private active(state: conv.ConversationState): Hex[] {
    const people = this.organisation.people();
    return [...state.members.keys()].filter((user) => !state.left.has(user) && people.has(user));
  }

  private next(state: conv.ConversationState, members: readonly Hex[]) {
    return this.generation(state.id, state.generation + 1, members, state.confidential);
  }

  private async generation(
    conversation: Uint8Array,
    number: number,
    members: readonly Hex[],
    confidential: boolean,
  ): Promise<{ parts: Parts; generation: Generation; boxes: Sealed[] }> {
    const parts = Parts.fresh(this.random);
    const holders = confidential ? [] : this.organisation.holdersAt(this.organisation.length);
    const [generation, boxes] = await make(
      conversation,
      number,
      parts,
      members.map((user) => this.user(user)),
      holders.map((user) => this.user(hex(user))),
    );
    return { parts, generation, boxes };
  }

  private async write(
    state: conv.ConversationState | null,
    conversation: Uint8Array,
    log: LogSeen | undefined,
    kind: number,
    body: RawMap,
    boxes: readonly Sealed[],
    parts: Parts | null,
  ): Promise<MadeConversation> {
    const { author, organisation } = this;
    const statement: Statement = {
      version: 1,
      chain: ChainKind.CONVERSATION,
      chainId: conversation,
      number: state?.length ?? 0,
      previous: state?.head.hash ?? new Uint8Array(),
      time: this.time,
      signer: signerRef(author),
      anchors: { organisation: organisation.head, user: author.user.head, log },
      kind,
      body,
    };
    const data = await sign(statement, author.key);
    const after = await conv.apply(state, data, organisation, this.users);
    const header = {
      conversation,
      generation: state?.generation ?? 0,
      device: author.device,
      messageId: this.random(16),
      kind: EventKind.STATEMENT,
    };
    return { event: eventBytes({ header, body: data }), state: after, boxes, parts };
  }
}
