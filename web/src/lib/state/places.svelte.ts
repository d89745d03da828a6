import type { PlacesView } from "../sync/views";
import { engine } from "./app.svelte";
import { Live } from "./live.svelte";
import { watch } from "./position";
import { complain, complainOnce } from "./toasts.svelte";

/** What the organisation allows, and what this person shares. */
export const places = new Live<PlacesView>(
  () => engine.places.get(),
  (change) => change.type === "places" || change.type === "session",
);

/** While something is shared, tell the worker where this device is. Returns what ends it; made for `$effect`. */
export function followPosition(): () => void {
  return watch((fix) => void engine.places.fix(fix).catch(complain), complainOnce());
}
