/**
 * The app's files, kept on the device: it starts without network, and only with files whose hashes stand in this script.
 * A server that was broken into cannot slip another one in without a new service worker, which the app announces.
 */

/** [path, "sha256-…"] of every file of this build, from `build/precache.ts`. */
export type Files = readonly (readonly [path: string, integrity: string])[];

const PREFIX = "werkfunk-";
/** Paths that are the server's and never the app's. */
const SERVER = /^\/(v1|schema|metrics|healthz|readyz)(\/|$)/;

export class Shell {
  private readonly name: string;
  private readonly paths: ReadonlySet<string>;

  constructor(
    private readonly files: Files,
    version: string,
    private readonly caches: CacheStorage,
    private readonly origin: string,
  ) {
    this.name = PREFIX + version;
    this.paths = new Set(files.map(([path]) => path));
  }

  /** Fetch every file and check its hash; files that an older version has are taken over. Rejects if one does not fit. */
  async install(): Promise<void> {
    const cache = await this.caches.open(this.name);
    await Promise.all(
      this.files.map(async ([path, integrity]) => {
        if (await cache.match(key(path, integrity))) return;
        const kept = await this.caches.match(key(path, integrity));
        const answer = kept ?? (await fetch(path, { integrity, cache: "no-cache", credentials: "omit" }));
        if (!answer.ok) throw new TypeError(`${path}: ${answer.status}`);
        await cache.put(key(path, integrity), answer);
      }),
    );
  }

  /** This version counts now: the others go. */
  async activate(): Promise<void> {
    const names = await this.caches.keys();
    await Promise.all(
      names.filter((name) => name.startsWith(PREFIX) && name !== this.name).map((name) => this.caches.delete(name)),
    );
  }

  /** The file that answers a request, or null: then it is the network's. */
  pathFor(request: Request): string | null {
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== this.origin || SERVER.test(url.pathname)) return null;
    if (this.paths.has(url.pathname)) return url.pathname;
    return request.mode === "navigate" ? "/index.html" : null;
  }

  async respond(path: string, request: Request): Promise<Response> {
    const entry = this.files.find(([name]) => name === path);
    const cache = await this.caches.open(this.name);
    const found = entry && (await cache.match(key(...entry)));
    // The browser may have cleared the cache: the network still has the file.
    return found ?? fetch(request);
  }
}

/** Content decides, so that a file that did not change is not fetched again. */
function key(path: string, integrity: string): string {
  return `${path}?${encodeURIComponent(integrity)}`;
}
