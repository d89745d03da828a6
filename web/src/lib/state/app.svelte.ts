import { setLanguage } from "../i18n/index.svelte";
import type { Change, Engine, SessionView } from "../sync/api";
import { connect } from "../sync/client";
import type { MeView, NetworkView, SettingsView } from "../sync/views";

/** The worker's doings and what it says, as every component may read it. */
const worker = connect();
const held = $state<{ session: SessionView | null }>({ session: null });

export const engine: Engine = worker.engine;

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
  held.session = session;
  setLanguage(session.settings.language);
  const { theme } = session.settings;
  if (theme) document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

/** Begin: read the session, then follow what the worker says and wake it when network or person come back. */
export function startApp(): () => void {
  setLanguage("");
  const undo = listen((change) => {
    if (change.type === "session") void refresh();
    else if (change.type === "network" && held.session) held.session = { ...held.session, network: change.network };
  });
  const wake = (): void => {
    if (document.visibilityState === "visible") void engine.session.wake();
  };
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  void refresh();
  return () => {
    undo();
    removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", wake);
  };
}
