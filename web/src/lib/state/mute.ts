/** How long a conversation is silent; times are milliseconds since 1970 UTC. */
export type MuteFor = "hour" | "morning" | "always" | "off";

/** Far enough to be forever, and still a safe integer and a date. */
export const ALWAYS = Date.UTC(9999, 0, 1);
const MORNING = 6;

/** Until tomorrow means until six in the morning of the next day: before work begins. */
export function muteUntil(choice: MuteFor, now: number): number {
  switch (choice) {
    case "off":
      return 0;
    case "hour":
      return now + 3_600_000;
    case "morning": {
      const day = new Date(now);
      day.setDate(day.getDate() + 1);
      return day.setHours(MORNING, 0, 0, 0);
    }
    case "always":
      return ALWAYS;
  }
}
