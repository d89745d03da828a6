import type { Attachment } from "svelte/attachments";

const HOLD_MS = 450;
const STILL = 10;

/**
 * Ask for the menu of a thing: held for a moment by a finger, the right button of a mouse, or the menu key. `open` gets
 * where, or null for the keyboard.
 */
export function menuPress(open: (at: { x: number; y: number } | null) => void): Attachment<HTMLElement> {
  return (node) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let [x, y] = [0, 0];
    let held = false;
    const stop = (): void => {
      clearTimeout(timer);
    };
    const down = (event: PointerEvent): void => {
      held = false;
      if (event.pointerType === "mouse" || !event.isPrimary) return;
      [x, y] = [event.clientX, event.clientY];
      stop();
      timer = setTimeout(() => {
        held = true;
        navigator.vibrate?.(15);
        open({ x, y });
      }, HOLD_MS);
    };
    const move = (event: PointerEvent): void => {
      if (Math.hypot(event.clientX - x, event.clientY - y) > STILL) stop();
    };
    const context = (event: MouseEvent): void => {
      // What is marked, and links, keep the browser's own menu.
      if (event.target instanceof Element && event.target.closest("a[href]")) return;
      event.preventDefault();
      stop();
      if (!held) open(event.button === 2 ? { x: event.clientX, y: event.clientY } : null);
    };
    const click = (event: MouseEvent): void => {
      if (!held) return;
      held = false;
      event.preventDefault();
      event.stopPropagation();
    };
    node.addEventListener("pointerdown", down);
    node.addEventListener("pointermove", move);
    node.addEventListener("pointerup", stop);
    node.addEventListener("pointercancel", stop);
    node.addEventListener("contextmenu", context);
    node.addEventListener("click", click, true);
    return () => {
      stop();
      node.removeEventListener("pointerdown", down);
      node.removeEventListener("pointermove", move);
      node.removeEventListener("pointerup", stop);
      node.removeEventListener("pointercancel", stop);
      node.removeEventListener("contextmenu", context);
      node.removeEventListener("click", click, true);
    };
  };
}
