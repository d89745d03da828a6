import { CHANNEL, LOCK, type NoticeData } from "../lib/sync/names";
import type { Knock } from "../lib/sync/knock";
import type { Message } from "../lib/sync/rpc";
import type { NoticeView } from "../lib/sync/views";
import { trusted } from "../lib/sync/trusted";
import type { ToApp, ToWorker } from "../lib/sync/worker_messages";
import { isOver, knockOf, pathOf, shownFor } from "./notices";
import { type Files, Shell } from "./shell";
import type { Opener } from "./types";

/** The service worker: the app's files without network, and pushes. What needs keys is its second script, `sw-open.js`. */

declare const self: ServiceWorkerGlobalScope;
/** Filled in by the build. */
declare const __FILES__: Files;
declare const __BUILD__: string;
declare const __OPENER__: string;

const shell = new Shell(__FILES__, __BUILD__, caches, location.origin);
/** A tab that is asleep does not answer; then what a push is about stays untold, but not that it came. */
const ASK_MS = 5_000;
const OPEN_MS = 12_000;

self.addEventListener("install", (event) => {
  // A script that is not loaded now cannot be loaded later.
  void opener();
  event.waitUntil(shell.install());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(shell.activate());
});

self.addEventListener("fetch", (event) => {
  const path = shell.pathFor(event.request);
  if (path) event.respondWith(shell.respond(path, event.request));
});

self.addEventListener("message", (event) => {
  const message = event.data as ToWorker;
  if (message.type === "skip") event.waitUntil(self.skipWaiting());
  else event.ports[0]?.postMessage(__BUILD__);
});

self.addEventListener("push", (event) => {
  event.waitUntil(pushed(knockOf(payloadOf(event.data))));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(goTo(event.notification.data as NoticeData));
});

self.addEventListener("pushsubscriptionchange", (raw) => {
  const event = raw as ExtendableEvent & { oldSubscription?: PushSubscription; newSubscription?: PushSubscription };
  event.waitUntil(renewed(event.oldSubscription, event.newSubscription));
});

function opener(): Opener {
  if (!globalThis.werkfunkOpener) importScripts(trusted(__OPENER__) as unknown as string);
  return globalThis.werkfunkOpener!;
}

function payloadOf(data: PushMessageData | null): unknown {
  try {
    return data?.json() ?? null;
  } catch {
    return null; // not ours; it still needs a notification
  }
}

async function pushed(knock: Knock): Promise<void> {
  const notice = knock.conversation ? await look(knock).catch(() => null) : null;
  const { title, options } = shownFor(knock, notice, navigator.language);
  await self.registration.showNotification(title, options);
  if (!notice) return;
  if (notice.unread > 0) await navigator.setAppBadge?.(notice.unread).catch(() => undefined);
  else await navigator.clearAppBadge?.().catch(() => undefined);
  await clear(notice);
}

/** Close what has been read, here or on another device. */
async function clear(notice: NoticeView): Promise<void> {
  for (const shown of await self.registration.getNotifications()) {
    if (isOver(shown.data as NoticeData, notice.readUpTo)) shown.close();
  }
}

/** What the push is about: from the tab that does the work, or opened here when there is none. */
async function look(knock: Knock): Promise<NoticeView | null> {
  const seen = (await self.registration.getNotifications()).map((shown) => (shown.data as NoticeData).conversation);
  return navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (!lock) return ask(knock);
    const end = AbortSignal.timeout(OPEN_MS);
    const late = new Promise<never>((_, reject) => {
      end.addEventListener("abort", () => {
        reject(new DOMException("late", "TimeoutError"));
      });
    });
    return Promise.race([opener().open(knock, seen.filter(Boolean), end), late]);
  });
}

function ask(knock: Knock): Promise<NoticeView | null> {
  const channel = new BroadcastChannel(CHANNEL);
  const id = crypto.randomUUID();
  const { conversation, seq, urgent } = knock;
  return new Promise<NoticeView | null>((resolve) => {
    channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.type === "reply" && data.reply.id === id) resolve((data.reply.value as NoticeView | undefined) ?? null);
    };
    setTimeout(resolve, ASK_MS, null);
    const call = { id, area: "push", method: "notice", args: [conversation, seq, urgent] } as const;
    channel.postMessage({ type: "call", call: { ...call, args: [...call.args] } } satisfies Message);
  }).finally(() => {
    channel.close();
  });
}

/** To what it is about, in a window that is there or in a new one. */
async function goTo(data: NoticeData): Promise<void> {
  const path = pathOf(data);
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const window = windows.find((one) => one.focused) ?? windows[0];
  if (!window) {
    await self.clients.openWindow(path);
    return;
  }
  window.postMessage({ type: "go", path } satisfies ToApp);
  await window.focus().catch(() => undefined);
}

async function renewed(old: PushSubscription | undefined, fresh: PushSubscription | undefined): Promise<void> {
  const key = old?.options.applicationServerKey;
  let subscription = fresh ?? (await self.registration.pushManager.getSubscription());
  if (!subscription && key) {
    const options = { userVisibleOnly: true, applicationServerKey: key };
    subscription = await self.registration.pushManager.subscribe(options);
  }
  if (subscription) await opener().renew(subscription);
}
