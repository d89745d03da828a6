import type { Sealed } from "../protocol/generation";
import { fromB64, type SealedBox, toB64 } from "../wire/api";

/** Boxes as they travel. */
export function boxesBody(boxes: readonly Sealed[]): SealedBox[] {
  return boxes.map((one) => ({ recipient: toB64(one.recipient), box: toB64(one.box), index: one.index }));
}

export const bytesOf = (list: readonly string[]): Uint8Array[] => list.map(fromB64);
