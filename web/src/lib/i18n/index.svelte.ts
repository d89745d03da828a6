import { daysAgo, sameYear } from "./dates";
import { de, en, type Key } from "./catalogue";

export type { Key };
export type Language = "de" | "en";
type Values = Readonly<Record<string, string | number>>;

const CATALOGUES: Readonly<Record<Language, Readonly<Record<Key, string>>>> = { de, en };
let language = $state<Language>("de");

/** The chosen language, or the device's where it is spoken here; else German. */
export function setLanguage(wanted: Language | ""): void {
  const found = wanted || (navigator.language.startsWith("en") ? "en" : "de");
  language = found;
  document.documentElement.lang = found;
}

export function getLanguage(): Language {
  return language;
}

/** The text of a key, with `{name}` replaced by values. */
export function t(key: Key, values: Values = {}): string {
  return CATALOGUES[language][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

type Plural = { [K in Key]: K extends `${infer Base}.other` ? Base : never }[Key];

/** The text for a number: keys end in `.one` and `.other`. */
export function plural(base: Plural, n: number): string {
  const form = new Intl.PluralRules(language).select(n) === "one" ? "one" : "other";
  return t(`${base}.${form}` as Key, { n });
}

/** What happened and what to do, for any error. */
export function problemText(error: unknown): string {
  const code = error !== null && typeof error === "object" && "code" in error ? String(error.code) : "";
  const key = `error.${code}`;
  return Object.hasOwn(de, key) ? t(key as Key) : t("error.unknown");
}

export function clockTime(time: number): string {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" }).format(time);
}

/** Today, yesterday, or the date. */
export function dayName(time: number, now = Date.now()): string {
  const days = daysAgo(time, now);
  if (days === 0) return t("chat.today");
  if (days === 1) return t("chat.yesterday");
  const year = sameYear(time, now) ? {} : { year: "numeric" as const };
  return new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", ...year }).format(time);
}

/** In a list: the time today, else the day, short. */
export function shortTime(time: number, now = Date.now()): string {
  const days = daysAgo(time, now);
  if (days === 0) return clockTime(time);
  if (days === 1) return t("chat.yesterday");
  if (days < 7) return new Intl.DateTimeFormat(language, { weekday: "short" }).format(time);
  return new Intl.DateTimeFormat(language, { day: "2-digit", month: "2-digit", year: "2-digit" }).format(time);
}

export function dateTime(time: number): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(time);
}

export function fileSize(bytes: number): string {
  const [value, unit] = bytes < 1_000_000 ? [Math.max(1, bytes / 1000), "kilobyte"] : [bytes / 1_000_000, "megabyte"];
  const digits = unit === "megabyte" && value < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: digits }).format(value);
}
