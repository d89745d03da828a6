import type { AlarmLevel } from "./alarm_views";
import type { Id } from "./views";

/** What owner and admin set for alarms. Times in ms; the forms' own spans in seconds, as the server has them. */
export const CHANNELS = ["app", "sms", "voice", "mail"] as const;
export type Channel = (typeof CHANNELS)[number];

/** What is enough: so many who come, so many who have confirmed, everyone; all zero: never. */
export interface Goal {
  coming: number;
  seen: number;
  everyone: boolean;
}

export interface PolicyStep {
  /** Seconds since the step before, or since the beginning. */
  after: number;
  unless: Goal;
  to: { silent: boolean; people: Id[]; plan: Id | null };
  via: Channel[];
}

export interface PolicyForm {
  name: string;
  repeat_every: number;
  repeat_times: number;
  steps: PolicyStep[];
  stop: Goal;
}

export interface PolicyView {
  id: Id;
  form: PolicyForm;
}

export interface SmtpForm {
  kind: "smtp";
  host: string;
  port: number;
  tls: "starttls" | "tls" | "none";
  user: string;
  sender: string;
}

export interface HttpsForm {
  kind: "https";
  url: string;
  method: "POST" | "PUT" | "GET";
  headers: Record<string, string>;
  body: string;
  type: "application/json" | "application/x-www-form-urlencoded" | "text/plain";
}

export interface GatewayForm {
  name: string;
  channel: Exclude<Channel, "app">;
  via: SmtpForm | HttpsForm;
}

export interface GatewayView {
  id: Id;
  form: GatewayForm;
  /** Whether a password or key is kept; it never comes back. */
  secret: boolean;
}

/** One message through a gateway. */
export interface SendView {
  time: number;
  name: string;
  gateway: string;
  state: "waiting" | "sent" | "failed";
  attempts: number;
  error: string;
}

/** A moment is local, "2026-12-24T07:00"; a day "2026-12-24"; a clock "07:00". */
export interface RotationForm {
  people: Id[];
  start: string;
  days: number;
  handover: string;
  begins: string | null;
  ends: string | null;
}

export interface ShiftForm {
  person: Id;
  begins: string;
  ends: string;
}

/** `person` null: nobody; `instead` null: of everybody. */
export interface OverrideForm {
  person: Id | null;
  instead: Id | null;
  begins: string;
  ends: string;
}

export interface PlanForm {
  name: string;
  zone: string;
  /** Its hours are working time, so that rest counts. */
  work: boolean;
  rotations: RotationForm[];
  shifts: ShiftForm[];
  overrides: OverrideForm[];
}

export interface ShortRest {
  name: string;
  ends: number;
  begins: number;
}

export interface PlanView {
  id: Id;
  form: PlanForm;
  now: readonly string[];
  short: readonly ShortRest[];
}

/** Who would be on call in the next four weeks, and whose rest would be too short. */
export interface PlanPreview {
  spans: readonly { name: string; begins: number; ends: number }[];
  short: readonly ShortRest[];
}

/** An alarm prepared; `answers` as [code, words]. */
export interface TemplateForm {
  title: string;
  text: string;
  level: AlarmLevel;
  answers: [number, string][];
  policy: Id | null;
}

export interface TemplateView {
  id: Id;
  form: TemplateForm;
  /** Whose members can read it. */
  conversations: Id[];
}

/** A machine's access: whom its alarms call, and how. */
export interface HookForm {
  name: string;
  conversations: Id[];
  /** The highest level that it may raise. */
  level_most: AlarmLevel;
  policy: Id | null;
  on_duty: boolean;
  drill: boolean;
}

export interface HookView {
  id: Id;
  form: HookForm;
}

/** Where a machine sends to, and what it signs with: "" unless the access is new, for it is never shown again. */
export interface HookMade {
  url: string;
  secret: string;
}

export interface AlarmSettingsApi {
  /** By title; those that this person can read. */
  templates(): Promise<TemplateView[]>;
  /** Sealed for the members of these conversations, which the asker leads; taken back in others that the asker leads. */
  setTemplate(id: Id | null, form: TemplateForm, conversations: Id[]): Promise<void>;
  dropTemplate(id: Id): Promise<void>;
  hooks(): Promise<HookView[]>;
  setHook(id: Id | null, form: HookForm): Promise<HookMade>;
  dropHook(id: Id): Promise<void>;
  policies(): Promise<PolicyView[]>;
  setPolicy(id: Id | null, form: PolicyForm): Promise<void>;
  dropPolicy(id: Id): Promise<void>;
  gateways(): Promise<GatewayView[]>;
  /** Without a secret the old one stays. Refused `gateway_refused` for a host that the operator has not allowed. */
  setGateway(id: Id | null, form: GatewayForm, secret: string | null): Promise<void>;
  dropGateway(id: Id): Promise<void>;
  /** Refused `gateway_failed`; why in the detail. */
  testGateway(id: Id, to: string): Promise<void>;
  /** The newest first. */
  sends(): Promise<SendView[]>;
  plans(): Promise<PlanView[]>;
  previewPlan(id: Id | null, form: PlanForm): Promise<PlanPreview>;
  setPlan(id: Id | null, form: PlanForm): Promise<void>;
  dropPlan(id: Id): Promise<void>;
}
