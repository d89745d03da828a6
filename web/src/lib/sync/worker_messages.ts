/** Between the app's pages and the service worker. */
export type ToWorker = { type: "skip" } | { type: "version" };
export type ToApp = { type: "go"; path: string };
