import { b64u, equal, hex, type Hex, unb64u, unhex } from "../protocol/bytes";
import { encodeRecovery } from "../protocol/codes";
import type { FileRow, OutboxRow } from "../storage/rows";
import { Store } from "../storage/store";
import * as account from "./account";
import type { About, Change, Engine, InviteView, Outgoing, SessionView, VerificationView, Where } from "./api";
import { Problem } from "./api";
import { Chains } from "./chains";
import { Core } from "./core";
import type { Env } from "./env";
import { Files } from "./files";
import { Keyring } from "./keyring";
import { Logs, type Taken } from "./logs";
import { Office } from "./office";
import { Outbox } from "./outbox";
import { Receipts } from "./receipts";
import { personView } from "./render";
import { Self } from "./self";
import { Statements } from "./statements";
import { isShown, Talk } from "./talk";
import { Transport } from "./transport";
import type {
  ConversationKind,
  ConversationView,
  DeviceView,
  Id,
  LinkView,
  MemberView,
  NetworkView,
  PageView,
  PersonView,
  Phase,
  RoleName,
  SettingsView,
} from "./views";

const SETTINGS = "settings";
const DEFAULTS: SettingsView = { language: "", theme: "", simple: false, preview: true, receipts: true };
const BACKOFF_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const CLOCK_TOLERANCE_MS = 3 * 60_000;
const VERIFY = "werkfunk-v1";

/** What runs once this device is somebody. */
interface Running {
  self: Self;
  chains: Chains;
  logs: Logs;
  core: Core;
  outbox: Outbox;
  files: Files;
  receipts: Receipts;
  office: Office;
  talk: Talk;
}

/** The one place where the worker's parts meet: what the app asks for, and the connection that is kept up. */
export class LocalEngine implements Engine {
  private on: Running | null = null;
  private stored: SettingsView = DEFAULTS;
  private network: NetworkView = { state: "offline", behind: 0, queued: 0, clockOff: 0 };
  private attempts = 0;
  private waking: (() => void) | null = null;
  private stopped = false;

  private constructor(
    private readonly env: Env,
    private store: Store,
    private readonly emit: (change: Change) => void,
  ) {}

  /** Open the store; resolves when lists can be shown. The connection follows by itself. */
  static async start(env: Env, emit: (change: Change) => void): Promise<LocalEngine> {
    const engine = new LocalEngine(env, await Store.open(), emit);
    engine.stored = { ...DEFAULTS, ...((await engine.store.get("kv", SETTINGS)) as Partial<SettingsView> | undefined) };
    await engine.begin();
    return engine;
  }

  stop(): void {
    this.stopped = true;
    this.on?.core.close();
    this.waking?.();
    this.store.close();
  }

  private async begin(): Promise<void> {
    const { env, store } = this;
    const self = await Self.load(store);
    if (!self) return;
    const transport = new Transport(env, self.row.device, self.signing);
    const chains = new Chains(store, transport, hex(self.row.organisation), () => {
      this.emit({ type: "people" });
      this.emit({ type: "conversations" });
      this.emit({ type: "session" });
    });
    const keys = new Keyring(store, chains, transport, self);
    const logs = new Logs(store, chains, keys, (taken) => void this.taken(taken));
    const core = new Core(
      { env, store, self, transport, chains, keys, logs },
      {
        behind: (behind) => {
          this.tell({ behind });
        },
        slot: (conversation, event) => void receipts.take(conversation, event),
        ended: (problem) => void this.ended(problem),
      },
    );
    const statements = new Statements(core);
    const files = new Files(core.parts, (row) => {
      this.transferred(row);
    });
    const uploads = { complete: (row: OutboxRow) => talk.complete(row) };
    const outbox = new Outbox(core, statements, uploads, (row, gone) => {
      this.queued(row, gone);
    });
    const receipts = new Receipts(
      core,
      () => this.stored.receipts,
      (id) => void this.marked(id),
    );
    const talk: Talk = new Talk(core, statements, outbox, files, receipts);
    this.on = { self, chains, logs, core, outbox, files, receipts, office: new Office(core), talk };
    await Promise.all([chains.loadPeople(), logs.load(), outbox.load(), files.load(), receipts.load()]);
    this.tell({ queued: outbox.rows.length });
    void this.run(this.on);
  }

  // -- the connection

  private async run(on: Running): Promise<void> {
    await on.chains.load();
    while (!this.stopped && this.on === on && on.self.row.cut === "") {
      const delay = await this.attempt(on);
      if (delay === 0) await this.untilEnded(on);
      else await this.sleep(delay);
    }
  }

  /** Connect and catch up; gives 0, or how long to wait before the next try (ms). */
  private async attempt(on: Running): Promise<number> {
    this.tell({ state: "connecting" });
    try {
      const serverTime = await on.core.open();
      const off = serverTime - this.env.now();
      this.attempts = 0;
      this.tell({ state: "online", behind: 0, clockOff: Math.abs(off) > CLOCK_TOLERANCE_MS ? off : 0 });
      for (const id of on.logs.rows.keys()) await on.receipts.refresh(id).catch(ignore);
      void on.outbox.flush();
      await this.nameOrganisation(on);
      for (const id of on.logs.rows.keys()) on.receipts.want(id);
      return on.core.connected ? 0 : this.backoff();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await this.ended(error);
      return this.backoff();
    }
  }

  private backoff(): number {
    const base = BACKOFF_MS[Math.min(this.attempts++, BACKOFF_MS.length - 1)]!;
    // Phones that lost one server together must not come back together.
    return base / 2 + (base / 2) * (this.env.random(1)[0]! / 255);
  }

  private async sleep(ms: number): Promise<void> {
    await Promise.race([this.env.pause(ms), new Promise<void>((resolve) => (this.waking = resolve))]);
    this.waking = null;
  }

  private async untilEnded(on: Running): Promise<void> {
    while (on.core.connected && !this.stopped) await new Promise<void>((resolve) => (this.waking = resolve));
    this.waking = null;
  }

  private async ended(problem: Problem): Promise<void> {
    const on = this.on;
    if (!on) return;
    const cut = problem.code === "device_revoked" || problem.code === "person_removed";
    if (cut) {
      await on.self.change(this.store, { cut: problem.code });
      this.tell({ state: "refused" });
      this.emit({ type: "session" });
    } else this.tell({ state: "offline", behind: 0 });
    const wake = this.waking;
    wake?.();
  }

  private tell(change: Partial<NetworkView>): void {
    const next = { ...this.network, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.network)) return;
    this.network = next;
    this.emit({ type: "network", network: next });
  }

  async wake(): Promise<void> {
    this.attempts = 0;
    this.waking?.();
    await Promise.resolve();
  }

  /** The organisation's name, for devices that joined without an invitation. */
  private async nameOrganisation(on: Running): Promise<void> {
    const name = await on.chains.organisationName();
    if (!name || name === on.self.row.organisationName) return;
    await on.self.change(this.store, { organisationName: name });
    this.emit({ type: "session" });
  }

  // -- what happens by itself

  private async taken(taken: Taken): Promise<void> {
    const on = this.on;
    if (!on) return;
    const gone = taken.lines.filter((row) => !row.shown).map((row) => row.messageId);
    const shown = taken.lines.filter((row) => row.shown);
    const messages = await on.talk.lines(shown);
    this.emit({ type: "messages", conversation: taken.conversation, messages, gone });
    this.emit({ type: "conversations" });
    on.receipts.want(taken.conversation);
  }

  private queued(row: OutboxRow, gone: boolean): void {
    const on = this.on;
    if (!on) return;
    this.tell({ queued: on.outbox.rows.length });
    if (!isShown(on.outbox.contentOf(row))) return;
    // A sent one is replaced by its line of the log; only what was dropped goes away.
    const sent = gone && row.failure === "" && on.outbox.sending.has(row.messageId);
    const messages = gone ? [] : [on.talk.waiting(row)];
    if (!sent)
      this.emit({ type: "messages", conversation: row.conversation, messages, gone: gone ? [row.messageId] : [] });
    this.emit({ type: "conversations" });
  }

  private transferred(row: FileRow): void {
    const on = this.on;
    if (!on) return;
    const blob = row.direction === "up" ? row.id : row.blob;
    this.emit({
      type: "transfer",
      conversation: row.conversation,
      message: row.message,
      blob,
      transfer: on.files.transfer(row.id),
      here: on.files.here(row.id),
    });
  }

  /** Somebody has received or read more: the marks of the newest own lines change. */
  private async marked(conversation: Hex): Promise<void> {
    const on = this.on;
    if (!on) return;
    const rows = (await this.store.shown(conversation, { before: Infinity }, 60)).filter(
      (row) => row.sender === on.self.user,
    );
    this.emit({ type: "messages", conversation, messages: await on.talk.lines(rows), gone: [] });
    this.emit({ type: "conversations" });
  }

  private get running(): Running {
    if (!this.on) throw new Problem("unauthenticated");
    return this.on;
  }

  // -- session

  session(): Promise<SessionView> {
    const { on } = this;
    const phase: Phase = !on
      ? "empty"
      : on.self.row.cut === ""
        ? "ready"
        : on.self.row.cut === "device_revoked"
          ? "revoked"
          : "removed";
    const person = on?.chains.people.get(on.self.user);
    return Promise.resolve({
      phase,
      me: on
        ? {
            user: on.self.user,
            device: on.self.device,
            name: person?.name ?? "",
            picture: person?.picture ?? null,
            role: account.ROLES[(person?.role ?? 5) - 1] ?? "guest",
            organisation: on.self.row.organisationName,
            recoveryKept: on.self.row.recoverySeed.length === 0,
          }
        : null,
      settings: this.stored,
      network: this.network,
    });
  }

  peek(link: string): Promise<LinkView> {
    return account.peek(this.env, link);
  }

  async join(link: string, about: About): Promise<void> {
    if (this.on) throw new Problem("conflict", "a person is set up here already");
    await account.join(this.env, this.store, link, { name: about.name, label: about.device });
    await this.begin();
    this.emit({ type: "session" });
  }

  async recover(code: string, about: About): Promise<void> {
    if (this.on) throw new Problem("conflict", "a person is set up here already");
    await account.recover(this.env, this.store, code, about.device);
    await this.begin();
    this.emit({ type: "session" });
  }

  recoveryCode(): Promise<string | null> {
    const seed = this.running.self.row.recoverySeed;
    return Promise.resolve(seed.length === 16 ? encodeRecovery(seed) : null);
  }

  async recoveryKept(): Promise<void> {
    await this.running.self.change(this.store, { recoverySeed: new Uint8Array() });
    this.emit({ type: "session" });
  }

  async renewRecovery(): Promise<string> {
    const code = await this.running.office.renewRecovery();
    this.emit({ type: "session" });
    return code;
  }

  async wipe(): Promise<void> {
    this.on?.core.close();
    this.on = null;
    this.waking?.();
    this.store.close();
    await Store.destroy();
    this.store = await Store.open();
    this.stored = DEFAULTS;
    this.network = { state: "offline", behind: 0, queued: 0, clockOff: 0 };
    this.emit({ type: "session" });
  }

  async settings(change: Partial<SettingsView>): Promise<void> {
    this.stored = { ...this.stored, ...change };
    await this.store.put("kv", SETTINGS, this.stored);
    this.emit({ type: "session" });
  }

  async profile(change: { name?: string; picture?: Blob | null }): Promise<void> {
    if (change.name !== undefined) await this.running.office.rename(change.name);
  }

  // -- people and devices

  people(): Promise<PersonView[]> {
    const { chains, self } = this.running;
    const rows = [...chains.people.values()].filter((row) => row.role > 0 && row.name !== "");
    const views = rows.map((row) => personView(row, self.user));
    return Promise.resolve(views.sort((a, b) => a.name.localeCompare(b.name)));
  }

  verification(person: Id): Promise<VerificationView> {
    const { self, office } = this.running;
    const code = [VERIFY, b64u(self.row.organisation), b64u(self.row.user)].join(":");
    return Promise.resolve({ number: office.verificationNumber(person), code });
  }

  async verify(person: Id, verified: boolean): Promise<void> {
    await this.running.chains.changePerson(person, { verified, suspect: "" });
  }

  async verifyScanned(scanned: string): Promise<Id> {
    const { self, chains } = this.running;
    const [mark, organisation, user] = scanned.trim().split(":");
    try {
      const [org, id] = [unb64u(organisation ?? ""), unb64u(user ?? "")];
      const right = mark === VERIFY && equal(org, self.row.organisation) && chains.users.has(hex(id));
      if (!right || hex(id) === self.user) throw new TypeError("another person");
      await this.verify(hex(id), true);
      return hex(id);
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem("verification_mismatch");
    }
  }

  invite(role: RoleName, uses: number, days: number): Promise<InviteView> {
    return this.running.office.invite(roleNumber(role), uses, days);
  }

  removePerson(person: Id): Promise<void> {
    return this.running.office.removePerson(person);
  }

  setRole(person: Id, role: RoleName): Promise<void> {
    return this.running.office.setRole(person, roleNumber(role));
  }

  devices(): Promise<DeviceView[]> {
    return this.running.office.devices();
  }

  deviceLink(): Promise<InviteView> {
    return this.running.office.deviceLink();
  }

  async revoke(device: Id): Promise<void> {
    await this.running.office.revoke(device);
    this.emit({ type: "devices" });
  }

  // -- conversations

  conversations(): Promise<ConversationView[]> {
    return this.running.talk.list();
  }

  conversation(id: Id): Promise<ConversationView> {
    return this.running.talk.view(id);
  }

  members(id: Id): Promise<MemberView[]> {
    return this.running.talk.members(id);
  }

  create(kind: ConversationKind, title: string, site: string, people: Id[]): Promise<Id> {
    return this.running.talk.create(kind, title, site, people);
  }

  direct(person: Id): Promise<Id> {
    return this.running.talk.direct(person);
  }

  rename(id: Id, title: string, site: string): Promise<void> {
    return this.running.talk.details(id, title, site);
  }

  add(id: Id, people: Id[]): Promise<void> {
    return this.running.talk.add(id, people);
  }

  remove(id: Id, person: Id): Promise<void> {
    return this.running.talk.remove(id, person);
  }

  leave(id: Id): Promise<void> {
    return this.running.talk.leave(id);
  }

  setLead(id: Id, person: Id, lead: boolean): Promise<void> {
    return this.running.talk.setLead(id, person, lead);
  }

  async mute(id: Id, until: number): Promise<void> {
    await this.running.logs.change(id, { muted: until });
    this.emit({ type: "conversations" });
  }

  async read(id: Id, seq: number): Promise<void> {
    if (await this.running.talk.read(id, seq)) this.emit({ type: "conversations" });
  }

  async draft(id: Id, text: string): Promise<void> {
    await this.running.logs.change(id, { draft: text });
    this.emit({ type: "conversations" });
  }

  // -- messages

  page(conversation: Id, where: Where, limit: number): Promise<PageView> {
    return this.running.talk.page(conversation, where, limit);
  }

  send(conversation: Id, out: Outgoing): Promise<Id> {
    return this.running.talk.send(conversation, out);
  }

  edit(conversation: Id, message: Id, text: string): Promise<void> {
    return this.running.talk.change(conversation, { type: "edit", target: unhex(message), text });
  }

  erase(conversation: Id, message: Id): Promise<void> {
    return this.running.talk.change(conversation, { type: "delete", target: unhex(message) });
  }

  react(conversation: Id, message: Id, text: string): Promise<void> {
    return this.running.talk.change(conversation, { type: "reaction", target: unhex(message), text });
  }

  retry(message: Id): Promise<void> {
    return this.running.talk.retry(message);
  }

  discard(message: Id): Promise<void> {
    return this.running.talk.discard(message);
  }

  open(conversation: Id, message: Id, blob: Id): Promise<Blob> {
    return this.running.talk.open(conversation, message, blob);
  }

  pause(blob: Id): Promise<void> {
    return this.running.files.pause(blob);
  }

  async resume(blob: Id): Promise<void> {
    await this.running.files.resume(blob);
    void this.running.outbox.flush();
  }
}

function roleNumber(role: RoleName): 1 | 2 | 3 | 4 | 5 {
  return (account.ROLES.indexOf(role) + 1) as 1 | 2 | 3 | 4 | 5;
}

function ignore(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
}
