import { t } from "../../i18n/index.svelte";
import type { LastView, MessageKind, MessageView, Notice, ReplyView } from "../../sync/views";
import type { IconName } from "../icons";
import { safeName } from "./names";

/** What a notice says, in a sentence. */
export function noticeText(notice: Notice): string {
  switch (notice.event) {
    case "created":
    case "left":
      return t(`notice.${notice.event}`, { by: notice.by });
    case "added":
    case "removed":
      return t(`notice.${notice.event}`, { by: notice.by, people: notice.people.join(", ") });
    case "renamed":
      return t("notice.renamed", { by: notice.by, title: notice.title });
    case "lead":
      return t("notice.lead", { by: notice.by, person: notice.person });
    case "placed":
      return t(notice.there ? "notice.placed" : "notice.unplaced", { by: notice.by });
    case "defect":
      return t(`notice.defect.${notice.state}`, { by: notice.by, number: notice.number, note: notice.note });
    case "system":
      return notice.text;
  }
}

/** The name of a kind that has one of its own. */
export function kindName(kind: MessageKind): string {
  return kind === "text" || kind === "notice" ? "" : t(`kind.${kind}`);
}

export const KIND_ICONS: Readonly<Partial<Record<MessageKind, IconName>>> = {
  photo: "image",
  file: "file",
  voice: "mic",
  place: "place",
  alarm: "alarm",
  drill: "alarm",
  deleted: "trash",
  waiting: "key",
  unknown: "info",
};

/** A message in one line: its words, the names of its files, or what it is. */
export function shortText(message: LastView | ReplyView | MessageView): string {
  if ("notice" in message && message.notice) return noticeText(message.notice);
  const files = "files" in message && message.kind === "file" ? message.files : [];
  const names = files.map((file) => safeName(file.name, kindName("file"))).join(", ");
  const said = message.text || names;
  // A drill says what it is wherever its words stand.
  if (message.kind === "drill" && said) return t("chat.drill", { text: said });
  return said || kindName(message.kind);
}
