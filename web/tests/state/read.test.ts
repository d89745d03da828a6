import { expect, test } from "vitest";
import { isRead } from "../../src/lib/state/read";
import type { ConversationView } from "../../src/lib/sync/views";

const chat = (readSeq: number): ConversationView[] => [{ id: "aa", unread: 0, readSeq } as ConversationView];

test("a notification goes when its message has been read, here or on another device", () => {
  expect(isRead({ conversation: "aa", seq: 7 }, chat(7))).toBe(true);
});

test("it stays when the list of an open tab is older than the message, or does not have the conversation", () => {
  expect(isRead({ conversation: "aa", seq: 8 }, chat(7))).toBe(false);
  expect(isRead({ conversation: "bb", seq: 1 }, chat(7))).toBe(false);
});
