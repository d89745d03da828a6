import { trusted } from "../sync/trusted";
import type { ToApp, ToWorker } from "../sync/worker_messages";
import { go } from "./nav.svelte";

/**
 * The service worker as the app sees it: kept registered, its new versions announced, its wishes followed. A component
 * shows `updateReady()` and calls `applyUpdate()` when the person agrees; nothing is exchanged under somebody's hands.
 */

const HOUR_MS = 3_600_000;
const held = $state<{ waiting: boolean; version: string }>({ waiting: false, version: "" });
let registration: ServiceWorkerRegistration | null = null;

/** A new version has been fetched and checked, and waits for the person. */
export function updateReady(): boolean {
  return held.waiting;
}

/** The hash of the files that this device runs, to compare with the one published; "" while there is none. */
export function version(): string {
  return held.version;
}

/** Take the new version: every tab of this device loads anew. */
export function applyUpdate(): void {
  tell(registration?.waiting, { type: "skip" });
}

function tell(worker: ServiceWorker | null | undefined, message: ToWorker, transfer: Transferable[] = []): void {
  worker?.postMessage(message, transfer);
}

/** The registration once it is there; null where the browser has none (no https, private windows). */
export async function workerReady(): Promise<ServiceWorkerRegistration | null> {
  return "serviceWorker" in navigator && import.meta.env.PROD ? navigator.serviceWorker.ready : null;
}

/** Register the service worker and follow it. Returns what undoes the following. */
export function startWorker(): () => void {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return () => undefined;
  const container = navigator.serviceWorker;
  // The first worker of all takes over nothing: this page came from the network and is as new.
  const controlled = container.controller !== null;
  const exchanged = (): void => {
    if (controlled) location.reload();
  };
  const hear = (event: MessageEvent<ToApp>): void => {
    if (event.data.type === "go") go(event.data.path);
  };
  const look = (): void => {
    if (document.visibilityState !== "visible" || Date.now() - looked < HOUR_MS) return;
    looked = Date.now();
    // Without network there is nothing new; the next look finds it.
    registration?.update().catch(() => undefined);
  };
  let looked = Date.now();
  container.addEventListener("controllerchange", exchanged);
  container.addEventListener("message", hear);
  document.addEventListener("visibilitychange", look);
  askVersion(container.controller);
  void register(container);
  return () => {
    container.removeEventListener("controllerchange", exchanged);
    container.removeEventListener("message", hear);
    document.removeEventListener("visibilitychange", look);
  };
}

async function register(container: ServiceWorkerContainer): Promise<void> {
  try {
    registration = await container.register(trusted("/sw.js"), { scope: "/", updateViaCache: "none" });
  } catch {
    // Private windows of some browsers refuse: the app works, online only.
    return;
  }
  const found = registration;
  const see = (): void => {
    held.waiting = found.waiting !== null && found.active !== null;
  };
  const follow = (): void => {
    found.installing?.addEventListener("statechange", see);
  };
  found.addEventListener("updatefound", follow);
  follow();
  see();
}

/** Ask the worker whose files this page runs. */
function askVersion(worker: ServiceWorker | null): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = (event: MessageEvent<string>) => {
    held.version = event.data;
    port1.close();
  };
  tell(worker, { type: "version" }, [port2]);
}
