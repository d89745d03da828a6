import { engine } from "../../state/app.svelte";
import { complain } from "../../state/toasts.svelte";
import { Problem } from "../../sync/api";
import type { FileView, Id } from "../../sync/views";

/** The original of a file, fetched if need be. null when that did not work or was paused; why is said where it helps. */
export async function original(conversation: Id, message: Id, file: FileView): Promise<Blob | null> {
  try {
    if (file.transfer && file.transfer.state !== "running") await engine.files.resume(file.blob);
    return await engine.files.open(conversation, message, file.blob);
  } catch (error) {
    // A pause is no mistake.
    const quiet = error instanceof Problem && error.message.includes("paused");
    if (!quiet) complain(error);
    return null;
  }
}
