import ArrowUpRight from "@lucide/svelte/icons/arrow-up-right";
import Circle from "@lucide/svelte/icons/circle";
import Crop from "@lucide/svelte/icons/crop";
import Grid from "@lucide/svelte/icons/grid-3x3";
import Layers from "@lucide/svelte/icons/layers";
import Pen from "@lucide/svelte/icons/pen-line";
import Hash from "@lucide/svelte/icons/hash";
import Mask from "@lucide/svelte/icons/eye-off";
import Minus from "@lucide/svelte/icons/minus";
import Pointer from "@lucide/svelte/icons/mouse-pointer-2";
import Redo from "@lucide/svelte/icons/redo-2";
import Ruler from "@lucide/svelte/icons/ruler-dimension-line";
import Square from "@lucide/svelte/icons/square";
import Stamp from "@lucide/svelte/icons/stamp";
import Sun from "@lucide/svelte/icons/sun";
import TurnLeft from "@lucide/svelte/icons/rotate-ccw-square";
import TurnRight from "@lucide/svelte/icons/rotate-cw-square";
import Type from "@lucide/svelte/icons/type";
import Undo from "@lucide/svelte/icons/undo-2";
import ZoomIn from "@lucide/svelte/icons/zoom-in";
import ZoomOut from "@lucide/svelte/icons/zoom-out";
import Whole from "@lucide/svelte/icons/maximize";

/** Icons of the photo editor only: they come with its own lazy part. */
export const PHOTO_ICONS = {
  select: Pointer,
  arrow: ArrowUpRight,
  line: Minus,
  ellipse: Circle,
  rectangle: Square,
  pen: Pen,
  text: Type,
  mark: Hash,
  dimension: Ruler,
  blackOut: Mask,
  pixelate: Grid,
  crop: Crop,
  light: Sun,
  stamp: Stamp,
  undo: Undo,
  redo: Redo,
  layers: Layers,
  turnLeft: TurnLeft,
  turnRight: TurnRight,
  zoomIn: ZoomIn,
  zoomOut: ZoomOut,
  whole: Whole,
} as const;
export type PhotoIconName = keyof typeof PHOTO_ICONS;
