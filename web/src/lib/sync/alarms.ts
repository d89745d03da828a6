import { fromE7, toE7 } from "../geo/sphere";
import { hex, type Hex, unhex } from "../protocol/bytes";
import type { ContentOf } from "../protocol/content";
import { fromB64, toB64 } from "../wire/api";
import type { AlarmFrame, BoardFrame } from "../wire/frames";
import type {
  AlarmBoardView,
  AlarmLevel,
  AlarmOut,
  AlarmPersonView,
  AlarmStage,
  AlarmStatus,
  AlarmView,
  UnsentAlarm,
} from "./alarm_views";
import type { TemplateForm } from "./alarm_settings_views";
import { Problem } from "./api";
import type { Core } from "./core";
import { contentOf } from "./lines";
import type { Outbox } from "./outbox";
import { isQuiet, type QuietHours } from "./quiet";
import type { Sight } from "./render";
import type { Templates } from "./templates";
import { isNetwork } from "./transport";

/** An alarm that could not be sent is sent later, unless it is older than this: help may have come another way. */
export const LATE_MS = 2 * 60_000;
/** After so long without an answer people are told that it is not sent. */
const SLOW_MS = 4_000;
const LINES = 200;
const RACES = 6;
const ASIDE_MAX = 16;
const STATUS: readonly AlarmStatus[] = ["running", "reached", "ended", "cancelled", "expired"];
const STAGES: readonly AlarmStage[] = ["sent", "delivered", "displayed", "acknowledged"];
const UNSENT = "alarms_unsent";

type Words = ContentOf<"alarm">;

/** Ways to people. */
export interface Reach {
  /** The conversation with one person; made if there is none. */
  direct(person: Hex): Promise<Hex>;
  /** Whom later steps of a policy may call. */
  later(policy: Hex): Promise<Set<Hex>>;
}

interface Info {
  alarm: string;
  level: number;
  status: number;
  started: number;
  ended: number;
  raiser: string;
  ender: string;
  template: string;
  drill: boolean;
  conversations: string[];
  policy: { name: string };
  watching: boolean;
  coming: number;
  seen: number;
  called: number;
  me: Line | null;
  people: Line[];
  marks: { time: number; kind: string; number: number }[];
  sends: { user: string; time: number; state: string; error: string }[];
}
interface Line {
  user: string;
  delivered: number;
  displayed: number;
  acknowledged: number;
  code: number | null;
  unreachable: boolean;
}
interface Unsent extends Omit<UnsentAlarm, "late" | "refused"> {
  /** What was stored by an older version has none. */
  refused?: string;
  out: AlarmOut;
  /** The message's id for each conversation and person called. */
  messages: Record<Hex, Hex>;
  /** It is not on its way any more; said at once, in red. */
  failed: boolean;
}

/** Alarms on this device: what the server says of them, with the sealed words of the conversations. */
export class Alarms {
  private readonly known = new Map<
    Hex,
    Omit<AlarmView, "text" | "signed" | "place" | "title" | "answers" | "silent">
  >();
  /** The prepared alarm that each names. */
  private readonly templates = new Map<Hex, Hex>();
  private readonly where = new Map<Hex, Hex[]>();
  private waiting: Unsent[] = [];
  private readonly answered = new Map<Hex, number>();
  private quiet: Promise<QuietHours | null> | null = null;

  constructor(
    private readonly core: Core,
    private readonly outbox: Outbox,
    private readonly prepared: Templates,
    private readonly sight: Sight,
    private readonly reach: Reach,
    private readonly changed: () => void,
  ) {}

  async load(): Promise<void> {
    this.waiting = ((await this.core.parts.store.get("kv", UNSENT)) as Unsent[] | undefined) ?? [];
  }

  /** The connection is back: what waits is sent unless it is too old; the newest alarms are asked for. */
  async connected(): Promise<void> {
    this.askAgain();
    for (const one of this.waiting.filter((each) => !this.late(each) && !each.refused)) await this.again(one);
    for (const [id, code] of this.answered) await this.answer(id, code).catch(ignore);
    const { alarms } = await this.core.parts.transport.call<{ alarms: Info[] }>("GET", "/v1/alarms");
    for (const info of alarms) this.take(info);
    this.changed();
  }

  /** The quiet hours may be others than before. */
  askAgain(): void {
    this.quiet = null;
  }

  /** Whether it is this person's quiet hours. Where that cannot be known, an alarm is heard. */
  private async inQuiet(): Promise<boolean> {
    const { transport, env } = this.core.parts;
    this.quiet ??= transport
      .call<{ quiet?: QuietHours | null }>("GET", "/v1/me/duty")
      .then(({ quiet }) => quiet ?? null)
      .catch((error: unknown) => {
        this.quiet = null;
        ignore(error);
        return null;
      });
    const hours = await this.quiet;
    return hours !== null && isQuiet(hours, env.now());
  }

  /** What the server refuses is not tried once more, and said as what it is: the network was there. */
  private async again(one: Unsent): Promise<void> {
    try {
      await this.post(one);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!isNetwork(error)) await this.note(one.id, { failed: true, refused: error.code });
    }
  }

  frame(frame: AlarmFrame): void {
    const id = hex(frame.alarm);
    const before = this.known.get(id);
    this.where.set(id, frame.conversations.map(hex));
    this.templates.set(id, hex(frame.template));
    this.known.set(id, {
      id,
      level: frame.level as AlarmLevel,
      status: STATUS[frame.status - 1] ?? "expired",
      started: frame.time,
      drill: frame.drill,
      called: frame.called,
      watching: frame.watching,
      raiser: frame.raiser.length > 0 ? this.sight.name(hex(frame.raiser)) : "",
      conversation: this.where.get(id)?.[0] ?? null,
      code: this.answered.get(id) ?? frame.code,
      round: frame.round,
      coming: before?.coming ?? 0,
      seen: before?.seen ?? 0,
      total: before?.total ?? 0,
    });
    if (frame.called && frame.status <= 2 && frame.stage < 1)
      this.core.tell({ tag: "alarm_seen", alarm: frame.alarm, stage: 1 });
    this.changed();
  }

  board_(frame: BoardFrame): void {
    const known = this.known.get(hex(frame.alarm));
    if (!known) return;
    known.status = STATUS[frame.status - 1] ?? known.status;
    Object.assign(known, { coming: frame.coming, seen: frame.seen, total: frame.called });
    this.changed();
  }

  private take(info: Info): void {
    const id = hex(fromB64(info.alarm));
    const places = info.conversations.map((one) => hex(fromB64(one)));
    this.where.set(id, places);
    this.templates.set(id, hex(fromB64(info.template)));
    this.known.set(id, {
      id,
      level: info.level as AlarmLevel,
      status: STATUS[info.status - 1] ?? "expired",
      started: info.started,
      drill: info.drill,
      called: info.me !== null,
      watching: info.watching,
      raiser: info.raiser ? this.sight.name(hex(fromB64(info.raiser))) : "",
      conversation: places[0] ?? null,
      code: this.answered.get(id) ?? info.me?.code ?? null,
      round: this.known.get(id)?.round ?? 0,
      coming: info.coming,
      seen: info.seen,
      total: info.called,
    });
  }

  async list(): Promise<AlarmView[]> {
    const views = await Promise.all([...this.known.keys()].map((id) => this.view(id)));
    return views.sort((a, b) => b.started - a.started);
  }

  private async view(id: Hex): Promise<AlarmView> {
    const known = this.known.get(id);
    if (!known) throw new Problem("not_found", "alarm");
    const found = await this.words(id);
    const prepared = found ? null : await this.preparedFor(id);
    const { logs } = this.core.parts;
    const at = found?.conversation ?? known.conversation;
    const row = at === null ? undefined : logs.rows.get(at);
    const place = found?.words.place;
    const calls = known.called && known.code === null && (known.status === "running" || known.status === "reached");
    return {
      ...known,
      silent: calls && known.level === 1 && (await this.inQuiet()),
      conversation: row ? at : null,
      title: row ? row.title || (row.peer && row.peer !== found?.sender ? this.sight.name(row.peer) : "") : "",
      raiser: found ? this.sight.name(found.sender) : known.raiser,
      signed: found !== null,
      text: found?.words.text ?? prepared?.text ?? "",
      answers: found?.words.answers ?? prepared?.answers ?? [],
      place: place ? fromE7(place) : null,
    };
  }

  /** The sealed words of an alarm, in any conversation of this device. */
  private async words(id: Hex): Promise<{ words: Words; conversation: Hex; sender: Hex } | null> {
    const { store, logs } = this.core.parts;
    const first = this.where.get(id) ?? [];
    for (const conversation of [...first, ...[...logs.rows.keys()].filter((one) => !first.includes(one))]) {
      for (const row of await store.shown(conversation, { before: Infinity }, LINES)) {
        const content = row.content ? contentOf(row.content) : null;
        if (content?.type === "alarm" && hex(content.alarm) === id)
          return { words: content, conversation, sender: row.sender };
      }
    }
    return null;
  }

  /** What a machine's alarm is about: it names a prepared one. */
  private async preparedFor(id: Hex): Promise<TemplateForm | null> {
    const template = this.templates.get(id) ?? "";
    return template === "" ? null : this.prepared.find(template, this.where.get(id) ?? []);
  }

  // -- raising

  unsent(): UnsentAlarm[] {
    return this.waiting.flatMap((one) => {
      const { id, text, since, failed, refused = "" } = one;
      const late = this.late(one);
      return failed || late ? [{ id, text, since, late, refused }] : [];
    });
  }

  private late(one: Unsent): boolean {
    return this.core.parts.env.now() - one.since > LATE_MS;
  }

  async raise(out: AlarmOut): Promise<Hex> {
    const { env } = this.core.parts;
    const id = hex(env.random(16));
    const where = [...out.conversations, ...(out.people ?? [])];
    const messages = Object.fromEntries(where.map((one) => [one, this.outbox.freshId()]));
    const one: Unsent = { id, text: out.text, since: env.now(), out, messages, failed: false };
    await this.keep([...this.waiting, one]);
    const late = setTimeout(() => void this.fail(id), SLOW_MS);
    try {
      await this.post(one);
    } catch (error) {
      await this.fail(id);
      if (!isNetwork(error)) {
        await this.drop(id);
        throw error;
      }
      throw new Problem("alarm_not_sent");
    } finally {
      clearTimeout(late);
    }
    return id;
  }

  /** Say that it is not sent; it is still tried. */
  private fail(id: Hex): Promise<void> {
    return this.note(id, { failed: true });
  }

  private note(id: Hex, what: Partial<Unsent>): Promise<void> {
    return this.keep(this.waiting.map((one) => (one.id === id ? { ...one, ...what } : one)));
  }

  async drop(id: Hex): Promise<void> {
    await this.keep(this.waiting.filter((one) => one.id !== id));
  }

  private async keep(waiting: Unsent[]): Promise<void> {
    this.waiting = waiting;
    await this.core.parts.store.put("kv", UNSENT, waiting);
    this.changed();
  }

  /** The same id and message ids each time: however often it is tried, it is raised once. */
  private async post(one: Unsent): Promise<void> {
    const { out, id } = one;
    const { transport, logs } = this.core.parts;
    if (!this.core.connected) throw new Problem("no_connection");
    const place = out.place && {
      ...toE7(out.place),
      accuracy: Math.round(out.place.accuracy * 100),
      label: undefined,
    };
    const words: Words = {
      type: "alarm",
      alarm: unhex(id),
      level: out.level,
      text: out.text,
      template: out.template ? unhex(out.template) : undefined,
      answers: out.answers?.length ? out.answers : undefined,
      place: place ?? undefined,
      files: undefined,
      drill: out.drill || undefined,
    };
    const call = await this.called(one);
    for (let attempt = 0; ; attempt++) {
      const messages: { event: string }[] = [];
      const under = new Map<Hex, number>();
      for (const [conversation, message] of call) {
        messages.push({ event: toB64(await this.outbox.sealed(conversation, unhex(message), words)) });
        under.set(conversation, (await logs.require(conversation)).generation);
      }
      try {
        const body = {
          alarm: toB64(unhex(id)),
          level: out.level,
          messages,
          drill: out.drill,
          on_duty: out.onDuty ?? false,
          ...(out.policy ? { policy: toB64(unhex(out.policy)) } : {}),
          ...(out.template ? { template: toB64(unhex(out.template)) } : {}),
        };
        this.take(await transport.call<Info>("POST", "/v1/alarms", { body }));
        break;
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== "rekey_required" || attempt === RACES - 1) throw error;
        // Which conversation it was is not said.
        for (const [conversation, generation] of under) await this.outbox.renew(conversation, generation);
      }
    }
    await this.drop(id);
    for (const conversation of call.keys()) await this.core.catchUp(conversation).catch(ignore);
    if (out.policy) void this.aside(out.policy, words, call.keys()).catch(ignore);
  }

  /** Whom a later step may call gets the words in the direct conversation, after those who are called now, and is not woken. */
  private async aside(policy: Hex, words: Words, call: Iterable<Hex>): Promise<void> {
    const { self, logs } = this.core.parts;
    const people = await this.reach.later(policy);
    for (const conversation of call) for (const user of logs.rows.get(conversation)?.members ?? []) people.delete(user);
    people.delete(self.user);
    for (const person of [...people].slice(0, ASIDE_MAX)) {
      await this.outbox.queue(await this.reach.direct(person), words, { quiet: true });
      void this.outbox.flush();
    }
  }

  /** The conversations that call, with the message's id for each. */
  private async called({ out, messages }: Unsent): Promise<Map<Hex, Hex>> {
    const call = new Map(out.conversations.map((one) => [one, messages[one]!]));
    for (const person of out.people ?? []) {
      const conversation = await this.reach.direct(person);
      if (!call.has(conversation)) call.set(conversation, messages[person]!);
    }
    return call;
  }

  // -- answering, ending

  shown(id: Hex): void {
    this.core.tell({ tag: "alarm_seen", alarm: unhex(id), stage: 2 });
  }

  /** Kept and given again at the next connection if there is none now. */
  async answer(id: Hex, code: number): Promise<void> {
    this.answered.set(id, code);
    const known = this.known.get(id);
    if (known) known.code = code;
    this.changed();
    try {
      await this.core.parts.transport.call("POST", `/v1/alarms/${id}/report`, { body: { stage: 3, code } });
      this.answered.delete(id);
    } catch (error) {
      if (!isNetwork(error)) this.answered.delete(id);
      if (!(error instanceof Problem) || (!isNetwork(error) && error.code !== "expired")) throw error;
    }
  }

  async end(id: Hex, cancelled: boolean): Promise<void> {
    await this.core.parts.transport.call("POST", `/v1/alarms/${id}/end`, { body: { cancelled } });
  }

  async board(id: Hex): Promise<AlarmBoardView> {
    const info = await this.core.parts.transport.call<Info>("GET", `/v1/alarms/${id}`);
    this.take(info);
    const alarm = await this.view(id);
    const people: AlarmPersonView[] = info.people.map((line) => ({
      user: hex(fromB64(line.user)),
      name: this.sight.name(hex(fromB64(line.user))),
      stage: line.unreachable ? "unreachable" : STAGES[stageOf(line)]!,
      code: line.code,
      answer: alarm.answers.find(([code]) => code === line.code)?.[1] ?? "",
      time: Math.max(line.delivered, line.displayed, line.acknowledged),
    }));
    people.sort((a, b) => a.name.localeCompare(b.name));
    const sends = info.sends.map(({ user, time, state, error }) => ({
      name: this.sight.name(hex(fromB64(user))),
      time,
      state,
      error,
    }));
    const ender = info.ender ? this.sight.name(hex(fromB64(info.ender))) : "";
    return { alarm, people, marks: info.marks, sends, ended: info.ended, ender, policy: info.policy.name };
  }
}

function stageOf(line: Line): number {
  if (line.acknowledged) return 3;
  if (line.displayed) return 2;
  return line.delivered ? 1 : 0;
}

function ignore(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
}
