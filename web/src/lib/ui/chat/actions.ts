import type { MessageView } from "../../sync/views";

/** What can be asked of a message; the view that holds the list does it. */
export interface MessageActions {
  menu(message: MessageView, at: { x: number; y: number } | null): void;
  jump(id: string): void;
  react(message: MessageView, text: string): void;
  photo(message: MessageView, index: number): void;
  reply(message: MessageView): void;
}

/** Whether there is a message to act on, and what may be done with it. */
export function allowed(
  message: MessageView,
  open: boolean,
): Record<"reply" | "react" | "edit" | "erase" | "copy", boolean> {
  const whole = message.seq > 0 && !["deleted", "waiting", "unknown", "notice"].includes(message.kind);
  const worded = message.text !== "" && whole;
  return {
    reply: open && whole,
    react: open && whole,
    edit: open && worded && message.mine && ["text", "photo", "file"].includes(message.kind),
    erase: open && message.seq > 0 && message.mine && message.kind !== "deleted" && message.kind !== "notice",
    copy: worded,
  };
}
