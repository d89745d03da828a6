import type { Attachment } from "svelte/attachments";
import { type Box, fitted, held, moved, type View, WHOLE, zoomAt } from "./zoom";

const SWIPE = 60;
const TAP_MS = 300;
const TAP_SCALE = 2.5;

export interface Gestures {
  view(): View;
  set(view: View): void;
  picture(): Box;
  /** -1: the one before, 1: the next. */
  swipe(step: -1 | 1): void;
  /** Pulled down: away with it. */
  dismiss(): void;
}

/** Two fingers or the wheel make larger, one moves or swipes, two taps change between whole and close. */
export function gestures(to: Gestures): Attachment<HTMLElement> {
  return (node) => {
    const fingers = new Map<number, { x: number; y: number }>();
    let start = { x: 0, y: 0 };
    let tapped = 0;
    let pinched = false;
    const frame = (): Box => ({ width: node.clientWidth, height: node.clientHeight });
    const apply = (view: View): void => {
      to.set(held(view, fitted(to.picture(), frame()), frame()));
    };
    const fromMiddle = (x: number, y: number): { x: number; y: number } => {
      const box = node.getBoundingClientRect();
      return { x: x - box.left - box.width / 2, y: y - box.top - box.height / 2 };
    };
    const down = (event: PointerEvent): void => {
      if (event.target instanceof Element && event.target.closest("button, a")) return;
      node.setPointerCapture(event.pointerId);
      if (fingers.size === 0) {
        start = { x: event.clientX, y: event.clientY };
        pinched = false;
      }
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    };
    const move = (event: PointerEvent): void => {
      const old = fingers.get(event.pointerId);
      if (!old) return;
      const now = { x: event.clientX, y: event.clientY };
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        pinched = true;
        const before = Math.hypot(old.x - other.x, old.y - other.y);
        const after = Math.hypot(now.x - other.x, now.y - other.y);
        const middle = fromMiddle((now.x + other.x) / 2, (now.y + other.y) / 2);
        if (before > 0) apply(zoomAt(to.view(), after / before, middle));
      } else if (to.view().scale > 1) apply(moved(to.view(), now.x - old.x, now.y - old.y));
      fingers.set(event.pointerId, now);
    };
    const up = (event: PointerEvent): void => {
      if (!fingers.delete(event.pointerId) || fingers.size > 0 || pinched) return;
      const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
      if (Math.hypot(dx, dy) < 8) {
        const close = event.timeStamp - tapped < TAP_MS;
        tapped = close ? 0 : event.timeStamp;
        if (!close) return;
        if (to.view().scale > 1) to.set(WHOLE);
        else apply(zoomAt(to.view(), TAP_SCALE, fromMiddle(event.clientX, event.clientY)));
      } else if (to.view().scale === 1) {
        if (Math.abs(dx) > SWIPE && Math.abs(dx) > Math.abs(dy)) to.swipe(dx < 0 ? 1 : -1);
        else if (dy > 2 * SWIPE && event.pointerType !== "mouse") to.dismiss();
      }
    };
    const cancel = (event: PointerEvent): void => {
      fingers.delete(event.pointerId);
    };
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      apply(zoomAt(to.view(), Math.exp(-event.deltaY / 300), fromMiddle(event.clientX, event.clientY)));
    };
    node.addEventListener("pointerdown", down);
    node.addEventListener("pointermove", move);
    node.addEventListener("pointerup", up);
    node.addEventListener("pointercancel", cancel);
    node.addEventListener("wheel", wheel, { passive: false });
    return () => {
      node.removeEventListener("pointerdown", down);
      node.removeEventListener("pointermove", move);
      node.removeEventListener("pointerup", up);
      node.removeEventListener("pointercancel", cancel);
      node.removeEventListener("wheel", wheel);
    };
  };
}
