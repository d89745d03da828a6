/** Keeps the screen on while somebody listens or speaks; where the browser cannot, nothing happens. */
export class Awake {
  private lock: WakeLockSentinel | null = null;
  private wanted = false;
  private readonly again = (): void => {
    // The browser takes it away whenever the page is hidden.
    if (document.visibilityState === "visible") void this.take();
  };

  async on(): Promise<void> {
    if (this.wanted) return;
    this.wanted = true;
    document.addEventListener("visibilitychange", this.again);
    await this.take();
  }

  async off(): Promise<void> {
    this.wanted = false;
    document.removeEventListener("visibilitychange", this.again);
    const lock = this.lock;
    this.lock = null;
    await lock?.release();
  }

  private async take(): Promise<void> {
    if (!this.wanted || !("wakeLock" in navigator) || (this.lock && !this.lock.released)) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (this.wanted) this.lock = lock;
      else await lock.release();
    } catch (error) {
      // Battery saver, or hidden meanwhile: the screen may go off, the voice goes on.
      if (!(error instanceof DOMException)) throw error;
    }
  }
}
