import { distance, type Point } from "./sphere";

/** Whether somebody stands on a site. Pure: where they are comes in, and goes nowhere from here. */

/** A site is no point: from the gate to its far end (m). */
export const NEAR_M = 150;
/** A place vaguer than this says nothing about a site (m). */
export const VAGUE_M = 100;

/** The nearest of the sites that somebody stands on, or null. */
export function siteAt<T extends { readonly place: Point | null }>(
  here: Point & { readonly accuracy: number },
  sites: readonly T[],
): T | null {
  if (here.accuracy > VAGUE_M) return null;
  const near = sites
    .flatMap((site) => (site.place ? [{ site, metres: distance(here, site.place) }] : []))
    .filter(({ metres }) => metres <= NEAR_M)
    .sort((a, b) => a.metres - b.metres);
  return near[0]?.site ?? null;
}
