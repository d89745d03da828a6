import { hex, type Hex, unhex } from "../protocol/bytes";
import { fromB64, toB64 } from "../wire/api";
import type {
  AlarmSettingsApi,
  GatewayForm,
  GatewayView,
  HookForm,
  HookMade,
  HookView,
  PlanForm,
  PlanPreview,
  PlanView,
  PolicyForm,
  PolicyView,
  SendView,
  ShortRest,
  TemplateForm,
  TemplateView,
} from "./alarm_settings_views";
import type { Ground } from "./running";

interface Rest {
  user: string;
  ends: number;
  begins: number;
}

/** Prepared alarms, machine accesses, policies, gateways and on-call plans; ids are hex here and base64 in the API's forms. */
export class AlarmSettingsArea implements AlarmSettingsApi {
  constructor(private readonly ground: Ground) {}

  private call<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.ground.running.core.parts.transport.call<T>(method, path, body === undefined ? {} : { body });
  }

  private name(user: string): string {
    return user ? this.ground.running.chains.name(inner(user)) : "";
  }

  private key(id: Hex | null): Hex {
    return id ?? hex(this.ground.running.core.parts.env.random(16));
  }

  templates(): Promise<TemplateView[]> {
    return this.ground.running.templates.list();
  }

  setTemplate(id: Hex | null, form: TemplateForm, conversations: Hex[]): Promise<void> {
    return this.ground.running.templates.set(id, form, conversations);
  }

  dropTemplate(id: Hex): Promise<void> {
    return this.ground.running.templates.drop(id);
  }

  async hooks(): Promise<HookView[]> {
    const { hooks } = await this.call<{ hooks: { id: string; hook: HookForm }[] }>("GET", "/v1/alarm-hooks");
    return hooks.map(({ id, hook }) => ({ id: inner(id), form: hookWith(hook, inner) }));
  }

  async setHook(id: Hex | null, form: HookForm): Promise<HookMade> {
    const key = this.key(id);
    const { secret } = await this.call<{ secret: string }>("PUT", `/v1/alarm-hooks/${key}`, hookWith(form, outer));
    return { url: `${this.ground.running.core.parts.env.base}/v1/hooks/${key}`, secret };
  }

  async dropHook(id: Hex): Promise<void> {
    await this.call("DELETE", `/v1/alarm-hooks/${id}`);
  }

  async policies(): Promise<PolicyView[]> {
    const { policies } = await this.call<{ policies: { id: string; policy: PolicyForm }[] }>(
      "GET",
      "/v1/alarm-policies",
    );
    return policies.map(({ id, policy }) => ({ id: inner(id), form: policyWith(policy, inner) }));
  }

  async setPolicy(id: Hex | null, form: PolicyForm): Promise<void> {
    await this.call("PUT", `/v1/alarm-policies/${this.key(id)}`, { policy: policyWith(form, outer) });
  }

  async dropPolicy(id: Hex): Promise<void> {
    await this.call("DELETE", `/v1/alarm-policies/${id}`);
  }

  /** Whom later steps of a policy may call, by name or by an on-call plan. */
  async later(policy: Hex): Promise<Set<Hex>> {
    const steps = (await this.policies()).find((one) => one.id === policy)?.form.steps ?? [];
    const named = new Set(steps.flatMap(({ to }) => (to.plan === null ? [] : [to.plan])));
    const plans = named.size > 0 ? (await this.plans()).filter((one) => named.has(one.id)) : [];
    const people = plans.flatMap(({ form }) => [
      ...form.rotations.flatMap((one) => one.people),
      ...[...form.shifts, ...form.overrides].flatMap((one) => one.person ?? []),
    ]);
    return new Set([...steps.flatMap(({ to }) => to.people), ...people]);
  }

  async gateways(): Promise<GatewayView[]> {
    const { gateways } = await this.call<{ gateways: { id: string; gateway: GatewayForm; secret_set: boolean }[] }>(
      "GET",
      "/v1/alarm-gateways",
    );
    return gateways.map(({ id, gateway, secret_set: secret }) => ({ id: inner(id), form: gateway, secret }));
  }

  async setGateway(id: Hex | null, form: GatewayForm, secret: string | null): Promise<void> {
    await this.call("PUT", `/v1/alarm-gateways/${this.key(id)}`, { gateway: form, secret });
  }

  async dropGateway(id: Hex): Promise<void> {
    await this.call("DELETE", `/v1/alarm-gateways/${id}`);
  }

  async testGateway(id: Hex, to: string): Promise<void> {
    await this.call("POST", `/v1/alarm-gateways/${id}/test`, { to });
  }

  async sends(): Promise<SendView[]> {
    type Row = Omit<SendView, "name" | "gateway"> & { user: string; gateway: string };
    const [{ sends }, gateways] = await Promise.all([
      this.call<{ sends: Row[] }>("GET", "/v1/alarm-sends"),
      this.gateways(),
    ]);
    return sends.map(({ user, gateway, time, state, attempts, error }) => {
      const way = gateway ? gateways.find((one) => one.id === inner(gateway)) : undefined;
      return { name: this.name(user), gateway: way?.form.name ?? "", time, state, attempts, error };
    });
  }

  async plans(): Promise<PlanView[]> {
    type Row = { id: string; plan: PlanForm; now: string[]; short_rests: Rest[] };
    const { plans } = await this.call<{ plans: Row[] }>("GET", "/v1/on-call-plans");
    return plans.map(({ id, plan, now, short_rests: rests }) => ({
      id: inner(id),
      form: planWith(plan, inner),
      now: now.map((user) => this.name(user)),
      short: this.rests(rests),
    }));
  }

  async previewPlan(id: Hex | null, form: PlanForm): Promise<PlanPreview> {
    const path = `/v1/on-call-plans/${this.key(id)}/preview`;
    const { spans, short_rests: rests } = await this.call<{ spans: Rest[]; short_rests: Rest[] }>("POST", path, {
      plan: planWith(form, outer),
    });
    return {
      spans: spans.map(({ user, begins, ends }) => ({ name: this.name(user), begins, ends })),
      short: this.rests(rests),
    };
  }

  async setPlan(id: Hex | null, form: PlanForm): Promise<void> {
    await this.call("PUT", `/v1/on-call-plans/${this.key(id)}`, { plan: planWith(form, outer) });
  }

  async dropPlan(id: Hex): Promise<void> {
    await this.call("DELETE", `/v1/on-call-plans/${id}`);
  }

  private rests(rests: readonly Rest[]): ShortRest[] {
    return rests.map(({ user, ends, begins }) => ({ name: this.name(user), ends, begins }));
  }
}

type Turn = (id: string) => string;
const inner: Turn = (id) => hex(fromB64(id));
const outer: Turn = (id) => toB64(unhex(id));
const maybe = (id: string | null, turn: Turn): string | null => (id === null ? null : turn(id));

function hookWith(form: HookForm, turn: Turn): HookForm {
  return { ...form, conversations: form.conversations.map(turn), policy: maybe(form.policy, turn) };
}

function policyWith(form: PolicyForm, turn: Turn): PolicyForm {
  const steps = form.steps.map((step) => {
    const { silent, people, plan } = step.to;
    return { ...step, to: { silent, people: people.map(turn), plan: maybe(plan, turn) } };
  });
  return { ...form, steps };
}

function planWith(form: PlanForm, turn: Turn): PlanForm {
  return {
    ...form,
    rotations: form.rotations.map((one) => ({ ...one, people: one.people.map(turn) })),
    shifts: form.shifts.map((one) => ({ ...one, person: turn(one.person) })),
    overrides: form.overrides.map((one) => ({
      ...one,
      person: maybe(one.person, turn),
      instead: maybe(one.instead, turn),
    })),
  };
}
