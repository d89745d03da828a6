import { describe, expect, it } from "vitest";
import type { Knock } from "../../src/lib/sync/knock";
import type { NoticeView } from "../../src/lib/sync/views";
import { isOver, knockOf, pathOf, shownFor } from "../../src/sw/notices";

const ID = "0f".repeat(16);
const knock: Knock = { conversation: ID, seq: 7, urgent: false };
const notice = (change: Partial<NoticeView> = {}): NoticeView => ({
  conversation: ID,
  seq: 9,
  title: "Baustelle Lindenweg",
  direct: false,
  news: [{ sender: "Anna", kind: "text", text: "Der Kran kommt um 7" }],
  more: 0,
  read: false,
  muted: false,
  preview: true,
  language: "de",
  unread: 1,
  readUpTo: {},
  ...change,
});

describe("what a notification shows", () => {
  it("names conversation, person and text, and is the conversation's only one", () => {
    const { title, options } = shownFor(knock, notice(), "de");
    expect(title).toBe("Baustelle Lindenweg");
    expect(options).toMatchObject({
      body: "Anna: Der Kran kommt um 7",
      tag: ID,
      renotify: true,
      silent: false,
      data: { conversation: ID, seq: 9 },
    });
  });

  it("needs no name in a direct conversation", () => {
    expect(shownFor(knock, notice({ direct: true }), "de").options.body).toBe("Der Kran kommt um 7");
  });

  it("shows several lines and how many were before", () => {
    const news = [1, 2, 3].map((n) => ({ sender: "Ali", kind: "text" as const, text: String(n) }));
    expect(shownFor(knock, notice({ news, more: 4 }), "de").options.body).toBe("und 4 davor\nAli: 1\nAli: 2\nAli: 3");
  });

  it.each([
    ["photo", "Anna: 📷 Foto"],
    ["voice", "Anna: 🎤 Sprachnachricht"],
    ["waiting", "Anna: Neue Nachricht"],
    ["unknown", "Anna: Neue Nachricht"],
  ] as const)("says what came: %s", (kind, text) => {
    expect(shownFor(knock, notice({ news: [{ sender: "Anna", kind, text: "" }] }), "de").options.body).toBe(text);
  });

  it("says of a drill that it is one", () => {
    const news = [{ sender: "Anna", kind: "drill" as const, text: "Alle raus" }];
    expect(shownFor({ ...knock, urgent: true }, notice({ news }), "de").options.body).toBe("Anna: Übung: Alle raus");
    expect(shownFor(knock, notice({ news: [{ ...news[0]!, text: "" }] }), "de").options.body).toBe("Anna: Übung");
    const urgent = { ...knock, urgent: true };
    expect(shownFor(urgent, notice({ news, preview: false }), "de").options.body).toBe("Übung");
    const both = [...news, { sender: "Anna", kind: "alarm" as const, text: "Es brennt wirklich" }];
    expect(shownFor(urgent, notice({ news: both, preview: false }), "de").options.body).toBe("Alarm");
  });

  it("says who reacted and with what", () => {
    const news = [{ sender: "Anna", kind: "reaction" as const, text: "👍" }];
    expect(shownFor(knock, notice({ news }), "en-GB").options.body).toBe("Anna: hat mit 👍 reagiert");
    expect(shownFor(knock, notice({ news, language: "en" }), "de").options.body).toBe("Anna: reacted with 👍");
  });

  it("keeps names and texts to itself where no preview is wanted", () => {
    const { title, options } = shownFor(knock, notice({ preview: false }), "de");
    expect([title, options.body]).toEqual(["Werkfunk", "Neue Nachricht"]);
    expect(JSON.stringify(options)).not.toMatch(/Anna|Kran|Lindenweg/);
  });

  it("says that something came when it could not be opened", () => {
    expect(shownFor(knock, null, "en-GB")).toMatchObject({ title: "Werkfunk", options: { body: "New message" } });
    // Without a tag, a browser refuses to tell of it anew.
    expect(shownFor({ conversation: "", seq: 0, urgent: false }, null, "de").options).toMatchObject({
      tag: "werkfunk",
      data: { conversation: "", seq: 0 },
    });
  });

  it.each([{ muted: true }, { read: true }, { news: [] }])("is there but makes no sound: %o", (change) => {
    expect(shownFor(knock, notice(change), "de").options).toMatchObject({ silent: true, renotify: false });
  });

  it("is loud for an alarm, muted or not, and stands for itself", () => {
    const { options } = shownFor({ ...knock, urgent: true }, notice({ muted: true }), "de");
    expect(options).toMatchObject({ silent: false, requireInteraction: true, tag: `${ID}-7` });
    expect(shownFor({ ...knock, urgent: true }, null, "de").options.body).toBe("Alarm");
  });

  it("bounds what it shows", () => {
    const news = [{ sender: "Anna", kind: "text" as const, text: "x".repeat(5_000) }];
    expect(shownFor(knock, notice({ news }), "de").options.body!.length).toBe(500);
  });
});

describe("what a push says, and where a tap leads", () => {
  it("leads to the conversation", () => {
    const said = knockOf({ c: ID, s: 7 });
    expect(said).toEqual(knock);
    const { data } = shownFor(said, null, "de").options;
    expect(pathOf(data)).toBe(`/c/${ID}`);
    expect([isOver(data, { [ID]: 6 }), isOver(data, { [ID]: 7 })]).toEqual([false, true]);
  });

  it("leads from an alarm outside the own conversations to the alarms", () => {
    const said = knockOf({ c: "0".repeat(32), s: 0, u: 1 });
    expect(said).toEqual({ conversation: "", seq: 0, urgent: true });
    const { options } = shownFor(said, null, "de");
    expect(options).toMatchObject({ requireInteraction: true, tag: "alarm-0" });
    expect(pathOf(options.data)).toBe("/alarms");
    expect(isOver(options.data, { [ID]: 99 })).toBe(false);
  });

  it.each([null, "x", {}, { c: "00", s: 1 }, { c: ID, s: "1" }, { c: ID, s: 1.5 }])(
    "names nothing for %j",
    (payload) => {
      const said = knockOf(payload);
      expect(said).toEqual({ conversation: "", seq: 0, urgent: false });
      expect(pathOf(shownFor(said, null, "de").options.data)).toBe("/");
    },
  );
});
