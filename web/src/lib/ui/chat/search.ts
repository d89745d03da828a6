import type { ConversationView } from "../../sync/views";

export type Filter = "all" | "sites" | "direct";

/** For comparing: no case, no accents, ß as ss, and ae for ä where people type so. */
export function folded(text: string): string {
  return text.toLocaleLowerCase("de").replace(/ß/g, "ss").normalize("NFD").replace(/\p{M}/gu, "");
}

/** Every word of `search` begins a word of `text`, or stands inside it from three letters on. */
export function matches(text: string, search: string): boolean {
  const words = folded(text).split(/[^\p{L}\p{N}]+/u);
  return folded(search)
    .split(/\s+/u)
    .filter((part) => part !== "")
    .every((part) => words.some((word) => word.startsWith(part) || (part.length > 2 && word.includes(part))));
}

export function filtered(chats: readonly ConversationView[], filter: Filter, search: string): ConversationView[] {
  return chats.filter(
    (chat) =>
      (filter === "all" || (filter === "sites" ? chat.kind === "site" : chat.kind === "direct")) &&
      matches(`${chat.title} ${chat.site}`, search),
  );
}
