import type { TemplateView } from "../sync/alarm_settings_views";
import type { AlarmView, UnsentAlarm } from "../sync/alarm_views";
import { engine } from "./app.svelte";
import { Live } from "./live.svelte";

/** Alarms, the newest first; what has not left this device. */
export const alarms = new Live<AlarmView[]>(
  () => engine.alarms.list(),
  (change) => ["alarms", "templates", "session", "conversations"].includes(change.type),
);
/** Prepared alarms that this person can read, by title. */
export const templates = new Live<TemplateView[]>(
  () => engine.alarmSettings.templates(),
  (change) => change.type === "templates" || change.type === "session",
);
export const unsent = new Live<UnsentAlarm[]>(
  () => engine.alarms.unsent(),
  (change) => change.type === "alarms" || change.type === "session",
);

export const isOpen = (alarm: AlarmView): boolean => alarm.status === "running" || alarm.status === "reached";

/** The alarm that stands above everything: it calls this person, is open, and not answered. The most urgent first. */
export function ringing(): AlarmView | null {
  const calling = (alarms.current ?? []).filter((one) => one.called && isOpen(one) && one.code === null);
  return calling.sort((a, b) => b.level - a.level || a.started - b.started)[0] ?? null;
}
