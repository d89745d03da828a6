import { attempt } from "./toasts.svelte";

/** A sheet in which something is changed: it closes when that is done, and stays when it was refused. */
export class Editing {
  open = $state(false);
  busy = $state(false);

  constructor(open = false) {
    this.open = open;
  }

  async change(doing: () => Promise<void>): Promise<void> {
    this.busy = true;
    if (await attempt(doing)) this.open = false;
    this.busy = false;
  }
}
