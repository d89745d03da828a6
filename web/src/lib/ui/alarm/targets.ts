import type { ConversationView, Id, PersonView } from "../../sync/views";

/** Whom an alarm calls: members of chats and sites, and single people. */
export interface Targets {
  conversations: readonly Id[];
  people: readonly Id[];
}

/** What is chosen at first, so that two touches are enough: the newest site, else the newest chat. */
export function usual(chats: readonly ConversationView[]): Targets {
  const first = chats.find((one) => one.kind === "site") ?? chats[0];
  if (!first) return { conversations: [], people: [] };
  return first.peer ? { conversations: [], people: [first.peer.user] } : { conversations: [first.id], people: [] };
}

/** In words; what is no longer there is left out. */
export function sayTargets(
  { conversations, people }: Targets,
  chats: readonly ConversationView[],
  known: readonly PersonView[],
): string {
  const titles = conversations.flatMap((id) => chats.find((one) => one.id === id)?.title ?? []);
  const names = people.flatMap((user) => known.find((one) => one.user === user)?.name ?? []);
  return [...titles, ...names].join(", ");
}
