import { readFileSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { precache } from "./build/precache.ts";
import { texts } from "./build/texts.ts";

const OUT = "../src/werkfunk/web";
/** Only for tests, `vite build --mode engine`: the app, and a page with the bare engine (tests/engine). */
const TEST_OUT = "build-tests";

/** One version for all: the Python package's. */
const VERSION = /^version = "(.+)"$/m.exec(readFileSync("../pyproject.toml", "utf8"))?.[1] ?? "";

/** Packs text files once, so that the server packs none. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    closeBundle: {
      sequential: true,
      order: "post",
      async handler() {
        for (const entry of await readdir(OUT, { recursive: true, withFileTypes: true })) {
          if (!/\.(js|css|html|svg|webmanifest)$/.test(entry.name)) continue;
          const path = join(entry.parentPath, entry.name);
          await writeFile(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
        }
      },
    },
  };
}

/** The app is built into the Python package, so that the wheel alone serves it. */
export default defineConfig(({ mode }) => ({
  plugins: [svelte(), texts(), ...(mode === "engine" ? [precache(TEST_OUT)] : [precache(OUT), packed()])],
  define: { __VERSION__: JSON.stringify(VERSION) },
  // Tests run Svelte's client build.
  ...(mode === "test" ? { resolve: { conditions: ["browser"] } } : {}),
  build: {
    outDir: mode === "engine" ? TEST_OUT : OUT,
    rolldownOptions: {
      ...(mode === "engine" ? { input: ["index.html", "tests/engine/index.html", "tests/engine/vectors.html"] } : {}),
      // jsPDF asks for these only to draw HTML and SVG, which nobody does here.
      external: ["html2canvas", "dompurify", "canvg"],
    },
    emptyOutDir: true,
    target: "es2023",
    // Inlined assets and module preload polyfills would need a laxer Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: "es" },
  server: { proxy: { "/v1": { target: "http://localhost:8470", ws: true } } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
}));
