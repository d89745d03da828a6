/** A clock that is off by less needs no correction: everybody's is. */
const TOLERANCE_MS = 3 * 60_000;

/** What the worker takes from outside, handed in so that tests decide. Times in ms since 1970 UTC. */
export interface Env {
  /** Scheme, host and port of the server: the app's own origin. */
  readonly base: string;
  /**
   * The device's time, or the server's where the device's clock is plainly wrong. A chain's clock is the largest time
   * in it: one wrong clock would end everybody's invitations, or make them end at once.
   */
  now(): number;
  /** The server has said what time it is; gives how far the server's clock is ahead, 0 within tolerance. */
  heard(serverTime: number): number;
  random(size: number): Uint8Array<ArrayBuffer>;
  /** Resolves after `ms`; never used to wait for something that can be awaited. */
  pause(ms: number): Promise<void>;
}

export function browserEnv(base: string): Env {
  let ahead = 0;
  return {
    base,
    now: () => Date.now() + ahead,
    heard(serverTime) {
      const off = serverTime - Date.now();
      ahead = Math.abs(off) > TOLERANCE_MS ? off : 0;
      return ahead;
    },
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}
