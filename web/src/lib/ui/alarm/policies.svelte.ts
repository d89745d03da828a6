import { t } from "../../i18n/index.svelte";
import { engine } from "../../state/app.svelte";
import type { PolicyView } from "../../sync/alarm_settings_views";

/** The policies that an alarm may follow, as options to choose from; without a connection there is only none. */
export class PolicyOptions {
  private found = $state.raw<PolicyView[]>([]);

  /** For `$effect`. */
  readonly read = (): void => {
    engine.alarmSettings.policies().then(
      (policies) => (this.found = policies),
      () => undefined, // without a connection an alarm goes without a policy
    );
  };

  get any(): boolean {
    return this.found.length > 0;
  }

  get options(): { value: string; label: string }[] {
    return [
      { value: "", label: t("alarm.noPolicy") },
      ...this.found.map(({ id, form }) => ({ value: id, label: form.name })),
    ];
  }
}
