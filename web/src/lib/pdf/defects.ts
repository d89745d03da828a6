import { Paper, WIDTH } from "./paper";

/** A list of defects on paper. All words come from the caller, in the reader's language. */
export interface DefectLine {
  number: number;
  note: string;
  /** Label and value; empty values are left out. */
  facts: readonly (readonly [string, string])[];
  done: boolean;
  /** JPEG; `name` is the same for the same photo. */
  photo: { name: string; bytes: Uint8Array; width: number; height: number } | null;
}
export interface DefectList {
  language: string;
  title: string;
  subtitle: string;
  summary: string;
  foot: (sheet: number, of: number) => string;
  lines: readonly DefectLine[];
}

const PHOTO = { left: 11, width: 72, height: 54 };
const TEXT = { left: 90, width: WIDTH - 90 };

export async function defectsPdf(list: DefectList): Promise<Blob> {
  const paper = await Paper.open(`${list.title} ${list.subtitle}`, list.language);
  paper.text(list.title, { size: 20, bold: true });
  if (list.subtitle) paper.text(list.subtitle, { size: 12 });
  paper.text(list.summary, { soft: true });
  paper.gap(4);
  for (const line of list.lines) draw(paper, line);
  return paper.finish(list.foot);
}

function draw(paper: Paper, line: DefectLine): void {
  const facts = line.facts.filter(([, value]) => value !== "").map(([label, value]) => `${label}: ${value}`);
  const title = line.note || "–";
  const text = paper.tall(title, { ...TEXT, bold: true, size: 11 }) + facts.length * 6;
  paper.room(Math.min(200, Math.max(line.photo ? PHOTO.height : 10, text) + 8));
  paper.rule();
  paper.gap(4);
  const top = paper.y;
  paper.badge(String(line.number), 0, line.done);
  const tall = line.photo ? paper.picture(line.photo.bytes, line.photo.name, line.photo, PHOTO) : 8;
  paper.text(title, { ...TEXT, bold: true, size: 11 });
  paper.gap(1);
  for (const fact of facts) paper.text(fact, TEXT);
  // A long note may have gone on to the next sheet.
  if (paper.y > top) paper.y = Math.max(paper.y, top + tall);
  paper.gap(4);
}
