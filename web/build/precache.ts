import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { build, type Plugin } from "vite";

/** Not kept by the service worker: itself, packed copies, and what only an installer or a developer looks at. */
const LEFT_OUT = /^\/sw(-open)?\.js$|\.(gz|map)$/;

/** [path, "sha256-…"] of every file that the app may need without network; in order, so that a build is repeatable. */
async function filesOf(folder: string): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path): Promise<[string, string]> => {
      const hash = createHash("sha256").update(await readFile(path));
      return [`/${relative(folder, path).replaceAll("\\", "/")}`, `sha256-${hash.digest("base64")}`];
    }),
  );
  return files.filter(([path]) => !LEFT_OUT.test(path)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** One script for a service worker: no modules, for those cannot load a second script when a push comes. */
async function script(entry: string, name: string, out: string, define: Record<string, string>): Promise<void> {
  await build({
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    define,
    build: {
      outDir: out,
      emptyOutDir: false,
      target: "es2023",
      reportCompressedSize: false,
      lib: { entry, formats: ["iife"], name: "worker", fileName: () => name },
    },
  });
}

/**
 * Builds the service worker last, with the list of what was built before it. The version that the app shows is the hash
 * of that list: whoever builds the same source gets the same one.
 */
export function precache(out: string): Plugin {
  return {
    name: "precache",
    apply: "build",
    closeBundle: {
      sequential: true,
      order: "pre",
      async handler() {
        await script("src/sw/open.ts", "sw-open.js", out, {});
        const opener = createHash("sha256").update(await readFile(join(out, "sw-open.js")));
        const files = await filesOf(out);
        const version = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
        await script("src/sw/main.ts", "sw.js", out, {
          __FILES__: JSON.stringify(files),
          __BUILD__: JSON.stringify(version),
          // Another opener is another address: a browser then notices the change of this script alone.
          __OPENER__: JSON.stringify(`/sw-open.js?${opener.digest("hex").slice(0, 16)}`),
        });
      },
    },
  };
}
