import { type Hex } from "../protocol/bytes";
import type { FileRow, OutboxRow } from "../storage/rows";
import { Store } from "../storage/store";
import { Problem } from "./api";
import type { Change, Engine } from "./api";
import { AlarmsArea } from "./area_alarms";
import { AlarmSettingsArea } from "./area_alarm_settings";
import { DefectsArea } from "./area_defects";
import { PlacesArea } from "./area_places";
import { Chats, FilesArea, Messages } from "./area_chats";
import { Devices, People } from "./area_people";
import { PushArea } from "./area_push";
import { type Life, Session } from "./area_session";
import { Alarms } from "./alarms";
import { Chains } from "./chains";
import { Core } from "./core";
import type { Env } from "./env";
import { Defects } from "./defects";
import { Faces } from "./faces";
import { Files } from "./files";
import { LivePlaces } from "./live_places";
import { Keyring } from "./keyring";
import { DEFAULTS } from "./knock";
import { Logs, type Taken } from "./logs";
import { Office } from "./office";
import { Outbox } from "./outbox";
import { asProblem } from "./problems";
import { Receipts } from "./receipts";
import type { Running } from "./running";
import { Self } from "./self";
import { Slots } from "./slots";
import { Statements } from "./statements";
import { isShown, Talk } from "./talk";
import { Templates } from "./templates";
import type { Sight } from "./render";
import { Transport } from "./transport";
import { VoiceArea } from "./area_voice";
import { type KeepNote, Voice } from "./voice";
import type { NetworkView, SettingsView } from "./views";

const SETTINGS = "settings";
const BACKOFF_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const OFFLINE: NetworkView = { state: "offline", behind: 0, queued: 0, clockOff: 0, unsafe: "" };

/** The one place where the worker's parts meet: what the app asks for, and the connection that is kept up. */
export class LocalEngine implements Engine, Life {
  readonly session = new Session(this);
  readonly people = new People(this);
  readonly devices = new Devices(this);
  readonly chats = new Chats(this);
  readonly messages = new Messages(this);
  readonly files = new FilesArea(this);
  readonly defects = new DefectsArea(this);
  readonly voice = new VoiceArea(this);
  readonly push = new PushArea(this);
  readonly alarms = new AlarmsArea(this);
  readonly alarmSettings = new AlarmSettingsArea(this);
  readonly places = new PlacesArea(this);

  on: Running | null = null;
  stored: SettingsView = DEFAULTS;
  network: NetworkView = OFFLINE;
  private attempts = 0;
  private waking: (() => void) | null = null;
  private stopped = false;
  private shown = true;

  private constructor(
    readonly env: Env,
    public store: Store,
    readonly emit: (change: Change) => void,
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

  async begin(): Promise<void> {
    const { env, store } = this;
    const self = await Self.load(store);
    if (!self) return;
    const transport = new Transport(env, self.row.device, self.signing);
    const changed = (): void => {
      this.emit({ type: "people" });
      this.emit({ type: "session" });
      this.emit({ type: "places" });
      void faces.refresh();
      void places.ruled().catch(ignore);
      void logs.ruled().then(() => {
        this.emit({ type: "conversations" });
      });
    };
    const chains = new Chains(store, transport, self.organisation, changed, (user) => {
      if (user === self.user) this.emit({ type: "devices" });
    });
    const keys = new Keyring(store, chains, transport, self);
    const logs = new Logs(store, chains, keys, (taken) => void this.taken(taken));
    const core = new Core(
      { env, store, self, transport, chains, keys, logs },
      {
        behind: (behind) => {
          this.tell({ behind });
        },
        voice: (frame) => {
          voice.take(frame);
        },
        refused: (reference, problem) => void voice.refuse(reference, problem),
        alarm: (frame) => {
          if (frame.tag === "alarm") alarms.frame(frame);
          else alarms.board_(frame);
        },
        slot: (conversation, event) => void slots.take(conversation, event),
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
    const slots = new Slots(core, outbox);
    const office = new Office(core);
    const places = new LivePlaces(core, slots, office, this.emit);
    const receipts = new Receipts(
      core,
      slots,
      () => this.stored.receipts,
      (id) => void this.marked(id),
    );
    slots.add(receipts);
    slots.add(places);
    const faces = new Faces(core, slots, office);
    slots.add(faces);
    const sight: Sight = {
      me: self.user,
      name: (user) => chains.name(user),
      transfer: (blob) => files.transfer(blob),
      here: (blob) => files.here(blob),
    };
    const defects = new Defects(core, outbox, sight);
    const templates = new Templates(core, outbox);
    const talk: Talk = new Talk(core, statements, outbox, files, receipts, defects, templates, sight);
    const keep: KeepNote = (id, file, duration, levels, burst) => talk.note(id, file, duration, levels, burst);
    const voice: Voice = new Voice(core, outbox, keep, this.emit);
    const direct = (person: Hex): Promise<Hex> => talk.direct(person);
    const later = (policy: Hex): Promise<Set<Hex>> => this.alarmSettings.later(policy);
    const alarms = new Alarms(core, outbox, templates, sight, { direct, later }, () => {
      this.emit({ type: "alarms" });
    });
    this.on = {
      self,
      chains,
      logs,
      core,
      outbox,
      files,
      defects,
      alarms,
      receipts,
      slots,
      places,
      faces,
      office,
      talk,
      templates,
      voice,
    };
    await Promise.all([
      alarms.load(),
      chains.loadPeople(),
      logs.load(),
      outbox.load(),
      files.load(),
      receipts.load(),
      places.load(),
    ]);
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
      this.attempts = 0;
      this.tell({
        state: "online",
        behind: 0,
        clockOff: this.env.heard(serverTime),
        unsafe: "",
      });
      on.voice.opened();
      if (!this.shown) on.core.show(false);
      // What an alarm asks for comes before all else.
      await on.alarms.connected().catch(ignore);
      for (const id of on.logs.rows.keys()) await on.slots.refresh(id).catch(ignore);
      void on.outbox.flush();
      void on.places.close();
      await on.faces.refresh();
      on.faces.tell();
      await this.nameOrganisation(on);
      for (const id of on.logs.rows.keys()) on.receipts.want(id);
      return on.core.connected ? 0 : this.backoff();
    } catch (error) {
      await this.ended(asProblem(error));
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
    on.voice.ended();
    const cut = problem.code === "device_revoked" || problem.code === "person_removed";
    if (cut) {
      await on.self.change(this.store, { cut: problem.code });
      this.tell({ state: "refused" });
      this.emit({ type: "session" });
    } else this.tell({ state: "offline", behind: 0, ...(problem.code === "unsafe" ? { unsafe: problem.detail } : {}) });
    const wake = this.waking;
    wake?.();
  }

  private tell(change: Partial<NetworkView>): void {
    const next = { ...this.network, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.network)) return;
    this.network = next;
    this.emit({ type: "network", network: next });
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
    if (taken.defects) this.emit({ type: "defects", conversation: taken.conversation });
    if (taken.templates) this.emit({ type: "templates" });
    on.receipts.want(taken.conversation);
    if (taken.members) on.faces.tell();
  }

  private queued(row: OutboxRow, gone: boolean): void {
    const on = this.on;
    if (!on) return;
    this.tell({ queued: on.outbox.rows.length });
    const content = on.outbox.contentOf(row);
    if (content.type === "defect") this.emit({ type: "defects", conversation: row.conversation });
    if (content.type === "alarm_template") this.emit({ type: "templates" });
    if (!isShown(content)) return;
    // A sent one is replaced by its line of the log; only what was dropped goes away.
    const sent = gone && row.failure === "" && on.outbox.sending.has(row.messageId);
    const messages = gone ? [] : [on.talk.waiting(row).view];
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

  get running(): Running {
    if (!this.on) throw new Problem("unauthenticated");
    return this.on;
  }

  // -- what the session does with it

  async set(change: Partial<SettingsView>): Promise<void> {
    this.stored = { ...this.stored, ...change };
    await this.store.put("kv", SETTINGS, this.stored);
  }

  async forget(): Promise<void> {
    this.on?.core.close();
    this.on = null;
    this.waking?.();
    this.store.close();
    await Store.destroy();
    this.store = await Store.open();
    this.stored = DEFAULTS;
    this.network = OFFLINE;
  }

  /** Whether the app is in front of its user, in any tab: while it is not, the server pushes. */
  show(shown: boolean): void {
    this.shown = shown;
    this.on?.core.show(shown);
  }

  hurry(): void {
    this.attempts = 0;
    this.waking?.();
  }
}

function ignore(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
}
