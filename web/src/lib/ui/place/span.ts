/** How long a place is shared: always with an end. Pure; times in ms since 1970 UTC, `evening` is local "HH:MM". */
export type Span = "15m" | "1h" | "day";

const MINUTE = 60_000;

/** The end; for the end of work the next time that the clock says `evening`, and 0 where that is no time of day. */
export function endOf(span: Span, evening: string, now: number): number {
  if (span === "15m") return now + 15 * MINUTE;
  if (span === "1h") return now + 60 * MINUTE;
  const match = /^(\d{1,2}):(\d{2})$/.exec(evening);
  if (!match) return 0;
  const end = new Date(now);
  end.setHours(Number(match[1]), Number(match[2]), 0, 0);
  if (end.getTime() <= now) end.setDate(end.getDate() + 1);
  // Sixteen hours are the most that the protocol allows: no working day is longer.
  return Math.min(end.getTime(), now + 16 * 60 * MINUTE);
}
