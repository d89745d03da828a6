import { siteAt } from "../geo/arrival";
import type { Id } from "../sync/views";
import { engine } from "./app.svelte";
import { chats } from "./lists.svelte";
import { watch } from "./position";
import { places } from "./places.svelte";
import { complainOnce } from "./toasts.svelte";

/**
 * On a site: a hint to the person herself, if she wants such hints. Where she is never leaves this tab; what is kept, on
 * this device, is which site she was last asked about today, so that she is asked once.
 */
const held = $state<{ site: Id | null }>({ site: null });

/** The site that the person may want to say she has come to, or null. */
export function arrival(): Id | null {
  const asked = places.current?.hinted;
  if (asked === undefined || (asked?.conversation === held.site && asked?.day === today())) return null;
  return held.site;
}

/** She has answered, one way or the other. */
export async function answered(): Promise<void> {
  if (held.site) await engine.places.hinted(held.site, today());
}

/** While the app is in front, look whether a site is reached. Returns what ends it; made for `$effect`. */
export function followArrival(): () => void {
  const failed = complainOnce();
  let unwatch: (() => void) | null = null;
  const look = (): void => {
    const wanted = document.visibilityState === "visible";
    if (wanted && !unwatch) {
      unwatch = watch((fix) => {
        const sites = (chats.current ?? []).filter((chat) => chat.kind === "site" && chat.member);
        held.site = siteAt(fix, sites)?.id ?? null;
      }, failed);
    } else if (!wanted) {
      unwatch?.();
      unwatch = null;
    }
  };
  look();
  document.addEventListener("visibilitychange", look);
  return () => {
    document.removeEventListener("visibilitychange", look);
    unwatch?.();
    held.site = null;
  };
}

/** The day where the person is: "2026-11-30". */
function today(): string {
  return new Intl.DateTimeFormat("sv-SE").format(Date.now());
}
