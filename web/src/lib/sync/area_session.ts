import { encodeRecovery } from "../protocol/codes";
import type { Store } from "../storage/store";
import * as account from "./account";
import type { About, InviteView, SessionApi, SessionView } from "./api";
import { Problem } from "./api";
import type { Env } from "./env";
import type { Ground, Running } from "./running";
import type { LinkView, NetworkView, Phase, SettingsView } from "./views";

/** The engine's life, as the session changes it. */
export interface Life extends Ground {
  readonly env: Env;
  readonly store: Store;
  /** null while nobody is set up here. */
  readonly on: Running | null;
  readonly stored: SettingsView;
  readonly network: NetworkView;
  /** Start what runs for the person that is set up now. */
  begin(): Promise<void>;
  set(change: Partial<SettingsView>): Promise<void>;
  /** Stop, and delete everything on this device. */
  forget(): Promise<void>;
  /** Try to connect now. */
  hurry(): void;
}

export class Session implements SessionApi {
  private waiting: account.Offer | null = null;

  constructor(private readonly life: Life) {}

  get(): Promise<SessionView> {
    const { on, stored, network } = this.life;
    const person = on?.chains.people.get(on.self.user);
    const me = on && {
      user: on.self.user,
      device: on.self.device,
      name: person?.name ?? "",
      picture: person?.picture ?? null,
      role: account.ROLES[(person?.role ?? 5) - 1] ?? "guest",
      organisation: on.self.row.organisationName,
      recoveryKept: on.self.row.recoverySeed.length === 0,
    };
    return Promise.resolve({ phase: phaseOf(on), me, settings: stored, network });
  }

  peek(link: string): Promise<LinkView> {
    return account.peek(this.life.env, link);
  }

  join(link: string, about: About): Promise<void> {
    const { env, store } = this.life;
    return this.become(() => account.join(env, store, link, { name: about.name, label: about.device }), about.picture);
  }

  recover(code: string, about: About): Promise<void> {
    const { env, store } = this.life;
    return this.become(() => account.recover(env, store, code, about.device));
  }

  async offer(device: string): Promise<InviteView> {
    this.waiting = await account.Offer.make(this.life.env, device);
    return { link: this.waiting.link, expires: this.waiting.expires };
  }

  async offered(): Promise<boolean> {
    const { waiting } = this;
    // Another tab's worker has taken over: the keys behind the code are gone with the old one.
    if (!waiting) throw new Problem("offer_expired");
    let taken = false;
    await this.become(async () => (taken = await waiting.redeem(this.life.store)));
    if (taken) this.waiting = null;
    return taken;
  }

  /** `enter` says whether somebody is set up by it. */
  private async become(enter: () => Promise<unknown>, picture: Blob | null = null): Promise<void> {
    if (this.life.on) throw new Problem("conflict", "a person is set up here already");
    if ((await enter()) === false) return;
    await this.life.begin();
    this.life.emit({ type: "session" });
    // Without it the person is in all the same; it can be chosen again in the profile.
    if (picture) await this.life.running.faces.set(picture).catch(ignoreProblem);
  }

  recoveryCode(): Promise<string | null> {
    const seed = this.life.running.self.row.recoverySeed;
    return Promise.resolve(seed.length === 16 ? encodeRecovery(seed) : null);
  }

  async recoveryKept(): Promise<void> {
    await this.life.running.self.change(this.life.store, { recoverySeed: new Uint8Array() });
    this.life.emit({ type: "session" });
  }

  async renewRecovery(): Promise<string> {
    const code = await this.life.running.office.renewRecovery();
    this.life.emit({ type: "session" });
    return code;
  }

  async settings(change: Partial<SettingsView>): Promise<void> {
    await this.life.set(change);
    this.life.emit({ type: "session" });
  }

  async wipe(): Promise<void> {
    await this.life.forget();
    this.life.emit({ type: "session" });
  }

  wake(): Promise<void> {
    this.life.hurry();
    return Promise.resolve();
  }
}

function phaseOf(on: Running | null): Phase {
  if (!on) return "empty";
  if (on.self.row.cut === "") return "ready";
  return on.self.row.cut === "device_revoked" ? "revoked" : "removed";
}

function ignoreProblem(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
}
