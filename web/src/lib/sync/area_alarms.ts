import { hex, type Hex, unhex } from "../protocol/bytes";
import { fromB64, toB64 } from "../wire/api";
import type {
  AlarmBoardView,
  AlarmOut,
  AlarmsApi,
  AlarmView,
  DutyView,
  PlanView,
  PolicyView,
  UnsentAlarm,
} from "./alarm_views";
import type { Ground } from "./running";

interface OwnDuty {
  duty?: DutyView["duty"];
  quiet?: { begins: string; ends: string; zone?: string } | null;
  contact?: { phone?: string | null; mail?: string | null } | null;
}
interface Policies {
  policies: { id: string; policy: { name: string }; words: string[] }[];
}
interface Plans {
  plans: {
    id: string;
    plan: { name: string };
    now: string[];
    short_rests: { user: string; ends: number; begins: number }[];
  }[];
}

/** Alarms, their policies, who is on call, the own status. */
export class AlarmsArea implements AlarmsApi {
  constructor(private readonly ground: Ground) {}

  private get alarms(): Ground["running"]["alarms"] {
    return this.ground.running.alarms;
  }

  private call<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.ground.running.core.parts.transport.call<T>(method, path, body === undefined ? {} : { body });
  }

  private name(user: string): string {
    return this.ground.running.chains.name(hex(fromB64(user)));
  }

  list(): Promise<AlarmView[]> {
    return this.alarms.list();
  }

  unsent(): Promise<UnsentAlarm[]> {
    return Promise.resolve(this.alarms.unsent());
  }

  raise(out: AlarmOut): Promise<Hex> {
    return this.alarms.raise(out);
  }

  drop(id: Hex): Promise<void> {
    return this.alarms.drop(id);
  }

  shown(id: Hex): Promise<void> {
    this.alarms.shown(id);
    return Promise.resolve();
  }

  answer(id: Hex, code: number): Promise<void> {
    return this.alarms.answer(id, code);
  }

  end(id: Hex, cancelled: boolean): Promise<void> {
    return this.alarms.end(id, cancelled);
  }

  board(id: Hex): Promise<AlarmBoardView> {
    return this.alarms.board(id);
  }

  async policies(): Promise<PolicyView[]> {
    const { policies } = await this.call<Policies>("GET", "/v1/alarm-policies");
    return policies.map(({ id, policy, words }) => ({ id: hex(fromB64(id)), name: policy.name, words, form: policy }));
  }

  async setPolicy(id: Hex | null, form: unknown): Promise<void> {
    const key = id ?? hex(this.ground.running.core.parts.env.random(16));
    await this.call("PUT", `/v1/alarm-policies/${key}`, { policy: form });
  }

  async dropPolicy(id: Hex): Promise<void> {
    await this.call("DELETE", `/v1/alarm-policies/${id}`);
  }

  async plans(): Promise<PlanView[]> {
    const { plans } = await this.call<Plans>("GET", "/v1/on-call-plans");
    return plans.map(({ id, plan, now, short_rests: short }) => ({
      id: hex(fromB64(id)),
      name: plan.name,
      now: now.map((user) => this.name(user)),
      short: short.map(({ user, ends, begins }) => ({ name: this.name(user), ends, begins })),
    }));
  }

  async duty(): Promise<DutyView> {
    const own = await this.call<OwnDuty>("GET", "/v1/me/duty");
    return {
      duty: own.duty ?? null,
      quiet: own.quiet ?? null,
      phone: own.contact?.phone ?? "",
      mail: own.contact?.mail ?? "",
    };
  }

  async setDuty({ duty, quiet, phone, mail }: DutyView): Promise<void> {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const contact = phone || mail ? { phone: phone || null, mail: mail || null } : null;
    const hours = quiet && { begins: quiet.begins, ends: quiet.ends, zone };
    await this.call("PUT", "/v1/me/duty", { duty, quiet: hours, contact });
  }
}

/** An id as the API's forms carry it. */
export const idBody = (id: Hex): string => toB64(unhex(id));
