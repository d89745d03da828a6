import { attempt } from "../state/toasts.svelte";

/** Hand something to the system's other apps. Whoever closes its sheet has changed their mind: nothing to say. */
export async function share(data: ShareData): Promise<void> {
  await attempt(() =>
    navigator.share(data).catch((error: unknown) => {
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    }),
  );
}
