import { t } from "../i18n/index.svelte";
import { session } from "./app.svelte";
import { say } from "./toasts.svelte";

/**
 * The way in. A link's secret stands behind the # and never reaches the server; here it is taken out of the address, and
 * with it out of the history, before anything is shown.
 */
const LINK = /^#[a-z]=/;
const held = $state<{ link: string; entering: boolean }>({ link: "", entering: false });

function take(): void {
  if (!LINK.test(location.hash)) return;
  held.link = `${location.origin}/${location.hash}`;
  const path = location.pathname === "/join" ? "/" : location.pathname;
  history.replaceState(history.state, "", path);
}

/** Take the link with which the app was opened; later ones, typed into the address of an open app, are taken as they come. */
export function catchLinks(): void {
  take();
  addEventListener("hashchange", take);
}

/** Say whose this device has become, as soon as the name is known. */
export function greet(): void {
  const end = $effect.root(() => {
    $effect(() => {
      const name = session()?.me?.name;
      if (!name) return;
      // Once the effect is over, for what it says changes what it would read.
      queueMicrotask(() => {
        end();
        say(t("offer.done", { name }));
      });
    });
  });
}

/** The link that waits to be used, or "". */
export function arrived(): string {
  return held.link;
}

/** A link that was scanned or pasted. */
export function bring(link: string): void {
  held.link = link.trim();
}

export function dropLink(): void {
  held.link = "";
}

/** Somebody is being set up here: the way in goes on after the keys are made, until its last step is done. */
export function entering(): boolean {
  return held.entering;
}

export function setEntering(on: boolean): void {
  held.entering = on;
}
