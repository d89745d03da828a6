/** Pure questions about local days; times are milliseconds since 1970 UTC. */

const DAY_MS = 24 * 3_600_000;
const startOfDay = (time: number): number => new Date(time).setHours(0, 0, 0, 0);

/** How many midnights ago `time` was, 0 for today; right on days of 23 and 25 hours. */
export function daysAgo(time: number, now: number): number {
  return Math.round((startOfDay(now) - startOfDay(time)) / DAY_MS);
}

export function sameYear(a: number, b: number): boolean {
  return new Date(a).getFullYear() === new Date(b).getFullYear();
}
