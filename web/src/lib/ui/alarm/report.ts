import type { AlarmBoardView } from "../../sync/alarm_views";
import { answerWords } from "./words";

export interface Made {
  name: string;
  file: Blob;
}

/** The report for machines: all that the board shows, times as ISO 8601. Made on this device. */
export function reportJson(board: AlarmBoardView): Made {
  const { alarm } = board;
  const at = (time: number): string | null => (time > 0 ? new Date(time).toISOString() : null);
  const document = {
    alarm: alarm.id,
    level: alarm.level,
    status: alarm.status,
    drill: alarm.drill,
    text: alarm.text,
    signed: alarm.signed,
    raiser: alarm.raiser,
    started: at(alarm.started),
    ended: at(board.ended),
    ended_by: board.ender,
    policy: board.policy,
    coming: alarm.coming,
    seen: alarm.seen,
    called: alarm.total,
    people: board.people.map((one) => ({
      name: one.name,
      state: one.stage,
      code: one.code,
      answer: answerWords(one.code, alarm.answers),
      at: at(one.time),
    })),
    timeline: board.marks.map(({ time, kind, number }) => ({ at: at(time), what: kind, number })),
    messages: board.sends.map(({ time, ...rest }) => ({ at: at(time), ...rest })),
  };
  const file = new Blob([JSON.stringify(document, null, 2)], { type: "application/json" });
  return { name: `${nameOf(board)}.json`, file };
}

export function nameOf(board: AlarmBoardView): string {
  return `Alarm-${new Date(board.alarm.started).toISOString().slice(0, 16).replaceAll(":", "-")}`;
}

export function save({ name, file }: Made): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
