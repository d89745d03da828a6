import type { Key } from "../../lib/i18n/index.svelte";
import type { IconName } from "../../lib/ui/icons";

/** A large tile of the simple view. A further one is one line in `TILES`. */
export interface Tile {
  label: Key;
  icon: IconName;
  path: string;
  tone: "primary" | "plain" | "attention" | "danger";
}

export const TILES: readonly Tile[] = [
  { label: "alarm.title", icon: "alarm", path: "/alarms", tone: "danger" },
  { label: "simple.chats", icon: "chat", path: "/chats", tone: "plain" },
];
