import { describe, expect, test } from "vitest";
import { linkify } from "../src/lib/ui/chat/linkify";
import { extension, safeName } from "../src/lib/ui/chat/names";

const links = (text: string): [string, string][] =>
  linkify(text).flatMap((piece) => (piece.href ? [[piece.text, piece.href] as [string, string]] : []));

describe("links in a text", () => {
  test.each([
    ["Siehe https://example.org/a?b=c#d.", "https://example.org/a?b=c#d", "https://example.org/a?b=c#d"],
    [
      "(https://example.org/wiki/Haus_(Bau))",
      "https://example.org/wiki/Haus_(Bau)",
      "https://example.org/wiki/Haus_(Bau)",
    ],
    ["HTTP://EXAMPLE.ORG!", "HTTP://EXAMPLE.ORG", "http://example.org/"],
    ["schreib an buero@huber.example, ja?", "buero@huber.example", "mailto:buero@huber.example"],
    ["mailto:buero@huber.example", "mailto:buero@huber.example", "mailto:buero@huber.example"],
    ["ruf 0561 / 47110-20 an", "0561 / 47110-20", "tel:05614711020"],
    ["+49 (0)561 4711020", "+49 (0)561 4711020", "tel:+4905614711020"],
    ["tel:+4956147110", "tel:+4956147110", "tel:+4956147110"],
  ])("%s", (text, shown, href) => {
    expect(links(text)).toEqual([[shown, href]]);
  });

  test.each([
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:geheim.txt",
    "https://",
    "um 7:30 am 01.02.2026",
    "Los 07-15",
    "Artikel 4711",
    "<a href='x'>kein Link</a>",
  ])("none: %s", (text) => {
    expect(links(text)).toEqual([]);
  });

  test("a script in an address stays part of the address, encoded", () => {
    for (const [, href] of links('https://example.org/"><img src=x onerror=alert(1)>')) {
      expect(href).toBe("https://example.org/");
    }
  });

  test("the pieces are the text again", () => {
    const text = "Eins https://a.example, zwei\n\n b@c.example und\t0561 4711020 <b>Ende</b> 👍";
    expect(
      linkify(text)
        .map((piece) => piece.text)
        .join(""),
    ).toBe(text);
  });

  test("a long text without end takes no time to speak of", () => {
    for (const text of [
      "a".repeat(50_000),
      "0 ".repeat(25_000),
      "a@".repeat(25_000),
      "https://".repeat(6_000),
      "(".repeat(50_000),
    ]) {
      expect(
        linkify(text)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(text);
    }
  });
});

describe("file names", () => {
  test("look like what they are", () => {
    expect(safeName("Rechnung\u202efdp.exe", "Datei")).toBe("Rechnungfdp.exe");
    expect(safeName("../../geheim/plan", "Datei")).toBe("_.._geheim_plan");
    expect(safeName("a\u0000b\nc.pdf", "Datei")).toBe("abc.pdf");
    expect(safeName("   ", "Datei")).toBe("Datei");
    expect(safeName("Aufmaß Öl.pdf", "Datei")).toBe("Aufmaß Öl.pdf");
  });

  test("say their type", () => {
    expect(extension("Plan.Pdf")).toBe("PDF");
    expect(extension("Plan")).toBe("");
  });
});
