/** A person's quiet hours: local times of day, "20:00", in a time zone. */
export interface QuietHours {
  begins: string;
  ends: string;
  zone?: string;
}

/** Whether `now` (ms) lies in them; over midnight where they end before they begin. As the server's `domain/oncall.py`. */
export function isQuiet({ begins, ends, zone }: QuietHours, now: number): boolean {
  const clock = new Intl.DateTimeFormat("en-GB", {
    ...(zone ? { timeZone: zone } : {}),
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(now);
  return begins <= ends ? begins <= clock && clock < ends : clock >= begins || clock < ends;
}
