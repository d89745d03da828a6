import { problemText, t } from "../i18n/index.svelte";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "danger";
  /** What can be done about it, such as undo. */
  action: { label: string; run: () => void } | null;
}

const SHOWN_MS = 6_000;
const shown = $state<Toast[]>([]);
let next = 1;

export function toasts(): readonly Toast[] {
  return shown;
}

export function dismiss(id: number): void {
  const index = shown.findIndex((one) => one.id === id);
  if (index >= 0) shown.splice(index, 1);
}

/** A short word that goes by itself. */
export function say(text: string, action: Toast["action"] = null): void {
  show({ text, tone: "plain", action });
}

/** What went wrong and what to do, from the catalogue. */
export function complain(error: unknown): void {
  show({ text: problemText(error), tone: "danger", action: null });
}

/** As `complain`, the first time only: for what fails again and again, as a cellar has no reception for a while. */
export function complainOnce(): (error: unknown) => void {
  let told = false;
  return (error) => {
    if (!told) complain(error);
    told = true;
  };
}

/** Do something that may fail; a failure is said. Resolves to whether it was done. */
export async function attempt(doing: () => Promise<unknown>): Promise<boolean> {
  try {
    await doing();
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

function show(toast: Omit<Toast, "id">): void {
  const id = next++;
  shown.push({ ...toast, id });
  setTimeout(() => {
    dismiss(id);
  }, SHOWN_MS);
}

/** Put a text on the clipboard, and say so. */
export async function copyText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  say(t("do.copied"));
}
