import type { ConversationView } from "../../sync/views";
import { matches } from "../../sync/words";

export type Filter = "all" | "sites" | "direct";

export function filtered(chats: readonly ConversationView[], filter: Filter, search: string): ConversationView[] {
  return chats.filter(
    (chat) =>
      (filter === "all" || (filter === "sites" ? chat.kind === "site" : chat.kind === "direct")) &&
      matches(`${chat.title} ${chat.site}`, search),
  );
}

/** Whether the messages are looked through for it: a single letter stands in all of them. */
export function worthIt(words: string): boolean {
  return words.trim().length > 1;
}
