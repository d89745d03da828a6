import type { Id } from "./views";

/** What the app shows of alarms, and what it asks for. Times in ms. */
export type AlarmLevel = 1 | 2 | 3;
export type AlarmStatus = "running" | "reached" | "ended" | "cancelled" | "expired";
export type AlarmStage = "sent" | "delivered" | "displayed" | "acknowledged" | "unreachable";

export interface AlarmView {
  id: Id;
  level: AlarmLevel;
  status: AlarmStatus;
  started: number;
  drill: boolean;
  /** Whether it calls this person, and whether this person may follow and end it. */
  called: boolean;
  watching: boolean;
  /** Who raised it; "" for a machine. `signed` false: no sealed words prove it. */
  raiser: string;
  signed: boolean;
  text: string;
  place: { latitude: number; longitude: number } | null;
  /** Where its words stand, and what that is called. */
  conversation: Id | null;
  title: string;
  /** [code, words] of own answers. */
  answers: readonly (readonly [number, string])[];
  /** Own answer; null: not answered. */
  code: number | null;
  round: number;
  /** It calls in this person's quiet hours and is not urgent: shown, but not heard. */
  silent: boolean;
  coming: number;
  seen: number;
  total: number;
}

export interface AlarmPersonView {
  user: Id;
  name: string;
  stage: AlarmStage;
  code: number | null;
  answer: string;
  time: number;
}

/** All that who may watch an alarm sees of it. */
export interface AlarmBoardView {
  alarm: AlarmView;
  people: AlarmPersonView[];
  marks: { time: number; kind: string; number: number }[];
  sends: { time: number; name: string; state: string; error: string }[];
  ended: number;
  ender: string;
  policy: string;
}

export interface AlarmOut {
  /** Whose members are called. */
  conversations: Id[];
  /** Called in their direct conversations; those that are missing are made. */
  people?: Id[];
  text: string;
  level: AlarmLevel;
  drill: boolean;
  policy: Id | null;
  /** The prepared alarm that it was made from. */
  template?: Id | null;
  place: { latitude: number; longitude: number; accuracy: number } | null;
  /** Own answers to choose from, as [code, words]. */
  answers?: [number, string][];
  /** Leave out who is on a break or has finished, unless on call. */
  onDuty?: boolean;
}

/** An alarm that has not left this device: it goes when the connection is back within two minutes. */
export interface UnsentAlarm {
  id: Id;
  text: string;
  since: number;
  /** Too old: it does not go any more. */
  late: boolean;
  /** The code of the server's refusal when the connection was back, else "". */
  refused: string;
}

export type DutyStatus = "on" | "break" | "off";
export interface DutyView {
  duty: DutyStatus | null;
  quiet: { begins: string; ends: string } | null;
  phone: string;
  mail: string;
}

export interface AlarmsApi {
  /** The newest first. */
  list(): Promise<AlarmView[]>;
  unsent(): Promise<UnsentAlarm[]>;
  /** Raise one; resolves when the server has it, refused `alarm_not_sent` when it waits for the connection. */
  raise(out: AlarmOut): Promise<Id>;
  drop(id: Id): Promise<void>;
  /** It is on the screen. */
  shown(id: Id): Promise<void>;
  answer(id: Id, code: number): Promise<void>;
  end(id: Id, cancelled: boolean): Promise<void>;
  board(id: Id): Promise<AlarmBoardView>;
  duty(): Promise<DutyView>;
  setDuty(duty: DutyView): Promise<void>;
}
