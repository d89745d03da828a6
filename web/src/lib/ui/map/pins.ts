import type { Point } from "../../geo/sphere";

/** Something on the map: a person, or oneself. */
export interface Pin extends Point {
  id: string;
  name: string;
  me: boolean;
}
