import type { Change, Engine } from "./api";
import { type Message, remote } from "./rpc";
import { trusted } from "./trusted";
import workerUrl from "../../worker?worker&url";

/** The tab's end: starts its worker; calls go in, changes come out. */
export function connect(): {
  engine: Engine;
  listen: (listener: (change: Change) => void) => () => void;
  /** Whether this tab is in front of its user. */
  show: (shown: boolean) => void;
} {
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
    show(shown) {
      worker.postMessage({ type: "shown", tab: "", shown } satisfies Message);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
