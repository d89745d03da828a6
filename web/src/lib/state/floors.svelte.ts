import type { FloorView } from "../sync/views";
import { engine } from "./app.svelte";
import { Live } from "./live.svelte";

/** Who speaks where, in all conversations. */
export const floors = new Live<FloorView[]>(
  () => engine.voice.floors(),
  (change) => change.type === "floor",
);
