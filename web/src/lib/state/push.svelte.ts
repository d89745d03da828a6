import { Problem } from "../sync/api";
import type { NoticeData } from "../sync/names";
import { targetOf } from "../sync/subscription";
import type { ConversationView } from "../sync/views";
import { engine, listen } from "./app.svelte";
import { isApple, installed } from "./install.svelte";
import { isRead } from "./read";
import { workerReady } from "./update.svelte";

/**
 * Being told while the app is not open, as data for whoever draws it:
 *
 *   unknown      not looked yet
 *   unsupported  this browser cannot
 *   install      it can once the app is on the home screen (iPhone)
 *   operator     this server does not push
 *   denied       the person has forbidden notifications in the browser; only there it can be allowed again
 *   off, on
 */
export type PushState = "unknown" | "unsupported" | "install" | "operator" | "denied" | "off" | "on";

const held = $state<{ state: PushState }>({ state: "unknown" });

export function pushState(): PushState {
  return held.state;
}

let last: Promise<unknown> = Promise.resolve();

/** One after the other: a renewal that is under way must not undo what the person has switched meanwhile. */
function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const done = last.then(task);
  last = done.catch(() => undefined);
  return done;
}

/** Switch it on. Only after a tap, for the browser asks the person. Throws Problem without a connection. */
export async function enablePush(): Promise<PushState> {
  const impossible = cannot();
  if (impossible) return (held.state = impossible);
  if ((await Notification.requestPermission()) === "denied") return (held.state = "denied");
  if (Notification.permission !== "granted") return (held.state = "off");
  return inTurn(async () => {
    await engine.session.settings({ push: true });
    return renew();
  });
}

/** Switch it off: at the browser and at the server. */
export function disablePush(): Promise<PushState> {
  return inTurn(async () => {
    await engine.session.settings({ push: false });
    const subscription = await (await workerReady())?.pushManager.getSubscription();
    await subscription?.unsubscribe();
    held.state = "off";
    await engine.push.unsubscribe();
    return held.state;
  });
}

/**
 * Make what the person wants true: at each start, for browsers end subscriptions by themselves and servers change keys.
 * Throws Problem without a connection.
 */
export function renewPush(): Promise<PushState> {
  return inTurn(renew);
}

async function renew(): Promise<PushState> {
  const registration = await workerReady();
  const impossible = cannot();
  if (impossible || !registration) return (held.state = impossible ?? "unsupported");
  if (Notification.permission === "denied") return (held.state = "denied");
  // Asked anew: what was set a moment ago may not have come to this tab yet.
  const { settings } = await engine.session.get();
  const wanted = settings.push && Notification.permission === "granted";
  const { key } = await engine.push.server();
  const old = await registration.pushManager.getSubscription();
  if (key.length === 0 || !wanted) {
    await old?.unsubscribe();
    return (held.state = key.length === 0 ? "operator" : "off");
  }
  if (old && !sameKey(old, key)) await old.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: key as Uint8Array<ArrayBuffer> };
  let subscription: PushSubscription;
  try {
    subscription = await registration.pushManager.subscribe(options);
  } catch (error) {
    // No push service can be reached, or the browser was built without one.
    if (!(error instanceof DOMException)) throw error;
    return (held.state = "unsupported");
  }
  await engine.push.subscribe(targetOf(subscription));
  return (held.state = "on");
}

function cannot(): PushState | null {
  if ("PushManager" in globalThis && "Notification" in globalThis) return null;
  return isApple() && !installed() ? "install" : "unsupported";
}

function sameKey(subscription: PushSubscription, key: Uint8Array): boolean {
  const own = subscription.options.applicationServerKey;
  if (!own) return false;
  const bytes = new Uint8Array(own);
  return bytes.length === key.length && bytes.every((byte, index) => byte === key[index]);
}

/** Follow the connection: renew the subscription whenever the server is reached anew. Returns what undoes it. */
export function startPush(): () => void {
  let online = false;
  const see = (now: boolean): void => {
    if (now && !online) void renewPush().catch(ignoreProblem);
    online = now;
  };
  void engine.session.get().then((session) => {
    see(online || session.network.state === "online");
  });
  return listen((change) => {
    if (change.type === "network") see(change.network.state === "online");
  });
}

/** Forget everything on this device. The server first forgets where it pushes to; offline, it learns so by its next push. */
export async function wipe(): Promise<void> {
  await inTurn(async () => {
    const { network } = await engine.session.get();
    if (network.state === "online") await engine.push.unsubscribe().catch(ignoreProblem);
    await engine.session.wipe();
  });
}

/** Nobody is set up here any more: no push, no notification, no badge. */
export async function forgetPush(): Promise<void> {
  const registration = await workerReady();
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
  for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
  await navigator.clearAppBadge?.().catch(ignoreProblem);
  held.state = "unknown";
}

/** Notifications of what has been read, on any device, go; the badge says what is unread. */
export async function tidy(chats: readonly ConversationView[]): Promise<void> {
  const registration = await workerReady();
  for (const shown of (await registration?.getNotifications()) ?? []) {
    if (isRead(shown.data as NoticeData, chats)) shown.close();
  }
  const unread = chats.reduce((sum, chat) => sum + chat.unread, 0);
  await (unread > 0 ? navigator.setAppBadge?.(unread) : navigator.clearAppBadge?.())?.catch(ignoreProblem);
}

function ignoreProblem(error: unknown): void {
  if (!(error instanceof Problem) && !(error instanceof DOMException)) throw error;
}
