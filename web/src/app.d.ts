// `tsc` alone does not read components; svelte-check does, with their real types.
declare module "*.svelte" {
  import type { Component } from "svelte";
  const component: Component;
  export default component;
}
