import type { NoticeData } from "../sync/names";
import type { ConversationView } from "../sync/views";

/** Whether what a notification tells of has been read. A list may be older than the message: then it has not. */
export function isRead({ conversation, seq }: NoticeData, chats: readonly ConversationView[]): boolean {
  return chats.some((chat) => chat.id === conversation && chat.readSeq >= seq);
}
