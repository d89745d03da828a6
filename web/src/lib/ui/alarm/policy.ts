import type { PolicyView } from "../../sync/alarm_views";

/** A policy as the form shows it; numbers as people type them, times in minutes. */
export const VIAS = ["app", "sms", "voice", "mail"] as const;
export interface Draft {
  name: string;
  every: string;
  times: string;
  after: string;
  coming: string;
  via: (typeof VIAS)[number][];
  stop: string;
}
export const EMPTY: Readonly<Draft> = {
  name: "",
  every: "1",
  times: "10",
  after: "3",
  coming: "2",
  via: ["app", "sms"],
  stop: "0",
};

interface Form {
  name: string;
  repeat_every?: number;
  repeat_times?: number;
  steps?: { after: number; unless?: { coming?: number }; to: object; via: Draft["via"] }[];
  stop?: { coming?: number; everyone?: boolean };
}

export function draftOf(policy: PolicyView): Draft {
  const form = policy.form as Form;
  const step = form.steps?.[0];
  return {
    name: form.name,
    every: String((form.repeat_every ?? 0) / 60),
    times: String(form.repeat_times ?? 0),
    after: String((step?.after ?? 0) / 60),
    coming: String(step?.unless?.coming ?? 0),
    via: step?.via ?? [...EMPTY.via],
    stop: String(form.stop?.coming ?? 0),
  };
}

/** The API's form. Steps beyond the first, and whom a step addresses, stay as they were. */
export function formOf(draft: Draft, before: PolicyView | null): Form {
  const old = (before?.form as Form | undefined)?.steps ?? [];
  const after = Math.round(count(draft.after) * 60);
  const coming = Math.round(count(draft.coming));
  const stop = Math.round(count(draft.stop));
  const first = {
    after,
    unless: coming > 0 ? { coming } : { everyone: true },
    to: old[0]?.to ?? { silent: true },
    via: draft.via.length > 0 ? draft.via : (["app"] as Draft["via"]),
  };
  return {
    name: draft.name.trim(),
    repeat_every: Math.round(count(draft.every) * 60),
    repeat_times: Math.round(count(draft.times)),
    steps: after > 0 ? [first, ...old.slice(1)] : [],
    stop: stop > 0 ? { coming: stop } : { everyone: true },
  };
}

function count(text: string): number {
  const value = Number(text.trim().replace(",", "."));
  return Number.isFinite(value) && value > 0 ? value : 0;
}
