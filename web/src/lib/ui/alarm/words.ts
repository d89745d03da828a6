import { type Key, t } from "../../i18n/index.svelte";
import type { AlarmLevel, AlarmView } from "../../sync/alarm_views";

export const SEEN = 0;
export const COMING = 1;
export const NOT_COMING = 2;
export const MINUTES = 1000;

/** What is prepared for raising with one touch. */
export const TEMPLATES: readonly { title: Key; text: Key; level: AlarmLevel }[] = [
  { title: "alarm.accident", text: "alarm.accidentText", level: 3 },
  { title: "alarm.evacuate", text: "alarm.evacuateText", level: 3 },
  { title: "alarm.weather", text: "alarm.weatherText", level: 2 },
  { title: "alarm.outage", text: "alarm.outageText", level: 2 },
];

/** An alarm in own words; `answers` as [code, words]. */
export interface OwnWords {
  text: string;
  level: AlarmLevel;
  answers: [number, string][];
  place: boolean;
  photo: File | null;
}
const OWN_MAX = 6;
const WORDS_MAX = 80;

/** Own answers, one a line, with codes behind the usual ones. */
export function answersOf(text: string): [number, string][] {
  const lines = text.split("\n").map((line) => line.trim().slice(0, WORDS_MAX));
  return lines
    .filter((line) => line !== "")
    .slice(0, OWN_MAX)
    .map((line, i) => [NOT_COMING + 1 + i, line]);
}

/** An answer in words: the alarm's own, else the usual ones. */
export function answerWords(code: number | null, answers: AlarmView["answers"] = []): string {
  if (code === null) return "";
  const own = answers.find(([one]) => one === code)?.[1];
  if (own) return own;
  if (code >= MINUTES) return t("alarm.minutes", { minutes: code - MINUTES });
  if (code === SEEN) return t("alarm.seen");
  if (code === COMING) return t("alarm.coming");
  return code === NOT_COMING ? t("alarm.notComing") : t("alarm.other", { code });
}

/** Who raised it, or that nobody has signed it. */
export function raiserWords(alarm: AlarmView): string {
  const by = t("alarm.by", { name: alarm.raiser });
  if (alarm.signed) return by;
  // Only the server says so.
  return alarm.raiser ? `${by}, ${t("alarm.unsigned")}` : t("alarm.machine");
}
