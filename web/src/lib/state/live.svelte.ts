import type { Change } from "../sync/api";
import { listen } from "./app.svelte";

/**
 * A value of the worker that is read again when something changes; however many changes come while it is being read,
 * it is read once more. null until the first answer.
 */
export class Live<T> {
  private value = $state.raw<T | null>(null);
  private running = false;
  private again = false;
  private undo: (() => void) | null = null;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly concerns: (change: Change) => boolean,
  ) {}

  get current(): T | null {
    return this.value;
  }

  /** Follow until the returned function is called; made for `$effect`. */
  follow(): () => void {
    this.undo ??= listen((change) => {
      if (this.concerns(change)) void this.refresh();
    });
    void this.refresh();
    return () => {
      this.undo?.();
      this.undo = null;
    };
  }

  async refresh(): Promise<void> {
    this.again = true;
    if (this.running) return;
    this.running = true;
    try {
      while (this.again) {
        this.again = false;
        this.value = await this.read();
      }
    } catch (error) {
      // Signed out meanwhile: there is nothing to show, and nobody to tell.
      if (!isSignedOut(error)) throw error;
    } finally {
      this.running = false;
    }
  }
}

function isSignedOut(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "unauthenticated";
}
