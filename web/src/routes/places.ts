import type { Component } from "svelte";
import type { Key } from "../lib/i18n/index.svelte";
import type { IconName } from "../lib/ui/icons";
import Alarms from "./alarms/Alarms.svelte";
import AlarmsBlank from "./alarms/AlarmsBlank.svelte";
import * as chat from "./chats/Chat.svelte";
import ChatsBlank from "./chats/ChatsBlank.svelte";
import People from "./people/People.svelte";
import PeopleBlank from "./people/PeopleBlank.svelte";
import Settings from "./settings/Settings.svelte";
import ChatsHome from "./simple/ChatsHome.svelte";
import SettingsBlank from "./settings/SettingsBlank.svelte";

/** A page beside or in place of the list; it is given the parts of the path. */
export type Page = Component<{ parts: readonly string[] }>;

export interface Place {
  /** Which tab it belongs to. */
  tab: TabName;
  matches(parts: readonly string[]): boolean;
  /** What is not needed at once is fetched when it is. */
  load(): Promise<{ default: Page }>;
}

export type TabName = "chats" | "alarms" | "people" | "settings";

export interface Tab {
  name: TabName;
  path: string;
  label: Key;
  icon: IconName;
  side: Component;
  /** At the right of a wide window while nothing is chosen. */
  blank: Component;
}

/** The tabs, in their order. */
export const TABS: readonly Tab[] = [
  { name: "chats", path: "/", label: "list.title", icon: "chat", side: ChatsHome, blank: ChatsBlank },
  { name: "alarms", path: "/alarms", label: "alarm.title", icon: "alarm", side: Alarms, blank: AlarmsBlank },
  { name: "people", path: "/people", label: "people.title", icon: "people", side: People, blank: PeopleBlank },
  {
    name: "settings",
    path: "/settings",
    label: "settings.title",
    icon: "settings",
    side: Settings,
    blank: SettingsBlank,
  },
];

/** `*` stands for any one part. */
const at =
  (...pattern: string[]) =>
  (parts: readonly string[]): boolean =>
    parts.length === pattern.length && pattern.every((part, i) => part === "*" || part === parts[i]);

/** Two addresses of one page, which stays as it is when the one follows the other. */
const either =
  (...matches: Place["matches"][]): Place["matches"] =>
  (parts) =>
    matches.some((one) => one(parts));

/** A page that is one place only and needs no parts; Svelte passes them all the same. */
const only = (load: () => Promise<{ default: Component }>): Place["load"] => load as unknown as Place["load"];

/** Every page, the first that matches counts. A new page is one line here. */
export const PLACES: readonly Place[] = [
  { tab: "chats", matches: either(at("c", "*"), at("c", "*", "at", "*")), load: () => Promise.resolve(chat) },
  { tab: "chats", matches: at("c", "*", "search"), load: () => import("./chats/ChatSearch.svelte") },
  { tab: "chats", matches: at("c", "*", "ptt"), load: () => import("./chats/Talkie.svelte") },
  { tab: "chats", matches: at("c", "*", "info"), load: () => import("./chats/ChatInfo.svelte") },
  { tab: "chats", matches: at("c", "*", "defects"), load: () => import("./chats/Defects.svelte") },
  { tab: "chats", matches: at("c", "*", "place"), load: () => import("./chats/Places.svelte") },
  { tab: "chats", matches: at("new"), load: () => import("./chats/NewChat.svelte") },
  { tab: "chats", matches: at("new", "*"), load: () => import("./chats/NewChat.svelte") },
  { tab: "alarms", matches: at("alarms", "*"), load: () => import("./alarms/Board.svelte") },
  { tab: "people", matches: at("people", "invite"), load: only(() => import("./people/Invite.svelte")) },
  { tab: "people", matches: at("people", "*", "verify"), load: () => import("./people/Verify.svelte") },
  { tab: "people", matches: at("people", "*"), load: () => import("./people/Person.svelte") },
  { tab: "settings", matches: at("settings", "duty"), load: only(() => import("./settings/Duty.svelte")) },
  { tab: "settings", matches: at("settings", "policies"), load: only(() => import("./settings/Policies.svelte")) },
  { tab: "settings", matches: at("settings", "oncall"), load: only(() => import("./settings/Oncall.svelte")) },
  { tab: "settings", matches: at("settings", "templates"), load: only(() => import("./settings/Templates.svelte")) },
  { tab: "settings", matches: at("settings", "machines"), load: only(() => import("./settings/Machines.svelte")) },
  { tab: "settings", matches: at("settings", "gateways"), load: only(() => import("./settings/Gateways.svelte")) },
  { tab: "settings", matches: at("settings", "devices"), load: only(() => import("./settings/Devices.svelte")) },
  { tab: "settings", matches: at("settings", "code"), load: only(() => import("./settings/RecoveryCode.svelte")) },
  { tab: "settings", matches: at("settings", "rules"), load: only(() => import("./settings/Rules.svelte")) },
  { tab: "settings", matches: at("settings", "profile"), load: only(() => import("./settings/Profile.svelte")) },
  { tab: "settings", matches: at("settings", "notices"), load: only(() => import("./settings/Notifications.svelte")) },
  { tab: "settings", matches: at("settings", "install"), load: only(() => import("./settings/Install.svelte")) },
  { tab: "settings", matches: at("settings", "about"), load: only(() => import("./settings/About.svelte")) },
];

export function tabOf(parts: readonly string[]): Tab {
  const name =
    PLACES.find((place) => place.matches(parts))?.tab ?? TABS.find((tab) => tab.path === `/${parts[0] ?? ""}`)?.name;
  return TABS.find((tab) => tab.name === name) ?? TABS[0]!;
}
