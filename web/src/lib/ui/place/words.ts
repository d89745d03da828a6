import { bearing, direction, distance, type Point } from "../../geo/sphere";
import { getLanguage, plural, t } from "../../i18n/index.svelte";

/** Places in words, for the list that says what the map shows. */

/** "vor 3 min" */
export function age(time: number, now: number): string {
  const minutes = Math.floor(Math.max(0, now - time) / 60_000);
  return minutes === 0 ? t("place.now") : plural("place.age", minutes);
}

/** "340 m" or "2,1 km" */
export function length(metres: number): string {
  if (metres < 1000) return t("place.metres", { n: Math.round(metres / 10) * 10 });
  const digits = metres < 10_000 ? 1 : 0;
  const n = new Intl.NumberFormat(getLanguage(), { maximumFractionDigits: digits }).format(metres / 1000);
  return t("place.kilometres", { n });
}

/** "auf 12 m genau"; nothing where it is not said. */
export function accuracy(metres: number): string {
  return metres > 0 ? t("place.accuracy", { metres: Math.round(metres) }) : "";
}

/** "340 m nordöstlich"; nearer than any device knows, there is no direction. */
export function way(from: Point, to: Point): string {
  const metres = distance(from, to);
  if (metres < 5) return t("place.close");
  return t("place.away", {
    distance: length(metres),
    direction: t(`place.${direction(bearing(from, to))}`),
  });
}
