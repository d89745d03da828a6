import { safeName } from "./names";

/**
 * Save bytes as a file. The blob's type is the worker's: pictures, sound and film as they are, everything else a plain
 * stream of bytes. So a browser never opens a page or a drawing with scripts that somebody sent.
 */
export function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = safeName(name, "Datei");
  link.rel = "noopener";
  // Not put into the page: behind an open dialog it could not be clicked.
  link.click();
  // Some browsers begin to read only later.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}
