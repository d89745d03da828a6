import type { Point } from "../../geo/sphere";
import type { IconName } from "../icons";

/** Something on the map: a person, oneself, or with an icon what is no person. */
export interface Pin extends Point {
  id: string;
  name: string;
  me: boolean;
  icon?: IconName;
}
