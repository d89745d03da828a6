import { equal, hex, type Hex } from "../protocol/bytes";
import { ProtocolError } from "../protocol/errors";
import { openProfile } from "../protocol/identity";
import * as org from "../protocol/organisation";
import type { OrganisationState, Ruling } from "../protocol/organisation";
import { parse } from "../protocol/statements";
import * as usr from "../protocol/user";
import type { UserState } from "../protocol/user";
import type { PersonRow } from "../storage/rows";
import { Batch, type Store } from "../storage/store";
import { type Chain, fromB64, type OrganisationProfile, type People } from "../wire/api";
import { Problem } from "./api";
import { bytesOf } from "./bodies";
import { missing } from "./problems";
import type { Transport } from "./transport";

export type Users = ReadonlyMap<Hex, UserState>;

/** Verify and apply statements of a user chain. Throws Problem `unsafe`. */
export async function replayUser(
  statements: readonly Uint8Array[],
  start: UserState | null = null,
): Promise<UserState | null> {
  let state = start;
  try {
    for (const data of statements) state = await usr.apply(state, data);
  } catch (error) {
    throw unsafe(error);
  }
  return state;
}

/** Verify and apply statements of an organisation chain. Throws Problem `unsafe`. */
export async function replayOrganisation(
  statements: readonly Uint8Array[],
  users: Users,
  start: OrganisationState | null = null,
): Promise<OrganisationState | null> {
  let state = start;
  try {
    for (const data of statements) state = await org.apply(state, data, users);
  } catch (error) {
    throw unsafe(error);
  }
  return state;
}

/** What the server shows does not fit together. */
export function unsafe(error: unknown): unknown {
  return error instanceof ProtocolError ? new Problem("unsafe", error.code) : error;
}

/** The organisation's and people's chains as this device knows them: verified by itself, never taken back. [M11] */
export class Chains {
  readonly users = new Map<Hex, UserState>();
  readonly people = new Map<Hex, PersonRow>();
  private state: OrganisationState | null = null;
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;
  private loading: Promise<void> | null = null;

  constructor(
    private readonly store: Store,
    private readonly transport: Transport,
    private readonly organisation: Hex,
    private readonly changed: () => void,
    /** A person's chain has grown: devices, keys, profile. */
    private readonly grown: (user: Hex) => void = () => undefined,
  ) {}

  /** What the organisation has set, by name; nothing while its chain is not loaded. */
  get policies(): ReadonlyMap<string, number | string> {
    return this.state?.policies ?? new Map();
  }

  /** Who has set a policy when, the newest first. */
  rulings(policy: string): Ruling[] {
    return (this.state?.rulings ?? []).filter((one) => one.policy === policy).reverse();
  }

  get founded(): OrganisationState {
    if (!this.state) throw new Problem("unsafe", "no organisation");
    return this.state;
  }

  /** People's names, enough to show lists; the chains follow with `load`. */
  async loadPeople(): Promise<void> {
    for (const row of await this.store.all("person")) this.people.set(row.user, row);
  }

  /** Replay what is stored; it was verified when it came. Asked again, it is the same replay. */
  load(): Promise<void> {
    return (this.loading ??= this.replay());
  }

  private async replay(): Promise<void> {
    const [keys, rows] = await Promise.all([this.store.keys("chain"), this.store.all("chain")]);
    const chains = new Map<Hex, Uint8Array[]>();
    keys.forEach((key, index) => {
      const [chain] = key as [Hex, number];
      const list = chains.get(chain) ?? [];
      list.push(rows[index]!.data);
      chains.set(chain, list);
    });
    for (const [chain, statements] of chains) {
      if (chain === this.organisation) continue;
      let state: UserState | null = null;
      for (const data of statements) state = await usr.apply(state, data, { verify: false });
      if (state) this.users.set(chain, state);
    }
    for (const data of chains.get(this.organisation) ?? []) {
      this.state = await org.apply(this.state, data, this.users, { verify: false });
    }
  }

  user(id: Hex): UserState {
    const state = this.users.get(id);
    if (!state) throw new Problem("not_found", "person");
    return state;
  }

  /** Store verified statements that end in `state`. */
  async keepUser(state: UserState, statements: readonly Uint8Array[]): Promise<void> {
    await this.store.write(extend(new Batch(), hex(state.id), state.length, statements));
    this.users.set(hex(state.id), state);
    this.grown(hex(state.id));
  }

  /**
   * Everything new: people, their chains, the organisation's. A round under way may have asked before there was what a
   * caller wants to know; whoever calls meanwhile shares the next one.
   */
  refresh(): Promise<void> {
    if (!this.running) return this.round();
    this.next ??= this.running.catch(() => undefined).then(() => this.round());
    return this.next;
  }

  private round(): Promise<void> {
    this.next = null;
    this.running = this.fetchAll().finally(() => {
      if (!this.next) this.running = null;
    });
    return this.running;
  }

  private async fetchAll(): Promise<void> {
    const found = await this.transport.call<People>("GET", "/v1/people");
    const batch = new Batch();
    for (const person of found.people) {
      const id = hex(fromB64(person.user));
      const suspect = await this.look(id, person.chain_length);
      this.note(batch, id, person.role ?? 0, fromB64(person.profile), suspect);
    }
    const grown = await this.refreshOrganisation();
    // The signed chain, not the server's word, says what role somebody has.
    for (const [id, row] of this.people) {
      const role = this.users.has(id) ? (this.founded.role(this.user(id).id) ?? 0) : row.role;
      if (role !== row.role) this.keepPerson(batch, { ...row, role });
    }
    if (batch.changes.length > 0) await this.store.write(batch);
    if (grown || batch.changes.length > 0) this.changed();
  }

  /** Why a person's keys are not to be trusted now, or "". One spoilt chain must not stop the others. [M11] */
  private async look(user: Hex, length: number): Promise<string> {
    const known = this.users.get(user);
    if (known && known.length > length) return "chain_shortened";
    if (known && known.length === length) return "";
    try {
      await this.refreshUser(user);
      return "";
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "unsafe") throw error;
      return error.message;
    }
  }

  /** Nothing is sealed to somebody whose keys changed without the signatures that explain it. */
  changedKeys(user: Hex): boolean {
    return (this.people.get(user)?.suspect ?? "") !== "";
  }

  private note(batch: Batch, user: Hex, role: number, profile: Uint8Array, suspect: string): void {
    const old = this.people.get(user);
    const state = this.users.get(user);
    const shown = state && profile.length > 0 ? openProfile(profile, state.profile) : null;
    const kept = !shown || (shown.picture && old?.pictureHash && equal(old.pictureHash, shown.picture));
    const row: PersonRow = {
      user,
      profile: profile.length > 0 ? profile : (old?.profile ?? new Uint8Array()),
      name: shown?.name ?? old?.name ?? "",
      // What a profile does not name any more is gone at once; a new one comes with its key (faces.ts). [M41]
      picture: kept ? (old?.picture ?? null) : null,
      pictureHash: old?.pictureHash,
      pictureKey: old?.pictureKey,
      role,
      verified: old?.verified ?? false,
      suspect,
    };
    const same = old && equal(old.profile, row.profile) && old.name === row.name && old.role === row.role;
    if (!same || old.suspect !== suspect) this.keepPerson(batch, row);
  }

  /** The hash of the sealed picture that a person's signed profile names, or null. [M19] */
  pictureOf(user: Hex): Uint8Array | null {
    const [row, state] = [this.people.get(user), this.users.get(user)];
    return (row && state && openProfile(row.profile, state.profile)?.picture) ?? null;
  }

  private keepPerson(batch: Batch, row: PersonRow): void {
    this.people.set(row.user, row);
    batch.put("person", row.user, row);
  }

  async changePerson(user: Hex, change: Partial<PersonRow>): Promise<void> {
    const row = this.people.get(user);
    if (!row) throw new Problem("not_found", "person");
    const batch = new Batch();
    this.keepPerson(batch, { ...row, ...change });
    await this.store.write(batch);
    this.changed();
  }

  /** What is new of a person's chain. Throws Problem `unsafe` if it does not extend what is known. */
  async refreshUser(user: Hex): Promise<UserState> {
    const known = this.users.get(user) ?? null;
    const after = known?.length ?? 0;
    const answer = await this.chainOf(user, after);
    if (answer.length < after) throw new Problem("unsafe", "chain_shortened");
    const statements = bytesOf(answer.statements);
    const state = await replayUser(statements, known);
    if (!state || hex(state.id) !== user) throw new Problem("unsafe", "chain_swapped");
    if (statements.length > 0) await this.keepUser(state, statements);
    return state;
  }

  /** A server that names a person and does not show the chain withholds what would prove it. */
  private chainOf(user: Hex, after: number): Promise<Chain> {
    return this.transport
      .call<Chain>("GET", `/v1/people/${user}/chain`, { query: { after } })
      .catch(missing("unsafe", "chain_withheld"));
  }

  /** Whether there was something new. */
  private async refreshOrganisation(): Promise<boolean> {
    const known = this.founded;
    const answer = await this.transport.call<Chain>("GET", "/v1/organisation/chain", {
      query: { after: known.length },
    });
    if (answer.length < known.length) throw new Problem("unsafe", "chain_shortened");
    const statements = bytesOf(answer.statements);
    if (statements.length === 0) return false;
    await this.knowSigners(statements);
    const state = await replayOrganisation(statements, this.users, known);
    if (!state) return false;
    await this.store.write(extend(new Batch(), this.organisation, state.length, statements));
    this.state = state;
    return true;
  }

  /** Know the newest chain of whoever signed the statements. */
  private async knowSigners(statements: readonly Uint8Array[]): Promise<void> {
    for (const data of statements) {
      let head: { number: number } | undefined;
      let signer: Hex;
      try {
        const statement = parse(data);
        head = statement.anchors.user;
        signer = hex(statement.signer.user);
      } catch (error) {
        throw unsafe(error);
      }
      const known = this.users.get(signer);
      if (head && (!known || known.length <= head.number)) await this.refreshUser(signer);
    }
  }

  /** The organisation's name, if it matches what its owner signed. [M19] */
  async organisationName(): Promise<string> {
    const answer = await this.transport.call<OrganisationProfile>("GET", "/v1/organisation/profile");
    return openProfile(fromB64(answer.profile), this.founded.profile)?.name ?? "";
  }

  name(user: Hex): string {
    const name = this.people.get(user)?.name;
    return name ? name : `(${user.slice(0, 8)})`;
  }
}

/** Statements that end a chain of `length`. */
export function extend(batch: Batch, chain: Hex, length: number, statements: readonly Uint8Array[]): Batch {
  statements.forEach((data, index) => batch.put("chain", [chain, length - statements.length + index], { data }));
  return batch;
}
