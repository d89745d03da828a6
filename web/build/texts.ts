import { type Plugin, runnerImport } from "vite";
import type * as Catalogue from "../src/lib/i18n/catalogue.ts";

const ID = /^virtual:texts\/(de|en)$/;
const CATALOGUE = "src/lib/i18n/catalogue.ts";
type Texts = Readonly<Record<string, string>>;

/** Keys that stand in one language only, are empty, or do not name the same values in both. */
export function unequal(one: Texts, other: Texts): string[] {
  const values = (text: string | undefined): string =>
    (text ?? "")
      .match(/\{\w+\}/g)
      ?.sort()
      .join() ?? "";
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (key) => !one[key] || !other[key] || values(one[key]) !== values(other[key]),
  );
}

/** `virtual:texts/de` and `…/en`: one language of the catalogue each, so that nobody loads the other's. */
export function texts(): Plugin {
  return {
    name: "texts",
    resolveId: (id) => (ID.test(id) ? `\0${id}` : undefined),
    async load(id) {
      const language = ID.exec(id.slice(1))?.[1] as "de" | "en" | undefined;
      if (!language) return undefined;
      const { module, dependencies } = await runnerImport<typeof Catalogue>(CATALOGUE);
      for (const file of dependencies) this.addWatchFile(file);
      const lacking = unequal(module.de, module.en);
      if (lacking.length > 0) this.error(`not the same in both languages: ${lacking.join(", ")}`);
      return `export default ${JSON.stringify(module[language])};`;
    },
  };
}
