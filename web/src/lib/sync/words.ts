/** What people type to find something, and where it stands. Pure. */

const WORD = /[\p{L}\p{N}]+/gu;

/** For comparing: no case, no accents, ß as ss. */
export function folded(text: string): string {
  return text.toLocaleLowerCase("de").replace(/ß/g, "ss").normalize("NFD").replace(/\p{M}/gu, "");
}

function parts(search: string): string[] {
  return folded(search).match(WORD) ?? [];
}

/** Begins the word, or stands inside it from three letters on. */
const within = (word: string, part: string): boolean =>
  word.startsWith(part) || (part.length > 2 && word.includes(part));

/** Every word of `search` begins a word of `text`, or stands inside it from three letters on. */
export function matches(text: string, search: string): boolean {
  const words = parts(text);
  return parts(search).every((part) => words.some((word) => within(word, part)));
}

export interface Piece {
  text: string;
  /** A word that was looked for. */
  found: boolean;
}

/** Characters before the first word that was found: it stands in sight on a narrow phone. */
const BEFORE = 24;
const LONGEST = 160;

/** A text in one line, cut to where the words stand, which are marked. */
export function excerpt(text: string, search: string): Piece[] {
  const line = text.replace(/\s+/gu, " ").trim();
  const wanted = parts(search);
  const places = [...line.matchAll(WORD)].filter(([word]) => wanted.some((part) => within(folded(word), part)));
  const first = places[0]?.index ?? 0;
  // Not in the middle of a word.
  const start = first <= BEFORE ? 0 : line.lastIndexOf(" ", first - BEFORE) + 1;
  const pieces: Piece[] = start > 0 ? [{ text: "… ", found: false }] : [];
  let at = start;
  for (const { 0: word, index } of places) {
    if (index > start + LONGEST) break;
    if (index > at) pieces.push({ text: line.slice(at, index), found: false });
    pieces.push({ text: word, found: true });
    at = index + word.length;
  }
  if (at < line.length && at < start + LONGEST) pieces.push({ text: line.slice(at, start + LONGEST), found: false });
  return pieces;
}
