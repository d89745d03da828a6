/** Characters that turn the direction of writing, have no width, or control something. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** A file name that is what it looks like ("gpj.exe" never reads "exe.jpg") and is no path. */
export function safeName(name: string, fallback: string): string {
  const plain = name
    .replace(HIDDEN, "")
    .replace(/[\\/:*?"<>|]/g, "_")
    .replace(/^\.+/, "")
    .trim();
  return plain || fallback;
}

/** "RECHNUNG.pdf" is of type PDF; "" where the name does not say. */
export function extension(name: string): string {
  return /\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toLocaleUpperCase("en") ?? "";
}
