/** A text as pieces: plain ones, and links that are safe to follow. */
export interface Piece {
  readonly text: string;
  /** null for plain text. Only http, https, mailto and tel. */
  readonly href: string | null;
}

const WEB = String.raw`https?:\/\/[^\s<>"'\u00a0]+`;
const MAIL = String.raw`(?:mailto:)?[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+`;
const PHONE = String.raw`(?:tel:)?(?:\+|\b0)\d[\d \/()-]{4,18}\d`;
const LINK = new RegExp(`(?<web>${WEB})|(?<mail>${MAIL})|(?<phone>(?<![\\w.,:/-])${PHONE}(?![\\w:]))`, "giu");
const PROTOCOLS = new Set(["http:", "https:", "mailto:", "tel:"]);

/** Find web addresses, e-mail addresses and telephone numbers. The pieces joined are the text again. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const found = match.groups?.["web"] === undefined ? match[0] : trimmed(match[0]);
    const href = target(found, match.groups ?? {});
    if (!href) continue;
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), href: null });
    pieces.push({ text: found, href });
    from = match.index + found.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), href: null });
  return pieces;
}

/** Without the full stop of the sentence, and without a bracket that was opened before the link. */
function trimmed(link: string): string {
  let end = link.length;
  while (end > 0) {
    const last = link[end - 1]!;
    if (/[.,;:!?…*_~]/u.test(last)) end--;
    else if (last === ")" && count(link.slice(0, end), ")") > count(link.slice(0, end), "(")) end--;
    else if (last === "]" && count(link.slice(0, end), "]") > count(link.slice(0, end), "[")) end--;
    else break;
  }
  return link.slice(0, end);
}

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}

function target(found: string, groups: Readonly<Record<string, string | undefined>>): string | null {
  if (groups["phone"] !== undefined) {
    const digits = found.replace(/[^\d+]/g, "");
    return digits.replace("+", "").length < 7 ? null : `tel:${digits}`;
  }
  try {
    const url = new URL(groups["mail"] === undefined || found.startsWith("mailto:") ? found : `mailto:${found}`);
    return PROTOCOLS.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
