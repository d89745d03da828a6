import { type Plugin, runnerImport } from "vite";
import type * as Catalogue from "../src/lib/i18n/catalogue.ts";

const ID = /^virtual:texts\/(de|en)$/;
const CATALOGUE = "src/lib/i18n/catalogue.ts";

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
      return `export default ${JSON.stringify(module[language])};`;
    },
  };
}
