import { mount, unmount } from "svelte";
import { ICONS, type IconName } from "./icons";

const drawn = new Map<IconName, readonly Element[]>();

/**
 * The lines of an icon, for a drawing of the caller's. A conversation shows hundreds of icons, and Lucide's component
 * computes every attribute of each anew: it draws each icon once, and the lines are copied.
 */
export function shapeOf(name: IconName): Node[] {
  let lines = drawn.get(name);
  if (!lines) {
    const target = document.createElement("div");
    const component = mount(ICONS[name], { target });
    drawn.set(name, (lines = [...target.querySelectorAll("svg > *")]));
    void unmount(component);
  }
  return lines.map((line) => line.cloneNode());
}
