/* eslint-disable @typescript-eslint/consistent-type-imports -- an import statement would make this file a module */

// One language of the catalogue (build/texts.ts); whoever imports one loads that one.
declare module "virtual:texts/de" {
  const texts: import("./lib/i18n/catalogue").Texts;
  export default texts;
}
declare module "virtual:texts/en" {
  const texts: import("./lib/i18n/catalogue").Texts;
  export default texts;
}
