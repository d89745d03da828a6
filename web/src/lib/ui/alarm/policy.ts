import { getLanguage, plural, t } from "../../i18n/index.svelte";
import type { Channel, Goal, PolicyForm, PolicyStep } from "../../sync/alarm_settings_views";
import { CHANNELS } from "../../sync/alarm_settings_views";
import type { Id } from "../../sync/views";

/** A policy as the form shows it; numbers as people type them, times in minutes. */
export const UNLESS = ["coming", "seen", "everyone"] as const;
export interface StepDraft {
  after: string;
  unless: (typeof UNLESS)[number];
  enough: string;
  silent: boolean;
  people: Id[];
  plan: Id;
  via: Channel[];
}
export interface Draft {
  name: string;
  every: string;
  times: string;
  steps: StepDraft[];
  stop: string;
}

export const emptyStep = (): StepDraft => ({
  after: "3",
  unless: "coming",
  enough: "2",
  silent: true,
  people: [],
  plan: "",
  via: ["app", "sms"],
});
export const empty = (): Draft => ({ name: "", every: "1", times: "10", steps: [emptyStep()], stop: "0" });

export function draftOf(form: PolicyForm): Draft {
  return {
    name: form.name,
    every: minutes(form.repeat_every),
    times: String(form.repeat_times),
    steps: form.steps.map(({ after, unless, to, via }) => ({
      after: minutes(after),
      unless: unless.coming > 0 ? "coming" : unless.seen > 0 ? "seen" : "everyone",
      enough: String(unless.coming || unless.seen || 1),
      silent: to.silent,
      people: [...to.people],
      plan: to.plan ?? "",
      via: [...via],
    })),
    stop: String(form.stop.coming),
  };
}

export function formOf(draft: Draft): PolicyForm {
  const stop = Math.round(count(draft.stop));
  return {
    name: draft.name.trim(),
    repeat_every: seconds(draft.every),
    repeat_times: Math.round(count(draft.times)),
    steps: draft.steps.map((step) => ({
      after: Math.max(5, seconds(step.after)),
      unless: goalOf(step),
      to: { silent: step.silent, people: [...step.people], plan: step.plan || null },
      via: step.via.length > 0 ? CHANNELS.filter((one) => step.via.includes(one)) : ["app"],
    })),
    stop: goal(stop > 0 ? { coming: stop } : { everyone: true }),
  };
}

function goalOf({ unless, enough }: StepDraft): Goal {
  const most = Math.max(1, Math.round(count(enough)));
  return goal(unless === "everyone" ? { everyone: true } : { [unless]: most });
}

const goal = (some: Partial<Goal>): Goal => ({ coming: 0, seen: 0, everyone: false, ...some });
const minutes = (span: number): string => String(Math.round((span / 60) * 100) / 100);
const seconds = (text: string): number => Math.round(count(text) * 60);

function count(text: string): number {
  const value = Number(text.trim().replace(",", "."));
  return Number.isFinite(value) && value > 0 ? value : 0;
}

/** The policy in sentences, one a rule. */
export function sayPolicy(form: PolicyForm, person: (id: Id) => string, plan: (id: Id) => string): string[] {
  const said: string[] = [];
  if (form.repeat_every > 0 && form.repeat_times > 0)
    said.push(t("policy.say.repeat", { span: span(form.repeat_every), times: form.repeat_times }));
  form.steps.forEach((step, i) => {
    const values = {
      span: span(step.after),
      unless: sayUnless(step.unless),
      whom: sayWhom(step, person, plan),
      via: list(step.via.map((one) => t(`policy.via.${one}`))),
    };
    said.push(t(i === 0 ? "policy.say.first" : "policy.say.next", values));
  });
  const end = sayGoal(form.stop);
  if (end) said.push(t("policy.say.stop", { goal: end }));
  return said.length > 0 ? said : [t("policy.say.nothing")];
}

function span(seconds: number): string {
  if (seconds % 3600 === 0) return plural("policy.say.hours", seconds / 3600);
  return seconds % 60 === 0 ? plural("policy.say.minutes", seconds / 60) : plural("policy.say.seconds", seconds);
}

function sayUnless({ coming, seen, everyone }: Goal): string {
  if (coming > 0) return plural("policy.say.unlessComing", coming);
  if (seen > 0) return plural("policy.say.unlessSeen", seen);
  return everyone ? t("policy.say.unlessEveryone") : "";
}

function sayGoal({ coming, seen, everyone }: Goal): string {
  const said = coming > 0 ? [plural("policy.say.coming", coming)] : [];
  if (seen > 0) said.push(plural("policy.say.seen", seen));
  if (everyone) said.push(t("policy.say.everyone"));
  return list(said, "disjunction");
}

function sayWhom({ to }: PolicyStep, person: (id: Id) => string, plan: (id: Id) => string): string {
  const said = to.silent ? [t("policy.say.silent")] : [];
  said.push(...to.people.map(person));
  if (to.plan !== null) said.push(t("policy.say.plan", { name: plan(to.plan) }));
  return list(said) || t("policy.say.nobody");
}

function list(items: readonly string[], type: "conjunction" | "disjunction" = "conjunction"): string {
  return new Intl.ListFormat(getLanguage(), { type }).format(items);
}
