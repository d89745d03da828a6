import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { unequal } from "../build/texts";
import { de, en } from "../src/lib/i18n/catalogue";

const SRC = resolve(import.meta.dirname, "../src");

/** All code but the catalogue itself. */
function sources(): string {
  return readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|svelte)$/.test(name) && !name.startsWith(join("lib", "i18n", "areas")))
    .map((name) => readFileSync(join(SRC, name), "utf8"))
    .join("\n");
}

it("has every text in both languages, and finds one that is lacking", () => {
  expect(unequal(de, en)).toEqual([]);
  expect(unequal({ a: "x", b: "" }, { a: "y" })).toEqual(["b"]);
  expect(unequal({ a: "{n} neue" }, { a: "new" })).toEqual(["a"]);
  expect(unequal({ a: "neu" }, { a: "new", c: "more" })).toEqual(["c"]);
});

it("has each key in one area alone", () => {
  const areas = import.meta.glob<Record<string, { de: object }>>("../src/lib/i18n/areas/*.ts", { eager: true });
  const keys = Object.values(areas).flatMap((module) => Object.values(module).flatMap((area) => Object.keys(area.de)));
  expect(keys.length).toBe(Object.keys(de).length);
});

it("uses every text", () => {
  const code = sources();
  const made = [...code.matchAll(/`([\w.]+\.)\$\{/g), ...code.matchAll(/plural\("([\w.]+)"/g)].map(
    (found) => found[1]!,
  );
  const unused = Object.keys(de).filter(
    (key) => !code.includes(`"${key}"`) && !made.some((start) => key.startsWith(start)),
  );
  expect(unused).toEqual([]);
});
