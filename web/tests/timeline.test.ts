import { describe, expect, test } from "vitest";
import { layout } from "../src/lib/state/entries";
import { muteUntil } from "../src/lib/state/mute";
import {
  EMPTY,
  ends,
  fromPage,
  KEPT,
  PAGE,
  type Span,
  withChange,
  withNewer,
  withOlder,
} from "../src/lib/state/timeline";
import type { FileView, MessageView, PageView } from "../src/lib/sync/views";
import { filtered } from "../src/lib/ui/chat/search";
import { fitted, held, WHOLE, zoomAt } from "../src/lib/ui/chat/zoom";

const NOON = new Date(2026, 10, 24, 12).getTime();

function message(seq: number, change: Partial<MessageView> = {}): MessageView {
  return {
    id: `m${String(seq)}`,
    conversation: "c",
    seq,
    time: NOON + seq * 1000,
    sender: "a",
    senderName: "Anna",
    mine: false,
    kind: "text",
    text: `Text ${String(seq)}`,
    notice: null,
    reply: null,
    editedFrom: null,
    edited: false,
    reactions: [],
    files: [],
    place: null,
    duration: 0,
    levels: null,
    state: "sent",
    failure: "",
    ...change,
  };
}

const range = (from: number, to: number): MessageView[] =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
const page = (from: number, to: number, before: boolean, after: boolean): PageView => ({
  messages: range(from, to),
  before,
  after,
  unreadFrom: 0,
});
const seqs = (span: Span): number[] => span.messages.map((one) => one.seq);
const news = (...messages: MessageView[]) =>
  ({ type: "messages", conversation: "c", messages, gone: [] as string[] }) as const;

describe("the window over a log", () => {
  test("slides up and down over 20,000 messages, gapless, and never holds more than it may", () => {
    const newest = 20_000;
    let span = fromPage(page(newest - PAGE + 1, newest, true, false));
    const seen = new Set(seqs(span));
    while (span.before) {
      const { first } = ends(span);
      const from = Math.max(1, first - PAGE);
      span = withOlder(span, page(from, first - 1, from > 1, true));
      for (const seq of seqs(span)) seen.add(seq);
      expect(span.messages.length).toBeLessThanOrEqual(KEPT);
      expect(seqs(span)).toEqual(range(ends(span).first, ends(span).last).map((one) => one.seq));
    }
    expect(seen.size).toBe(newest);
    expect(ends(span)).toEqual({ first: 1, last: KEPT });
    expect(span.after).toBe(true);
    while (span.after) {
      const { last } = ends(span);
      const to = Math.min(newest, last + PAGE);
      span = withNewer(span, page(last + 1, to, true, to < newest));
      expect(span.messages.length).toBeLessThanOrEqual(KEPT);
    }
    expect(ends(span)).toEqual({ first: newest - KEPT + 1, last: newest });
    expect(span.before).toBe(true);
  });

  test("takes in what comes, in order, once", () => {
    let span = fromPage(page(1, 3, false, false));
    span = withChange(span, news(message(5), message(4)), true);
    span = withChange(span, news(message(4, { text: "anders" })), true);
    expect(seqs(span)).toEqual([1, 2, 3, 4, 5]);
    expect(span.messages[3]?.text).toBe("anders");
  });

  test("a message of its own goes from waiting to its place, and stays one", () => {
    let span = fromPage(page(1, 2, false, false));
    span = withChange(span, news(message(0, { id: "own", state: "queued" })), true);
    expect(seqs(span)).toEqual([1, 2, 0]);
    span = withChange(span, news(message(3)), true);
    expect(seqs(span)).toEqual([1, 2, 3, 0]);
    span = withChange(span, news(message(4, { id: "own" })), true);
    expect(span.messages.map((one) => one.id)).toEqual(["m1", "m2", "m3", "own"]);
    span = withChange(span, { type: "messages", conversation: "c", messages: [], gone: ["own"] }, true);
    expect(seqs(span)).toEqual([1, 2, 3]);
  });

  test("what lies outside the window is not put into it", () => {
    const span = fromPage(page(100, 139, true, true));
    expect(withChange(span, news(message(50), message(500), message(0, { id: "own" })), false).messages).toHaveLength(
      40,
    );
    expect(withChange(EMPTY, news(message(7)), true).messages).toHaveLength(1);
  });

  test("a flood while reading above does not grow it without end", () => {
    let span = fromPage(page(1, 40, false, false));
    span = withChange(span, news(...range(41, 1000)), false);
    expect(ends(span)).toEqual({ first: 1, last: KEPT });
    expect(span.after).toBe(true);
    let followed = fromPage(page(1, 40, false, false));
    followed = withChange(followed, news(...range(41, 1000)), true);
    expect(ends(followed)).toEqual({ first: 1001 - KEPT, last: 1000 });
    expect(followed.before).toBe(true);
  });

  test("a transfer changes its file and nothing else", () => {
    const file = { blob: "b", transfer: null, here: false } as FileView;
    const span = fromPage({ ...page(1, 2, false, false), messages: [message(1, { files: [file] }), message(2)] });
    const transfer = { direction: "down", state: "running", done: 1, total: 2, failure: "" } as const;
    const next = withChange(
      span,
      { type: "transfer", conversation: "c", message: "m1", blob: "b", transfer, here: false },
      false,
    );
    expect(next.messages[0]?.files[0]?.transfer).toEqual(transfer);
    expect(next.messages[1]).toBe(span.messages[1]);
  });
});

describe("what stands in the list", () => {
  test("days, the unread line, and groups of one sender", () => {
    const day = 86_400_000;
    const entries = layout(
      [
        message(1, { time: NOON - day }),
        message(2, { time: NOON }),
        message(3, { time: NOON + 1000 }),
        message(4, { time: NOON + 2000, sender: "b" }),
        message(5, { time: NOON + 3000, kind: "notice" }),
        message(6, { time: NOON + 30 * 60_000, sender: "b" }),
      ],
      3,
    );
    expect(entries.map((one) => one.type)).toEqual([
      "day",
      "message",
      "day",
      "message",
      "unread",
      "message",
      "message",
      "notice",
      "message",
    ]);
    const groups = entries.flatMap((one) => (one.type === "message" ? [[one.first, one.last]] : []));
    expect(groups).toEqual([
      [true, true],
      [true, true],
      [true, true],
      [true, true],
      [true, true],
    ]);
    const three = layout([message(1), message(2), message(3)], 0).slice(1);
    expect(three.map((one) => one.type === "message" && [one.first, one.last])).toEqual([
      [true, false],
      [false, false],
      [false, true],
    ]);
  });

  test("what did not change is the same object, and keys are never twice", () => {
    const before = layout(range(1, 5), 0);
    const after = layout(
      [...range(1, 5).map((one, i) => (before[i + 1] as { message: MessageView }).message ?? one), message(6)],
      0,
      before,
    );
    expect(after[1]).toBe(before[1]);
    expect(after[5]).not.toBe(before[5]);
    const back = layout(
      [message(1, { time: NOON }), message(2, { time: NOON + 86_400_000 }), message(3, { time: NOON })],
      0,
    );
    expect(new Set(back.map((one) => one.key)).size).toBe(back.length);
  });
});

test("no conversation, nothing found", () => {
  expect(filtered([], "all", "x")).toEqual([]);
});

test("until tomorrow is until six in the morning", () => {
  expect(new Date(muteUntil("morning", NOON))).toEqual(new Date(2026, 10, 25, 6));
  expect(muteUntil("hour", NOON) - NOON).toBe(3_600_000);
  expect(muteUntil("off", NOON)).toBe(0);
});

test("zooming keeps the point under the fingers, and the picture in its frame", () => {
  const frame = { width: 400, height: 800 };
  const at = { x: 100, y: 50 };
  const near = zoomAt(WHOLE, 2, at);
  expect([(at.x - near.x) / near.scale, (at.y - near.y) / near.scale]).toEqual([at.x, at.y]);
  expect(fitted({ width: 4000, height: 3000 }, frame)).toEqual({ width: 400, height: 300 });
  expect(held({ scale: 2, x: 999, y: 999 }, { width: 400, height: 300 }, frame)).toEqual({ scale: 2, x: 200, y: 0 });
  expect(held({ scale: 1, x: 50, y: 50 }, frame, frame)).toEqual(WHOLE);
});
