import type { ConversationView, PersonView } from "../sync/views";
import { engine } from "./app.svelte";
import { Live } from "./live.svelte";

/** All conversations, newest first. */
export const chats = new Live<ConversationView[]>(
  () => engine.chats.list(),
  (change) => change.type === "conversations" || change.type === "session",
);

/** Everybody of the organisation that this person may see, by name. */
export const people = new Live<PersonView[]>(
  () => engine.people.list(),
  (change) => change.type === "people" || change.type === "session",
);
