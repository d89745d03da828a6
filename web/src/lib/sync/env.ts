/** What the worker takes from outside, handed in so that tests decide. Times in ms since 1970 UTC. */
export interface Env {
  /** Scheme, host and port of the server: the app's own origin. */
  readonly base: string;
  now(): number;
  random(size: number): Uint8Array<ArrayBuffer>;
  /** Resolves after `ms`; never used to wait for something that can be awaited. */
  pause(ms: number): Promise<void>;
}

export const browserEnv = (base: string): Env => ({
  base,
  now: () => Date.now(),
  random: (size) => crypto.getRandomValues(new Uint8Array(size)),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});
