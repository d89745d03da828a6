import * as author from "../protocol/author";
import type { MadeOrganisation } from "../protocol/author";
import * as authorUser from "../protocol/author_user";
import { checkBoxPublic } from "../protocol/boxes";
import { hex, type Hex, unhex } from "../protocol/bytes";
import { encodeRecovery, verificationNumber } from "../protocol/codes";
import { ProtocolError } from "../protocol/errors";
import { type Profile, RecipientKeys, sealProfile } from "../protocol/identity";
import { type DeviceLink, toUrl } from "../protocol/links";
import { checkOffer, offerHandle, sealAnswer } from "../protocol/offers";
import type { Role } from "../protocol/organisation";
import { openLabel } from "../protocol/seeds";
import { parse } from "../protocol/statements";
import { fromB64, type Offered, toB64 } from "../wire/api";
import { type InviteView, Problem } from "./api";
import { readLink, ROLES } from "./account";
import { boxesBody } from "./bodies";
import { type Core, RACES } from "./core";
import { unsafe } from "./chains";
import { missing } from "./problems";
import { refused } from "./statements";
import type { DeviceView, OpenInviteView } from "./views";

const TICKET_MS = 14 * 60 * 1000;
const DAY_MS = 24 * 3_600_000;

/** The organisation and the own devices: invitations, roles, further devices, the recovery code, verification. */
export class Office {
  constructor(private readonly core: Core) {}

  /** An invitation's link. Throws Problem `forbidden`. */
  async invite(role: Role, uses: number, days: number): Promise<InviteView> {
    const { env, chains, keys } = this.core.parts;
    const seed = env.random(32);
    const expires = env.now() + days * DAY_MS;
    let hash: Uint8Array = new Uint8Array();
    await this.organisation(async () => {
      const [made, invite] = await author.invite(chains.founded, keys.author(), seed, role, uses, expires, env.now());
      hash = invite;
      return made;
    });
    const link = { type: "invite", organisation: chains.founded.id, invite: hash, seed } as const;
    return { link: toUrl(env.base, link), expires };
  }

  /** Invitations that still let people in, the newest first. */
  invites(): OpenInviteView[] {
    const { env, chains } = this.core.parts;
    const now = Math.max(env.now(), chains.founded.clock);
    return [...chains.founded.invites]
      .filter(([, { invite, used, revoked }]) => !revoked && used < invite.uses && invite.expires > now)
      .map(([id, { invite, used }]) => {
        return { id, role: ROLES[invite.role - 1] ?? "guest", left: invite.uses - used, expires: invite.expires };
      })
      .reverse();
  }

  async withdraw(invite: Hex): Promise<void> {
    const { chains, keys, env } = this.core.parts;
    await this.organisation(() => author.revokeInvite(chains.founded, keys.author(), unhex(invite), env.now()));
  }

  async removePerson(user: Hex): Promise<void> {
    const { chains, keys, env } = this.core.parts;
    await this.organisation(() => author.removePerson(chains.founded, keys.author(), unhex(user), env.now()));
  }

  /** Set policies of the organisation; those not named stay. Everybody sees the statement. */
  async setPolicies(policies: ReadonlyMap<string, number | string>): Promise<void> {
    const { chains, keys, env } = this.core.parts;
    await this.organisation(() => author.setPolicies(chains.founded, keys.author(), policies, env.now()));
  }

  async setRole(user: Hex, role: Role): Promise<void> {
    const { chains, keys, env } = this.core.parts;
    await this.organisation(() => author.changeRole(chains.founded, keys.author(), unhex(user), role, env.now()));
  }

  /** Make a statement of the organisation; who loses a race makes it again. */
  private async organisation(make: () => Promise<MadeOrganisation>): Promise<void> {
    const { chains, transport } = this.core.parts;
    await chains.refresh();
    for (let attempt = 0; ; attempt++) {
      let made: MadeOrganisation;
      try {
        made = await make();
      } catch (error) {
        throw refused(error);
      }
      try {
        await transport.call("POST", "/v1/organisation/chain", { body: { statement: toB64(made.data) } });
        await chains.refresh();
        return;
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== "stale" || attempt >= RACES) throw error;
        await chains.refresh();
      }
    }
  }

  async devices(): Promise<DeviceView[]> {
    const { chains, keys, self, store } = this.core.parts;
    const state = chains.user(self.user);
    const time = async (statement: number): Promise<number> => {
      const row = (await store.get("chain", [self.user, statement])) as { data: Uint8Array } | undefined;
      return row ? parse(row.data).time : 0;
    };
    const seeds = await keys.seeds();
    const active = [...state.devices].filter(([, device]) => device.revoked === null);
    return Promise.all(
      active.map(async ([id, device]) => ({
        device: id,
        label: await openLabel(seeds, device.record),
        here: id === self.device,
        added: await time(device.added),
      })),
    );
  }

  /** A link that lets one further device join within a quarter of an hour. */
  async deviceLink(): Promise<InviteView> {
    const { link, expires } = await this.ticket();
    return { link: toUrl(this.core.parts.env.base, link), expires };
  }

  /** Let in the device that shows this code. [M42] */
  async takeDevice(code: string): Promise<void> {
    const { env, transport } = this.core.parts;
    const offer = readLink(code, env.base);
    if (offer.type !== "offer") throw new Problem("link_invalid", offer.type);
    const path = `/v1/offers/${hex(offerHandle(offer))}`;
    const offered = await transport.call<Offered>("GET", path).catch(missing("offer_expired"));
    const box = fromB64(offered.box);
    try {
      checkOffer(offer, fromB64(offered.signing), box);
    } catch (error) {
      throw unsafe(error);
    }
    try {
      checkBoxPublic(box);
    } catch (error) {
      // These are the keys that the code stands for: it is the new device that made them wrong, not the server.
      throw error instanceof ProtocolError ? new Problem("offer_invalid", error.code) : error;
    }
    const answer = await sealAnswer(offer, box, (await this.ticket()).link);
    await transport.call("PUT", `${path}/answer`, { body: { box: toB64(answer) } });
  }

  private async ticket(): Promise<{ link: DeviceLink; expires: number }> {
    const { chains, keys, env } = this.core.parts;
    await chains.refresh();
    const me = keys.author();
    const seed = env.random(16);
    const expires = Math.max(env.now(), me.user.clock) + TICKET_MS;
    const made = await this.made(async () =>
      authorUser.openTicket(
        me.user,
        author.signerRef(me),
        me.key,
        await RecipientKeys.fromSeed(seed),
        await keys.seed(),
        expires,
        env.now(),
      ),
    );
    await this.extendUser(made);
    const { id, head } = chains.founded;
    const link: DeviceLink = {
      type: "device",
      organisation: id,
      organisationHead: head,
      user: made.state.id,
      userHead: made.state.head,
      seed,
    };
    return { link, expires };
  }

  /** Revoke a device: new box keys for the person, and a mark in the organisation's chain. */
  async revoke(device: Hex): Promise<void> {
    const { chains, keys, env, store } = this.core.parts;
    await chains.refresh();
    const me = keys.author();
    const fresh = env.random(32);
    const made = await this.made(async () =>
      authorUser.revokeDevice(
        me.user,
        author.signerRef(me),
        me.key,
        unhex(device),
        [await keys.seed(), fresh],
        env.now(),
        env.random,
      ),
    );
    await this.extendUser(made);
    await store.put("seed", made.state.box.number, { seed: fresh });
    await this.organisation(() => author.anchor(chains.founded, keys.author(), env.now()));
  }

  /** A new recovery code in place of the old one; it is kept here until it was confirmed. */
  async renewRecovery(): Promise<string> {
    const { chains, keys, env, store, self } = this.core.parts;
    await chains.refresh();
    const me = keys.author();
    const [code, fresh] = [env.random(16), env.random(32)];
    const made = await this.made(async () =>
      authorUser.replaceRecovery(
        me.user,
        author.signerRef(me),
        me.key,
        await RecipientKeys.fromSeed(code),
        [await keys.seed(), fresh],
        env.now(),
        env.random,
      ),
    );
    await this.extendUser(made);
    await store.put("seed", made.state.box.number, { seed: fresh });
    await self.change(store, { recoverySeed: code });
    return encodeRecovery(code);
  }

  /** Another name; the picture stays. */
  async rename(name: string): Promise<void> {
    if (name.trim() === "" || [...name].length > 120) throw new Problem("invalid_name");
    const { chains, self } = this.core.parts;
    await chains.refresh();
    await this.setProfile({ name: name.trim(), picture: chains.pictureOf(self.user) ?? undefined });
  }

  /** Another picture, by the hash of its sealed bytes, or none; the name stays. */
  async setPicture(picture: { digest: Uint8Array; sealed: Uint8Array } | null): Promise<void> {
    const { chains, self } = this.core.parts;
    await chains.refresh();
    await this.setProfile({ name: chains.name(self.user), picture: picture?.digest }, picture?.sealed);
  }

  private async setProfile(shown: Profile, picture?: Uint8Array): Promise<void> {
    const { chains, keys, env } = this.core.parts;
    const me = keys.author();
    const profile = sealProfile(shown, env.random(16));
    const made = await this.made(() =>
      authorUser.changeProfile(me.user, author.signerRef(me), me.key, profile, env.now()),
    );
    await this.extendUser(made, profile, picture);
    await chains.refresh();
  }

  private async made(make: () => Promise<authorUser.Made>): Promise<authorUser.Made> {
    try {
      return await make();
    } catch (error) {
      throw refused(error);
    }
  }

  private async extendUser(made: authorUser.Made, profile?: Uint8Array, picture?: Uint8Array): Promise<void> {
    const { transport, chains } = this.core.parts;
    const body = {
      statement: toB64(made.data),
      boxes: boxesBody(made.boxes),
      ...(profile ? { profile: toB64(profile) } : {}),
      ...(picture ? { picture: toB64(picture) } : {}),
    };
    await transport.call("POST", "/v1/me/chain", { body });
    await chains.keepUser(made.state, [made.data]);
  }

  /** The number that this person's devices show too. */
  verificationNumber(user: Hex): string {
    const { chains, self } = this.core.parts;
    return verificationNumber(chains.founded.id, self.row.user, unhex(user));
  }
}
