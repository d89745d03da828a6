// `tsc` alone does not read components; svelte-check does, with their real types.
declare module "*.svelte" {
  import type { Component } from "svelte";
  const component: Component;
  export default component;
}

// Trusted Types (W3C), as far as they are used; not in TypeScript's library yet.
declare const trustedTypes:
  | {
      createPolicy(
        name: string,
        rules: { createScriptURL(url: string): string },
      ): { createScriptURL(url: string): unknown };
    }
  | undefined;

/** The version of the package, set by the build. */
declare const __VERSION__: string;
