import { expect, test } from "vitest";
import { excerpt, matches } from "../../src/lib/sync/words";

test("searching forgives case, accents and ß", () => {
  expect(matches("Baustelle Größweg, Kassel", "grossw")).toBe(true);
  expect(matches("Yıldız Müller", "muller")).toBe(true);
  expect(matches("Lindenweg 4", "weg")).toBe(true);
  expect(matches("Lindenweg 4", "linden 5")).toBe(false);
});

test("words may be written together with what is no letter", () => {
  expect(matches("Der Kran (40 t) kommt um 7:30!", "kran 7:30")).toBe(true);
  expect(matches("Plan-EG_final.pdf", "plan eg pdf")).toBe(true);
  expect(matches("Kabel", "…")).toBe(true);
});

const marked = (text: string, search: string): string =>
  excerpt(text, search)
    .map((piece) => (piece.found ? `[${piece.text}]` : piece.text))
    .join("");

test("an excerpt marks whole words, as they are written", () => {
  expect(marked("Der KRÄNE-Plan,\n der Kran", "kran")).toBe("Der [KRÄNE]-Plan, der [Kran]");
  expect(marked("nichts davon", "kran")).toBe("nichts davon");
  expect(marked("", "kran")).toBe("");
});

test("an excerpt of a long text begins shortly before the first word, never inside one", () => {
  const long = `${"Wort ".repeat(60)}und dann kommt der Kran um sieben ${"danach ".repeat(60)}`;
  const cut = marked(long, "kran");
  expect(cut.startsWith("… Wort und dann kommt der [Kran] um sieben")).toBe(true);
  expect(cut.length).toBeLessThan(180);
});
