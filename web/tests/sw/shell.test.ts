import { describe, expect, it, vi } from "vitest";
import { type Files, Shell } from "../../src/sw/shell";

const ORIGIN = "https://funk.example";
const FILES: Files = [
  ["/index.html", "sha256-a"],
  ["/assets/index-1.js", "sha256-b"],
];

/** The Cache API as far as it is used: names to addresses to answers. */
class Storage {
  readonly all = new Map<string, Map<string, Response>>();

  open(name: string): Promise<unknown> {
    const entries = this.all.get(name) ?? new Map<string, Response>();
    this.all.set(name, entries);
    return Promise.resolve({
      match: (key: string) => Promise.resolve(entries.get(key)?.clone()),
      put: (key: string, answer: Response) => Promise.resolve(entries.set(key, answer)),
    });
  }
  match(key: string): Promise<Response | undefined> {
    return Promise.resolve([...this.all.values()].map((one) => one.get(key)).find(Boolean));
  }
  keys(): Promise<string[]> {
    return Promise.resolve([...this.all.keys()]);
  }
  delete(name: string): Promise<boolean> {
    return Promise.resolve(this.all.delete(name));
  }
}

const request = (path: string, init: { method?: string; mode?: string } = {}): Request =>
  ({ url: path.startsWith("/") ? ORIGIN + path : path, method: "GET", mode: "cors", ...init }) as Request;
const shell = (files = FILES, storage = new Storage(), version = "1"): Shell =>
  new Shell(files, version, storage as unknown as CacheStorage, ORIGIN);

describe("what the service worker answers", () => {
  it.each([
    ["/assets/index-1.js", {}, "/assets/index-1.js"],
    ["/", { mode: "navigate" }, "/index.html"],
    ["/c/0f0f", { mode: "navigate" }, "/index.html"],
    ["/join", { mode: "navigate" }, "/index.html"],
    ["/v1/people", {}, null],
    ["/v1/people", { mode: "navigate" }, null],
    ["/metrics", { mode: "navigate" }, null],
    ["/schema/openapi.json", { mode: "navigate" }, null],
    ["/index.html", { method: "POST" }, null],
    ["/assets/other.js", {}, null],
    ["https://elsewhere.example/index.html", {}, null],
  ] as const)("%s %o -> %s", (path, init, expected) => {
    expect(shell().pathFor(request(path, init))).toBe(expected);
  });
});

describe("what it keeps", () => {
  it("asks for every file with its hash, and takes over what did not change", async () => {
    const fetched = vi.fn<(path: string, init: RequestInit) => Promise<Response>>(() =>
      Promise.resolve(new Response("new")),
    );
    vi.stubGlobal("fetch", fetched);
    const storage = new Storage();
    await shell(FILES, storage).install();
    expect(fetched.mock.calls.map(([path, init]) => [path, init.integrity])).toEqual(FILES.map((one) => [...one]));
    fetched.mockClear();
    const next = shell([FILES[0]!, ["/assets/index-2.js", "sha256-c"]], storage, "2");
    await next.install();
    expect(fetched.mock.calls.map(([path]) => path)).toEqual(["/assets/index-2.js"]);
    await next.activate();
    expect(await storage.keys()).toEqual(["werkfunk-2"]);
    vi.unstubAllGlobals();
  });

  it("is not installed when a file is missing", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("", { status: 404 })));
    await expect(shell().install()).rejects.toThrow("404");
    vi.unstubAllGlobals();
  });
});
