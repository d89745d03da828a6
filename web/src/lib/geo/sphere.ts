/** Distance and direction on the earth as a sphere: right to half a per cent, which a building site does not notice. */

const EARTH_M = 6_371_008.8;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Degrees. */
export interface Point {
  readonly latitude: number;
  readonly longitude: number;
}

const E7 = 10_000_000;

/** Degrees as the protocol has them: whole numbers of 1e-7. */
export function toE7({ latitude, longitude }: Point): Point {
  return { latitude: Math.round(latitude * E7), longitude: Math.round(longitude * E7) };
}

export function fromE7({ latitude, longitude }: Point): Point {
  return { latitude: latitude / E7, longitude: longitude / E7 };
}

/** Metres along the great circle (haversine). */
export function distance(from: Point, to: Point): number {
  const [phi, theta] = [radians(from.latitude), radians(to.latitude)];
  const half =
    Math.sin((theta - phi) / 2) ** 2 +
    Math.cos(phi) * Math.cos(theta) * Math.sin(radians(to.longitude - from.longitude) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** Degrees clockwise from north in which to set out, 0 up to 360. */
export function bearing(from: Point, to: Point): number {
  const [phi, theta, turn] = [radians(from.latitude), radians(to.latitude), radians(to.longitude - from.longitude)];
  const east = Math.sin(turn) * Math.cos(theta);
  const north = Math.cos(phi) * Math.sin(theta) - Math.sin(phi) * Math.cos(theta) * Math.cos(turn);
  return ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360;
}

export const DIRECTIONS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"] as const;

/** The nearest of the eight directions that people say. */
export function direction(degrees: number): (typeof DIRECTIONS)[number] {
  return DIRECTIONS[Math.round(degrees / 45) % 8]!;
}
