import type { Point } from "./sphere";

/** Coordinates as people write and copy them: latitude first, in degrees. */

const POINTS = /^([+-]?\d+\.\d+)°?\s*[,;\s]\s*([+-]?\d+\.\d+)°?$/;
const COMMAS = /^([+-]?\d+,\d+)°?\s*(?:[,;]\s*|\s)([+-]?\d+,\d+)°?$/;

/** "51.31270, 9.47970": to about a metre. */
export function pointText({ latitude, longitude }: Point): string {
  return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
}

/** What `pointText` writes, also with decimal commas; null for anything else, and for what is not on the earth. */
export function parsePoint(text: string): Point | null {
  const found = POINTS.exec(text.trim()) ?? COMMAS.exec(text.trim());
  if (!found) return null;
  const [latitude, longitude] = [found[1]!, found[2]!].map((part) => Number(part.replace(",", "."))) as [
    number,
    number,
  ];
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}
