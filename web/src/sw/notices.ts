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
    tag: knock.urgent ? `${knock.conversation}-${knock.seq}` : knock.conversation || "werkfunk",
    renotify: !quiet,
    silent: quiet,
    data: { conversation: knock.conversation, seq: Math.max(knock.seq, notice?.seq ?? 0) },
    body: "",
    ...(knock.urgent ? { requireInteraction: true, vibrate: [400, 200, 400, 200, 400] } : {}),
  };
  const open = notice?.preview && notice.news.length > 0 ? notice : null;
  if (!open) {
    const text = knock.urgent ? texts["push.alarm"] : quiet ? texts["push.change"] : texts["push.message"];
    return { title: texts["push.title"], options: { ...options, body: text } };
  }
  const lines = open.news.map((news) => lineOf(news, open.direct, texts));
  if (open.more > 0) lines.unshift(texts["push.more"].replace("{n}", String(open.more)));
  return { title: open.title, options: { ...options, body: lines.join("\n").slice(0, BODY_MAX) } };
}

function lineOf(news: NewsView, direct: boolean, texts: Readonly<Record<Key, string>>): string {
  const name: Key = `push.${news.kind}` as Key;
  const kind = Object.hasOwn(texts, name) ? texts[name] : "";
  const text = news.kind === "reaction" ? kind.replace("{text}", news.text) : news.text || kind;
  const said = text || texts["push.message"];
  return direct || !news.sender ? said : `${news.sender}: ${said}`;
}
