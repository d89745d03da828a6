import type { Component } from "svelte";
import DefectsKey from "../photo/DefectsKey.svelte";
import AttachPlace from "../place/AttachPlace.svelte";
import TeamStrip from "../place/TeamStrip.svelte";
import type { ConversationView, MessageKind, MessageView } from "../../sync/views";
import ComposerNote from "../voice/ComposerNote.svelte";
import LiveStrip from "../voice/LiveStrip.svelte";
import NotePlayer from "../voice/NotePlayer.svelte";
import TalkieKey from "../voice/TalkieKey.svelte";

/**
 * Where other parts of the app put something into a conversation. Each is a list of components; a new one is one line.
 * They are loaded with the conversation, so what is large loads its own code when it is used.
 */

/** Keys in the head of a conversation, before "about": an alarm, push-to-talk. */
export const HEAD: readonly Component<{ chat: ConversationView }>[] = [DefectsKey, TalkieKey];

/** Across the conversation, below its head: a running alarm, who speaks. */
export const STRIPS: readonly Component<{ chat: ConversationView }>[] = [LiveStrip, TeamStrip];

/** In place of the send key while nothing is written: a voice note. `onbusy` hides the field while it is recorded. */
export const COMPOSER: readonly Component<{ chat: ConversationView; onbusy: (busy: boolean) => void }>[] = [
  ComposerNote,
];

/** Further rows in the sheet "attach". */
export const ATTACH: readonly Component<{ chat: ConversationView; onclose: () => void }>[] = [AttachPlace];

/** What a kind of message looks like inside its bubble. */
export const BODIES: Readonly<Partial<Record<MessageKind, Component<{ message: MessageView }>>>> = {
  voice: NotePlayer,
};
