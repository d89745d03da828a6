import type { Id } from "../../sync/views";
import type { Anchor } from "./scrolling";

/** Where a person was in a conversation that was left somewhere above its end; until the app is closed. */
export const positions = new Map<Id, Anchor>();
