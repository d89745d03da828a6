import { getLanguage } from "../../i18n/index.svelte";

const DAY = 86_400_000;

/** A day, given in days since 1970. */
export function dayText(day: number): string {
  const style = { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(getLanguage(), style).format(day * DAY);
}

/** Whether a day is over, by this device's calendar. */
export function isLate(day: number | null, now = Date.now()): boolean {
  if (day === null) return false;
  const offset = new Date(now).getTimezoneOffset() * 60_000;
  return day < Math.floor((now - offset) / DAY);
}
