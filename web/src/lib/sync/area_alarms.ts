import type { Hex } from "../protocol/bytes";
import type { AlarmBoardView, AlarmOut, AlarmsApi, AlarmView, DutyView, UnsentAlarm } from "./alarm_views";
import type { QuietHours } from "./quiet";
import type { Ground } from "./running";

interface OwnDuty {
  duty?: DutyView["duty"];
  quiet?: QuietHours | null;
  contact?: { phone?: string | null; mail?: string | null } | null;
}
/** Alarms, the own status. */
export class AlarmsArea implements AlarmsApi {
  constructor(private readonly ground: Ground) {}

  private get alarms(): Ground["running"]["alarms"] {
    return this.ground.running.alarms;
  }

  private call<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.ground.running.core.parts.transport.call<T>(method, path, body === undefined ? {} : { body });
  }

  list(): Promise<AlarmView[]> {
    return this.alarms.list();
  }

  unsent(): Promise<UnsentAlarm[]> {
    return Promise.resolve(this.alarms.unsent());
  }

  raise(out: AlarmOut): Promise<Hex> {
    return this.alarms.raise(out);
  }

  drop(id: Hex): Promise<void> {
    return this.alarms.drop(id);
  }

  shown(id: Hex): Promise<void> {
    this.alarms.shown(id);
    return Promise.resolve();
  }

  answer(id: Hex, code: number): Promise<void> {
    return this.alarms.answer(id, code);
  }

  end(id: Hex, cancelled: boolean): Promise<void> {
    return this.alarms.end(id, cancelled);
  }

  board(id: Hex): Promise<AlarmBoardView> {
    return this.alarms.board(id);
  }

  async duty(): Promise<DutyView> {
    const own = await this.call<OwnDuty>("GET", "/v1/me/duty");
    return {
      duty: own.duty ?? null,
      quiet: own.quiet ?? null,
      phone: own.contact?.phone ?? "",
      mail: own.contact?.mail ?? "",
    };
  }

  async setDuty({ duty, quiet, phone, mail }: DutyView): Promise<void> {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const contact = phone || mail ? { phone: phone || null, mail: mail || null } : null;
    const hours = quiet && { begins: quiet.begins, ends: quiet.ends, zone };
    await this.call("PUT", "/v1/me/duty", { duty, quiet: hours, contact });
    this.alarms.askAgain();
  }
}
