import { setLanguage } from "../i18n/index.svelte";
import type { Change, Engine, SessionView } from "../sync/api";
import { connect } from "../sync/client";
import type { MeView, NetworkView, SettingsView } from "../sync/views";

/** The worker's doings and what it says, as every component may read it. */
const worker = connect();
const held = $state<{ session: SessionView | null }>({ session: null });

export const engine: Engine = worker.engine;

const FOCUS = ["focus", "blur", "pageshow", "pagehide"] as const;

/** Be told what changes; returns what undoes it. */
export function listen(listener: (change: Change) => void): () => void {
  return worker.listen(listener);
}

/** null until the worker has opened the store. */
export function session(): SessionView | null {
  return held.session;
}

/** Who uses this device. Only asked where somebody is set up. */
export function me(): MeView {
  const person = held.session?.me;
  if (!person) throw new Error("nobody is set up here");
  return person;
}

export function settings(): SettingsView | null {
  return held.session?.settings ?? null;
}

export function network(): NetworkView {
  return held.session?.network ?? { state: "connecting", behind: 0, queued: 0, clockOff: 0, unsafe: "" };
}

async function refresh(): Promise<void> {
  const session = await engine.session.get();
  const speaking = setLanguage(session.settings.language);
  // Nothing is drawn in the wrong language first.
  if (!held.session) await speaking;
  held.session = session;
  const { theme } = session.settings;
  if (theme) document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

/** Tell the worker whether somebody looks at this tab; while nobody does, the server pushes. */
function followShown(): () => void {
  let told: boolean | null = null;
  const tell = (event?: Event): void => {
    const shown = event?.type !== "pagehide" && document.visibilityState === "visible" && document.hasFocus();
    if (shown !== told) worker.show((told = shown));
  };
  tell();
  document.addEventListener("visibilitychange", tell);
  for (const name of FOCUS) addEventListener(name, tell);
  return () => {
    document.removeEventListener("visibilitychange", tell);
    for (const name of FOCUS) removeEventListener(name, tell);
  };
}

/** Begin: read the session, then follow what the worker says and wake it when network or person come back. */
export function startApp(): () => void {
  void setLanguage("");
  const undo = listen((change) => {
    if (change.type === "session") void refresh();
    else if (change.type === "network" && held.session) held.session = { ...held.session, network: change.network };
  });
  const wake = (): void => {
    if (document.visibilityState === "visible") void engine.session.wake();
  };
  const noLonger = followShown();
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  void refresh();
  return () => {
    undo();
    noLonger();
    removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", wake);
  };
}
