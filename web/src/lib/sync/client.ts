import type { Change, Engine } from "./api";
import { type Message, remote } from "./rpc";
import workerUrl from "../../worker?worker&url";

/** The tab's end: starts its worker; calls go in, changes come out. */
export function connect(): { engine: Engine; listen: (listener: (change: Change) => void) => () => void } {
  const worker = new Worker(trusted(workerUrl), { type: "module", name: "werkfunk" });
  const listeners = new Set<(change: Change) => void>();
  const { engine, settle } = remote((call) => {
    worker.postMessage({ type: "call", call } satisfies Message);
  });
  worker.onmessage = (event: MessageEvent<Message>) => {
    const message = event.data;
    if (message.type === "reply") settle(message.reply);
    else if (message.type === "change") for (const listener of listeners) listener(message.change);
  };
  return {
    engine,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Scripts come from the app's own build only: the one Trusted Types policy says so. */
export function trusted(url: string): URL {
  const own = (candidate: string): string => {
    if (new URL(candidate, location.href).origin !== location.origin) throw new TypeError("a foreign script");
    return candidate;
  };
  policy ??=
    typeof trustedTypes === "undefined"
      ? { createScriptURL: own }
      : trustedTypes.createPolicy("werkfunk", { createScriptURL: own });
  return policy.createScriptURL(url) as unknown as URL;
}
let policy: { createScriptURL(url: string): unknown } | null = null;
