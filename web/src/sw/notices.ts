import { push } from "../lib/i18n/areas/push";
import type { Knock } from "../lib/sync/knock";
import type { NoticeData } from "../lib/sync/names";
import type { NewsView, NoticeView } from "../lib/sync/views";

export interface Shown {
  title: string;
  options: NotificationOptions & { data: NoticeData; renotify?: boolean; vibrate?: number[]; timestamp?: number };
}

type Key = keyof typeof push.de;
const ICONS = { icon: "/icons/icon-192.png", badge: "/icons/badge-96.png" };
const BODY_MAX = 500;

/** What a push says (docs/push.md). One that is not ours names nothing; the conversation of zeros is none. */
export function knockOf(payload: unknown): Knock {
  const { c, s, u } = (payload ?? {}) as { c?: unknown; s?: unknown; u?: unknown };
  if (typeof c !== "string" || !/^[0-9a-f]{32}$/.test(c) || !Number.isSafeInteger(s))
    return { conversation: "", seq: 0, urgent: false };
  return { conversation: /^0+$/.test(c) ? "" : c, seq: s as number, urgent: u === 1 };
}

/** Whether a notification may go now: read, here or on another device. An alarm without a conversation is never read. */
export function isOver({ conversation, seq, urgent }: NoticeData, readUpTo: NoticeView["readUpTo"]): boolean {
  if (urgent && !conversation) return false;
  return (readUpTo[conversation] ?? 0) >= seq;
}

/** Where a tap leads: to the conversation; an alarm that stands in none of the person's is found with the alarms. */
export function pathOf({ conversation, urgent }: NoticeData): string {
  if (conversation) return `/c/${conversation}`;
  return urgent ? "/alarms" : "/";
}

/**
 * The notification for a push. `notice` is null when it could not be opened: then it says that something came, for a push
 * without a notification makes iOS end the subscription.
 */
export function shownFor(knock: Knock, notice: NoticeView | null, language: string): Shown {
  const texts: Readonly<Record<Key, string>> = (notice?.language || language).startsWith("en") ? push.en : push.de;
  const quiet = !knock.urgent && notice !== null && (notice.muted || notice.read || notice.news.length === 0);
  const options: Shown["options"] = {
    ...ICONS,
    // One notification a conversation; an alarm stands for itself.
    tag: knock.urgent ? `${knock.conversation || "alarm"}-${knock.seq}` : knock.conversation || "werkfunk",
    renotify: !quiet,
    silent: quiet,
    data: {
      conversation: knock.conversation,
      seq: Math.max(knock.seq, notice?.seq ?? 0),
      ...(knock.urgent ? { urgent: true } : {}),
    },
    body: "",
    ...(knock.urgent ? { requireInteraction: true, vibrate: [400, 200, 400, 200, 400] } : {}),
  };
  const open = notice?.preview && notice.news.length > 0 ? notice : null;
  if (!open) {
    const text = knock.urgent
      ? texts[isDrill(notice) ? "push.drill" : "push.alarm"]
      : quiet
        ? texts["push.change"]
        : texts["push.message"];
    return { title: texts["push.app"], options: { ...options, body: text } };
  }
  const lines = open.news.map((news) => lineOf(news, open.direct, texts));
  if (open.more > 0) lines.unshift(texts["push.more"].replace("{n}", String(open.more)));
  return { title: open.title, options: { ...options, body: lines.join("\n").slice(0, BODY_MAX) } };
}

/** Whether what calls is a drill, and nothing but one; that is told also where no words are to be seen. */
function isDrill(notice: NoticeView | null): boolean {
  const kinds = new Set(notice?.news.map((news) => news.kind));
  return kinds.has("drill") && !kinds.has("alarm");
}

function wordsOf({ kind, text }: NewsView, name: string): string {
  if (kind === "reaction") return name.replace("{text}", text);
  // A drill says what it is wherever its words stand.
  if (kind === "drill" && text) return `${name}: ${text}`;
  return text || name;
}

function lineOf(news: NewsView, direct: boolean, texts: Readonly<Record<Key, string>>): string {
  const name: Key = `push.${news.kind}` as Key;
  const kind = Object.hasOwn(texts, name) ? texts[name] : "";
  const said = wordsOf(news, kind) || texts["push.message"];
  return direct || !news.sender ? said : `${news.sender}: ${said}`;
}
