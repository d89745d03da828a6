import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** The app is built into the Python package, so that the wheel alone serves it. */
export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  // Tests run Svelte's client build.
  ...(mode === "test" ? { resolve: { conditions: ["browser"] } } : {}),
  build: {
    outDir: "../src/werkfunk/web",
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
