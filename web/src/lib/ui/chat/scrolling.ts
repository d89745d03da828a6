/**
 * Keep in place what a person looks at while messages come and go above and below. Browsers' own scroll anchoring is off
 * here: Safari has none, and both at once would jump.
 */
export interface Anchor {
  /** Elements in sight, from the top, and how far below the upper edge each stood (px). */
  readonly marks: readonly { id: string; top: number }[];
}

const MARKS = 6;

/** Children of `list` that are seen in `scroller`; found by halving, as they stand in order. */
export function anchorOf(scroller: HTMLElement, list: HTMLElement): Anchor {
  const edge = scroller.getBoundingClientRect().top;
  const { children } = list;
  let [low, high] = [0, children.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (children[middle]!.getBoundingClientRect().bottom > edge) high = middle;
    else low = middle + 1;
  }
  const marks: { id: string; top: number }[] = [];
  for (let index = low; index < children.length && marks.length < MARKS; index++) {
    const child = children[index] as HTMLElement;
    const { id } = child.dataset;
    if (id) marks.push({ id, top: child.getBoundingClientRect().top - edge });
  }
  return { marks };
}

/** Scroll so that the first mark that is still there stands where it stood. False when none is. */
export function restore(scroller: HTMLElement, list: HTMLElement, anchor: Anchor): boolean {
  for (const { id, top } of anchor.marks) {
    const child = childOf(list, id);
    if (!child) continue;
    const moved = child.getBoundingClientRect().top - scroller.getBoundingClientRect().top - top;
    if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
    return true;
  }
  return false;
}

export function childOf(list: HTMLElement, id: string): HTMLElement | null {
  return list.querySelector<HTMLElement>(`:scope > [data-id="${CSS.escape(id)}"]`);
}

/** The lowest child of `list` that can be seen, by `data-id`. */
export function lowestSeen(scroller: HTMLElement, list: HTMLElement): string {
  const edge = scroller.getBoundingClientRect().bottom;
  for (let index = list.children.length - 1; index >= 0; index--) {
    const child = list.children[index] as HTMLElement;
    // Half a line of it must be in sight.
    if (child.dataset["id"] && child.getBoundingClientRect().top + 12 < edge) return child.dataset["id"];
  }
  return "";
}
