import type { Edited } from "./session.svelte";

/**
 * Photos that were drawn upon and not sent yet: for the file that people see, the one it was made from and what was
 * drawn. The worker makes the photo anew from these, so that nothing covered is in any file that is sent.
 */
interface Held {
  shown: File;
  source: File;
  edited: Edited;
}
/** As many as one message takes, twice. */
const KEPT = 20;
let held: readonly Held[] = [];

export function editOf(file: File): Held | undefined {
  return held.find((one) => one.shown === file);
}

/** The photo as it looks now, in place of the one it was made from. */
export function remember(source: File, edited: Edited): File {
  const shown = new File([edited.preview], source.name, { type: "image/jpeg" });
  held = [...held, { shown, source, edited }].slice(-KEPT);
  return shown;
}

/** Numbers of marks on other photos in hand. */
export function numbersInHand(except: File): number[] {
  return held.filter((one) => one.shown !== except).flatMap((one) => one.edited.defects.map((defect) => defect.number));
}
