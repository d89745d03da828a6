import type { Component } from "svelte";
import type { MessageView } from "../../sync/views";
import EditBefore from "../photo/EditBefore.svelte";
import EditReceived from "../photo/EditReceived.svelte";

/** As extras.ts, for what is loaded with the first photo that somebody sends or looks at. */

/** On a photo before it is sent: an editor. `onchange` takes what it made. */
export const BEFORE_SEND: readonly Component<{ photo: File; onchange: (photo: File) => void }>[] = [EditBefore];

/** In the head of the viewer, for the photo that is shown. */
export const VIEWER: readonly Component<{ message: MessageView; index: number; onclose: () => void }>[] = [
  EditReceived,
];
