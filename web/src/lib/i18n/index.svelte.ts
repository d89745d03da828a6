import { daysAgo, sameYear } from "./dates";
import german from "virtual:texts/de";
import type { Key, Texts } from "./catalogue";

export type { Key };
export type Language = "de" | "en";
type Values = Readonly<Record<string, string | number>>;

let language = $state<Language>("de");
let texts = $state.raw<Texts>(german);
let asked: Language = "de";

/** The chosen language, or the device's where it is spoken here; else German. Done when the app speaks it. */
export async function setLanguage(wanted: Language | ""): Promise<void> {
  const found = (asked = wanted || (navigator.language.startsWith("en") ? "en" : "de"));
  const loaded = found === "de" ? german : (await import("virtual:texts/en")).default;
  // Chosen otherwise while it was loading.
  if (asked !== found) return;
  texts = loaded;
  language = found;
  document.documentElement.lang = found;
}

export function getLanguage(): Language {
  return language;
}

/** The text of a key, with `{name}` replaced by values. */
export function t(key: Key, values: Values = {}): string {
  return texts[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
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
  return Object.hasOwn(german, key) ? t(key as Key) : t("error.unknown");
}

const FORMS = {
  clock: { hour: "2-digit", minute: "2-digit" },
  day: { weekday: "long", day: "numeric", month: "long" },
  dayAndYear: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  weekday: { weekday: "short" },
  date: { day: "2-digit", month: "2-digit", year: "2-digit" },
  whole: { dateStyle: "medium", timeStyle: "short" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;
// eslint-disable-next-line svelte/prefer-svelte-reactivity -- nobody is shown what it holds
const formats = new Map<string, Intl.DateTimeFormat>();

/** A format is kept, as making one takes far longer than using it; for each offset, as the device may travel. */
function formatted(form: keyof typeof FORMS, time: number): string {
  const key = `${language} ${form} ${String(new Date(time).getTimezoneOffset())}`;
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(language, FORMS[form])));
  return format.format(time);
}

export function clockTime(time: number): string {
  return formatted("clock", time);
}

/** Today, yesterday, or the date. */
export function dayName(time: number, now = Date.now()): string {
  const days = daysAgo(time, now);
  if (days === 0) return t("chat.today");
  if (days === 1) return t("chat.yesterday");
  return formatted(sameYear(time, now) ? "day" : "dayAndYear", time);
}

/** In a list: the time today, else the day, short. */
export function shortTime(time: number, now = Date.now()): string {
  const days = daysAgo(time, now);
  if (days === 0) return clockTime(time);
  if (days === 1) return t("chat.yesterday");
  return formatted(days < 7 ? "weekday" : "date", time);
}

export function dateTime(time: number): string {
  return formatted("whole", time);
}

export function fileSize(bytes: number): string {
  const [value, unit] = bytes < 1_000_000 ? [Math.max(1, bytes / 1000), "kilobyte"] : [bytes / 1_000_000, "megabyte"];
  const digits = unit === "megabyte" && value < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: digits }).format(value);
}
