import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";

// Imports point down only: routes > ui > state > sync > photo | pdf | media > storage > protocol | wire. The app's ARCHITECTURE.md says what each layer is for.
const LAYERS = [
  "routes",
  "lib/ui",
  "lib/state",
  "lib/sync",
  "lib/photo",
  "lib/pdf",
  "lib/media",
  "lib/storage",
  "lib/protocol",
  "lib/wire",
  "lib/geo",
];
const layer = (name, above) => ({
  files: [`src/${name}/**/*.{ts,svelte}`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: above.map((one) => ({
          regex: `(^|/)${one.replace("lib/", "")}/`,
          message: "imports point down only",
        })),
      },
    ],
  },
});

export default ts.config(
  { ignores: ["node_modules/", "build-tests/"] },
  ...ts.configs.strict,
  ...svelte.configs["flat/recommended"],
  {
    rules: {
      "no-console": "error",
      eqeqeq: "error",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  { files: ["**/*.svelte", "**/*.svelte.ts"], languageOptions: { parserOptions: { parser: ts.parser } } },
  // Protocol and wire know neither each other nor anything above.
  ...LAYERS.map((name, i) =>
    layer(name, name === "lib/protocol" ? [...LAYERS.slice(0, i), "lib/wire"] : LAYERS.slice(0, i)),
  ),
);
