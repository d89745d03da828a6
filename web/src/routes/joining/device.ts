import { t } from "../../lib/i18n/index.svelte";

/** What the own devices call this one: plain, and enough to tell them apart. */
export function deviceLabel(): string {
  const agent = navigator.userAgent;
  for (const name of ["iPhone", "iPad", "Android", "Windows", "CrOS", "Mac", "Linux"]) {
    if (!agent.includes(name)) continue;
    if (name.startsWith("iP")) return name;
    return name === "Android"
      ? `${t("devices.phone")} (Android)`
      : `${t("devices.computer")} (${name === "CrOS" ? "Chromebook" : name})`;
  }
  return t("devices.unnamed");
}
