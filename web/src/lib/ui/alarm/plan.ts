import { clockTime, dayName, t } from "../../i18n/index.svelte";
import type { OverrideForm, PlanForm, RotationForm, ShiftForm, ShortRest } from "../../sync/alarm_settings_views";

/** An on-call plan as the form shows it: what is not chosen yet is "", a number is as typed. */
export interface PlanDraft extends Omit<PlanForm, "rotations" | "overrides"> {
  rotations: (Omit<RotationForm, "days"> & { days: string; hours: boolean })[];
  overrides: { [K in keyof OverrideForm]: string }[];
}

/** In an override: nobody stands in; for everybody. */
export const NOBODY = "-";
const HOURS = { begins: "17:00", ends: "07:00" };

export function emptyPlan(): PlanDraft {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return { name: "", zone, work: false, rotations: [], shifts: [], overrides: [] };
}

export const emptyRotation = (today: Date): PlanDraft["rotations"][number] => ({
  people: [],
  start: dayOf(today),
  days: "7",
  handover: "07:00",
  hours: false,
  ...HOURS,
});
export const emptyShift = (today: Date): ShiftForm => ({
  person: "",
  begins: `${dayOf(today)}T07:00`,
  ends: `${dayOf(today)}T16:00`,
});
export const emptyOverride = (today: Date): PlanDraft["overrides"][number] => ({ ...emptyShift(today), instead: "" });

function dayOf(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function planDraft(form: PlanForm): PlanDraft {
  return {
    ...form,
    rotations: form.rotations.map((one) => ({
      ...one,
      days: String(one.days),
      hours: one.begins !== null,
      begins: one.begins ?? HOURS.begins,
      ends: one.ends ?? HOURS.ends,
    })),
    overrides: form.overrides.map((one) => ({ ...one, person: one.person ?? NOBODY, instead: one.instead ?? "" })),
  };
}

/** The API's form; null while something is missing. */
export function planForm(draft: PlanDraft): PlanForm | null {
  const rotations = draft.rotations.map(({ hours, days, begins, ends, ...one }) => ({
    ...one,
    days: Math.round(Number(days)),
    begins: hours ? begins : null,
    ends: hours ? ends : null,
  }));
  const limited = [...draft.shifts, ...draft.overrides];
  const whole =
    rotations.every((one) => one.people.length > 0 && one.start && one.handover && one.days >= 1 && one.days <= 56) &&
    limited.every((one) => one.person && one.begins && one.ends && one.begins < one.ends);
  if (!whole) return null;
  const overrides = draft.overrides.map((one) => ({
    ...one,
    person: one.person === NOBODY ? null : one.person,
    instead: one.instead || null,
  }));
  return { ...draft, name: draft.name.trim(), rotations, overrides };
}

/** A rest that is too short, and what the law asks. */
export function sayRest(short: ShortRest): string {
  const hours = Math.floor((short.begins - short.ends) / 360_000) / 10;
  return t("duty.rest", { name: short.name, hours, when: sayMoment(short.begins) });
}

export const sayMoment = (time: number): string => `${dayName(time)} ${clockTime(time)}`;
