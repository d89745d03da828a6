import type { Author } from "../protocol/author";
import * as author from "../protocol/author";
import * as authorUser from "../protocol/author_user";
import { BoxKey } from "../protocol/boxes";
import { equal, hex, type Hex } from "../protocol/bytes";
import { decodeRecovery } from "../protocol/codes";
import { ProtocolError } from "../protocol/errors";
import { deviceId, openProfile, Profile, profileCommitment, RecipientKeys, sealProfile } from "../protocol/identity";
import { type DeviceLink, fromUrl, type InviteLink, type OfferLink, type SetupLink, toUrl } from "../protocol/links";
import { makeOffer, offerHandle, openAnswer } from "../protocol/offers";
import type { OrganisationState } from "../protocol/organisation";
import { allSeeds, openSeed } from "../protocol/seeds";
import { SigningKey } from "../protocol/signing";
import type { UserState } from "../protocol/user";
import { Batch, type Store } from "../storage/store";
import { fromB64, type Invitation, type OfferAnswer, type Recovery, type SetupInfo, toB64 } from "../wire/api";
import { type LinkView, type RoleName } from "./views";
import { Problem } from "./api";
import { boxesBody, bytesOf } from "./bodies";
import { extend, replayOrganisation, replayUser, unsafe } from "./chains";
import type { Env } from "./env";
import { missing } from "./problems";
import { DEVICE_KEY, SELF, type SelfRow } from "./self";
import { Transport } from "./transport";

/**
 * Becoming somebody: found an organisation, join it, add a device, come back with the recovery code. Each makes the
 * keys here, checks what the server shows against the link, and leaves a complete store or an empty one.
 */

const RACES = 20;
/** How long the server keeps an offer (domain/limits.py, TICKET_MS). */
const OFFER_MS = 15 * 60_000;
export const ROLES: readonly RoleName[] = ["owner", "admin", "site_lead", "member", "guest"];

/** Name as others see it; label as only the own devices do. */
export interface Newcomer {
  name: string;
  label: string;
}

/** Read a link of this server. Throws Problem `link_invalid`, `link_elsewhere`. */
export function readLink(link: string, base: string): ReturnType<typeof fromUrl>[1] {
  let found: ReturnType<typeof fromUrl>;
  try {
    found = fromUrl(link.trim());
  } catch (error) {
    if (error instanceof ProtocolError) throw new Problem("link_invalid", error.code);
    throw error;
  }
  // The app talks to its own origin only: another business's link belongs into another app.
  if (found[0].replace(/\/$/, "") !== base) throw new Problem("link_elsewhere", found[0]);
  return found[1];
}

/** What a link is for; nothing is used up. */
export async function peek(env: Env, link: string): Promise<LinkView> {
  const parsed = readLink(link, env.base);
  const transport = new Transport(env);
  if (parsed.type === "setup") {
    const info = await transport.call<SetupInfo>("GET", `/v1/setup/${hex(parsed.secret)}`);
    return { type: "setup", organisation: info.organisation_name, name: info.owner_name, role: "owner" };
  }
  if (parsed.type === "device") return { type: "device", organisation: "", name: "", role: null };
  if (parsed.type === "offer") throw new Problem("link_offer");
  const { state, organisationName } = await invitation(transport, parsed);
  const invite = state.invites.get(hex(parsed.invite))!.invite;
  return { type: "invite", organisation: organisationName, name: "", role: ROLES[invite.role - 1] ?? null };
}

/** Redeem any of the three links. */
export async function join(env: Env, store: Store, link: string, who: Newcomer): Promise<void> {
  const parsed = readLink(link, env.base);
  if (parsed.type === "offer") throw new Problem("link_offer");
  if (parsed.type === "device") {
    const keys = await RecipientKeys.fromSeed(parsed.seed);
    await comeBack(env, store, keys, await freshDevice(env, who.label), parsed);
    return;
  }
  if (who.name.trim() === "" || [...who.name].length > 120) throw new Problem("invalid_name");
  await (parsed.type === "setup" ? found(env, store, parsed, who) : enrol(env, store, parsed, who));
}

/** Come back with nothing but the printed code. */
export async function recover(env: Env, store: Store, code: string, label: string): Promise<void> {
  let seed: Uint8Array;
  try {
    seed = decodeRecovery(code);
  } catch (error) {
    throw error instanceof ProtocolError ? new Problem("recovery_code", error.code) : error;
  }
  await comeBack(env, store, await RecipientKeys.fromSeed(seed), await freshDevice(env, label), null);
}

/** A device that shows its code and waits until an active device of a person has scanned it. [M42] */
export class Offer {
  private constructor(
    private readonly env: Env,
    private readonly offer: OfferLink,
    private readonly device: FreshDevice,
    readonly expires: number,
  ) {}

  static async make(env: Env, label: string): Promise<Offer> {
    const device = await freshDevice(env, label);
    const { key, box } = device.new;
    const made = new Offer(env, makeOffer(key.public, box.public, env.random(32)), device, env.now() + OFFER_MS);
    const body = { signing: toB64(key.public), box: toB64(box.public) };
    await new Transport(env).call("PUT", made.path, { body });
    return made;
  }

  get link(): string {
    return toUrl(this.env.base, this.offer);
  }

  private get path(): string {
    return `/v1/offers/${hex(offerHandle(this.offer))}`;
  }

  /** Become the person's device if somebody has scanned the code; whether that is so. */
  async redeem(store: Store): Promise<boolean> {
    const answer = await new Transport(this.env)
      .call<OfferAnswer>("GET", `${this.path}/answer`)
      .catch(missing("offer_expired"));
    if (answer.box === null) return false;
    let link: DeviceLink;
    try {
      link = await openAnswer(this.offer, this.device.new.box, fromB64(answer.box));
    } catch (error) {
      throw unsafe(error);
    }
    await comeBack(this.env, store, await RecipientKeys.fromSeed(link.seed), this.device, link);
    return true;
  }
}

/** A device's fresh keys. */
async function freshDevice(env: Env, label: string) {
  const key = await SigningKey.generate();
  const boxSeed = env.random(32);
  const box = await BoxKey.fromSeed(boxSeed);
  return { new: { key, box, label }, boxSeed, id: deviceId(key.public) };
}
type FreshDevice = Awaited<ReturnType<typeof freshDevice>>;

async function found(env: Env, store: Store, link: SetupLink, who: Newcomer): Promise<void> {
  const transport = new Transport(env);
  const info = await transport.call<SetupInfo>("GET", `/v1/setup/${hex(link.secret)}`);
  const device = await freshDevice(env, who.label);
  const [recovery, seed] = [env.random(16), env.random(32)];
  const profile = sealProfile({ name: who.name.trim() }, env.random(16));
  const organisationProfile = sealProfile({ name: info.organisation_name }, env.random(16));
  const keys = await RecipientKeys.fromSeed(recovery);
  const made = await authorUser.genesis(new Uint8Array(), device.new, keys, profile, seed, env.now(), env.random);
  const me: Author = { user: made.state, device: device.id, key: device.new.key };
  const organisation = await author.foundOrganisation(me, organisationProfile, env.now(), env.random);
  await transport.call("POST", "/v1/setup", {
    body: {
      secret: toB64(link.secret),
      user_genesis: toB64(made.data),
      organisation_genesis: toB64(organisation.data),
      boxes: boxesBody(made.boxes),
      profile: toB64(profile),
      organisation_profile: toB64(organisationProfile),
    },
  });
  await keep(store, device, {
    organisation: organisation.state,
    organisationName: info.organisation_name,
    statements: [organisation.data],
    user: made.state,
    chains: new Map([[hex(made.state.id), [made.data]]]),
    seeds: new Map([[1, seed]]),
    recovery,
    profile,
  });
}

async function invitation(transport: Transport, link: InviteLink) {
  const answer = await transport.call<Invitation>("GET", `/v1/invitations/${hex(link.invite)}`);
  const { users, chains } = await people(answer.users);
  const statements = bytesOf(answer.organisation);
  const state = await replayOrganisation(statements, users);
  if (!state || !equal(state.id, link.organisation)) throw new Problem("unsafe", "organisation_mismatch");
  const known = state.invites.get(hex(link.invite));
  const key = (await SigningKey.fromSeed(link.seed)).public;
  if (!known || !equal(known.invite.key, key)) throw new Problem("unsafe", "invite_unknown");
  const name = openProfile(fromB64(answer.organisation_profile), state.profile)?.name ?? "";
  return { state, statements, chains, organisationName: name };
}

async function enrol(env: Env, store: Store, link: InviteLink, who: Newcomer): Promise<void> {
  const transport = new Transport(env);
  const device = await freshDevice(env, who.label);
  const [recovery, seed] = [env.random(16), env.random(32)];
  const profile = sealProfile({ name: who.name.trim() }, env.random(16));
  const keys = await RecipientKeys.fromSeed(recovery);
  const made = await authorUser.genesis(link.organisation, device.new, keys, profile, seed, env.now(), env.random);
  const me: Author = { user: made.state, device: device.id, key: device.new.key };
  for (let attempt = 0; attempt < RACES; attempt++) {
    const { state, statements, chains, organisationName } = await invitation(transport, link);
    let enrolled: author.MadeOrganisation;
    try {
      enrolled = await author.enrol(state, me, link.invite, link.seed, env.now());
    } catch (error) {
      throw error instanceof ProtocolError ? new Problem("link_expired", error.code) : error;
    }
    const body = {
      user_genesis: toB64(made.data),
      enrolment: toB64(enrolled.data),
      boxes: boxesBody(made.boxes),
      profile: toB64(profile),
    };
    try {
      await transport.call("POST", "/v1/join", { body });
    } catch (error) {
      if (error instanceof Problem && error.code === "stale") continue;
      throw error;
    }
    chains.set(hex(made.state.id), [made.data]);
    await keep(store, device, {
      organisation: enrolled.state,
      organisationName,
      statements: [...statements, enrolled.data],
      user: made.state,
      chains,
      seeds: new Map([[1, seed]]),
      recovery,
      profile,
    });
    return;
  }
  throw new Problem("busy");
}

/** Add this device with a recovery code or (with its link) a ticket. */
async function comeBack(
  env: Env,
  store: Store,
  keys: RecipientKeys,
  device: FreshDevice,
  link: DeviceLink | null,
): Promise<void> {
  const transport = new Transport(env);
  for (let attempt = 0; attempt < RACES; attempt++) {
    const path = `/v1/recovery/${hex(keys.handle)}`;
    const answer = await transport.call<Recovery>("GET", path).catch(missing(link ? "link_expired" : "recovery_code"));
    const shown = await verified(answer, keys, link);
    let made: authorUser.Made;
    let seeds: Map<number, Uint8Array>;
    try {
      const seed = await openSeed(keys.box, shown.user, keys.id, fromB64(answer.box));
      seeds = await allSeeds(shown.user, seed);
      const signer = { user: shown.user.id, recipient: keys.id };
      made = await authorUser.addDevice(shown.user, signer, keys.key, device.new, seed, env.now(), env.random);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new Problem(error.code === "ticket_expired" ? "link_expired" : "unsafe", error.code);
    }
    try {
      await transport.call("POST", path, { body: { statement: toB64(made.data), boxes: boxesBody(made.boxes) } });
    } catch (error) {
      if (error instanceof Problem && error.code === "stale") continue;
      throw error;
    }
    shown.chains.set(hex(shown.user.id), [...shown.userChain, made.data]);
    await keep(store, device, {
      organisation: shown.organisation,
      organisationName: "",
      statements: shown.statements,
      user: made.state,
      chains: shown.chains,
      seeds,
      recovery: new Uint8Array(),
      profile: new Uint8Array(),
    });
    return;
  }
  throw new Problem("busy");
}

/** What the server shows to whoever comes back, checked against the keys and the link. */
async function verified(answer: Recovery, keys: RecipientKeys, link: DeviceLink | null) {
  const userChain = bytesOf(answer.user_chain);
  const user = await replayUser(userChain);
  if (!user || !equal(user.id, fromB64(answer.user)) || (link && !equal(user.id, link.user))) {
    throw new Problem("unsafe", "chain_swapped");
  }
  if (!user.recovery.has(hex(keys.id)) && !user.tickets.has(hex(keys.id))) {
    throw new Problem(link ? "link_expired" : "recovery_code");
  }
  const { users, chains } = await people(answer.users);
  users.set(hex(user.id), user);
  const statements = bytesOf(answer.organisation);
  const organisation = await replayOrganisation(statements, users);
  const belongs = organisation && (user.organisation.length === 0 || equal(user.organisation, organisation.id));
  if (!organisation || !belongs || organisation.role(user.id) === null) {
    throw new Problem("unsafe", "organisation_mismatch");
  }
  const right =
    !link ||
    (equal(organisation.id, link.organisation) &&
      organisation.knows(link.organisationHead) &&
      user.knows(link.userHead));
  if (!right) throw new Problem("unsafe", "chain_shortened");
  return { user, userChain, organisation, statements, chains };
}

async function people(shown: Record<string, string[]>) {
  const users = new Map<Hex, UserState>();
  const chains = new Map<Hex, Uint8Array[]>();
  for (const [name, list] of Object.entries(shown)) {
    const statements = bytesOf(list);
    const state = await replayUser(statements);
    if (!state || hex(state.id) !== name) throw new Problem("unsafe", "chain_swapped");
    users.set(name, state);
    chains.set(name, statements);
  }
  return { users, chains };
}

interface Complete {
  organisation: OrganisationState;
  organisationName: string;
  statements: Uint8Array[];
  user: UserState;
  chains: ReadonlyMap<Hex, Uint8Array[]>;
  seeds: ReadonlyMap<number, Uint8Array>;
  recovery: Uint8Array;
  profile: Uint8Array;
}

async function keep(store: Store, device: FreshDevice, all: Complete): Promise<void> {
  const batch = new Batch();
  extend(batch, hex(all.organisation.id), all.statements.length, all.statements);
  for (const [chain, statements] of all.chains) extend(batch, chain, statements.length, statements);
  for (const [generation, seed] of all.seeds) batch.put("seed", generation, { seed });
  const user = hex(all.user.id);
  const known = all.profile.length > 0 && equal(profileCommitment(all.profile), all.user.profile);
  if (known) {
    batch.put("person", user, {
      user,
      profile: all.profile,
      name: Profile.fromBytes(all.profile.slice(16)).name,
      picture: null,
      role: all.organisation.role(all.user.id) ?? 0,
      verified: false,
      suspect: "",
    });
  }
  const self: SelfRow = {
    organisation: all.organisation.id,
    organisationName: all.organisationName,
    user: all.user.id,
    device: device.id,
    signing: device.new.key.public,
    boxSeed: device.boxSeed,
    recoverySeed: all.recovery,
    cut: "",
  };
  batch.put("kv", SELF, self);
  await store.keepCryptoKey(DEVICE_KEY, device.new.key.privateKey);
  await store.write(batch);
}
