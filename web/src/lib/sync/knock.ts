import type { Hex } from "../protocol/bytes";
import type { ConversationRow, EventRow } from "../storage/rows";
import { Store } from "../storage/store";
import { Chains } from "./chains";
import { Core, type Parts } from "./core";
import type { Env } from "./env";
import { Keyring } from "./keyring";
import { contentOf } from "./lines";
import { Logs } from "./logs";
import { Receipts } from "./receipts";
import { Slots } from "./slots";
import { messageView, type Sight, titleOf } from "./render";
import { Self } from "./self";
import { Transport } from "./transport";
import type { NewsView, NoticeView, SettingsView } from "./views";

/** A push (docs/push.md): look at event `seq` of `conversation`. */
export interface Knock {
  conversation: Hex;
  seq: number;
  urgent: boolean;
}

const LINES = 3;
const LINES_MAX = 100;

/** What a push is about, from what lies on this device; null when the conversation is not known here. */
export async function noticeOf(
  parts: Pick<Parts, "logs" | "chains" | "store" | "self" | "env">,
  settings: SettingsView,
  { conversation, seq }: Knock,
): Promise<NoticeView | null> {
  const { logs, chains, store, self, env } = parts;
  const row = logs.rows.get(conversation);
  if (!row) return null;
  const name = (user: Hex): string => chains.name(user);
  const sight: Sight = { me: self.user, name, transfer: () => null, here: () => false };
  const unread = (await store.shown(conversation, { after: row.readSeq }, LINES_MAX)).filter(
    (one) => one.sender !== self.user,
  );
  const event = await store.get("event", [conversation, seq]);
  const news = unread.length > 0 ? unread.slice(-LINES).map((one) => lineOf(one, sight)) : changeOf(event, sight);
  return {
    conversation,
    seq: row.lastSeq,
    title: titleOf(row, name, self.user),
    direct: row.kind === 1,
    news,
    more: Math.max(0, unread.length - LINES),
    read: row.readSeq >= seq,
    muted: row.muted > env.now(),
    preview: settings.preview,
    language: settings.language,
    unread: [...logs.rows.values()].reduce((sum, one) => sum + one.unread, 0),
    readUpTo: Object.fromEntries([...logs.rows.values()].map((one: ConversationRow) => [one.id, one.readSeq])),
  };
}

function lineOf(row: EventRow, sight: Sight): NewsView {
  const { view } = messageView(row, sight, { delivered: 0, read: 0 });
  return { sender: view.senderName, kind: view.kind, text: view.text };
}

/** What has no line of its own: only a reaction is worth words. */
function changeOf(row: EventRow | undefined, sight: Sight): NewsView[] {
  if (!row?.content || row.sender === sight.me) return [];
  const content = contentOf(row.content);
  if (content.type !== "reaction" || content.text === "") return [];
  return [{ sender: sight.name(row.sender), kind: "reaction", text: content.text }];
}

/**
 * Without a tab: fetch and open what a push is about, in the service worker. Call under the engine's lock, so that
 * there is one writer. `seen` are conversations with a notification, which another device may have read by now.
 *
 * Gives null when nobody is set up here. Throws Problem when the server cannot be reached or refuses.
 */
export async function openKnock(
  env: Env,
  knock: Knock,
  seen: readonly Hex[],
  signal: AbortSignal,
): Promise<NoticeView | null> {
  const store = await Store.open();
  // Whoever comes next must be alone: a closed store takes no more writes.
  signal.addEventListener("abort", () => {
    store.close();
  });
  try {
    const self = await Self.load(store);
    if (!self || self.row.cut) return null;
    const settings = (await store.get("kv", "settings")) as Partial<SettingsView> | undefined;
    const known: SettingsView = { ...DEFAULTS, ...settings };
    const transport = new Transport(env, self.row.device, self.signing);
    const chains = new Chains(store, transport, self.organisation, ignore);
    const keys = new Keyring(store, chains, transport, self);
    const logs = new Logs(store, chains, keys, ignore);
    const parts: Parts = { env, store, self, transport, chains, keys, logs };
    const core = new Core(parts, {
      behind: ignore,
      slot: ignore,
      alarm: ignore,
      voice: ignore,
      refused: ignore,
      ended: ignore,
    });
    const slots = new Slots(core, null);
    const receipts = new Receipts(core, slots, () => known.receipts, ignore);
    slots.add(receipts);
    await Promise.all([chains.loadPeople(), chains.load(), logs.load(), receipts.load()]);
    try {
      await core.catchUp(knock.conversation);
      for (const id of new Set([knock.conversation, ...seen])) if (logs.rows.has(id)) await slots.refresh(id);
    } catch (error) {
      // Half of it may have come; what is here is shown, and without anything the caller says that something came.
      if (logs.cursor(knock.conversation) < knock.seq) throw error;
    }
    return await noticeOf(parts, known, knock);
  } finally {
    store.close();
  }
}

function ignore(): void {
  // The service worker shows one notification and goes; nobody listens.
}

/** As the app has it before anything was chosen. */
export const DEFAULTS: SettingsView = {
  language: "",
  theme: "",
  simple: false,
  preview: true,
  receipts: true,
  arrivals: false,
  push: false,
};
