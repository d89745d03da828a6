import { editOf } from "../photo/edits";
import type { OutgoingFile } from "../../sync/api";

/** As the protocol sets it: attachments of one message. */
export const FILES_MAX = 10;
/** What the server takes where the operator changed nothing (bytes). */
export const FILE_MAX = 200 * 1_048_576;
/** A text that certainly fits into one sealed event, whatever its letters (characters). */
export const TEXT_MAX = 10_000;

const PHOTOS = /^image\/(jpeg|png|webp|gif|avif|heic|heif|bmp)$/;

/** Whether a file is sent as a photo: made smaller, shown in place. A drawing that may hold scripts is not. */
export function isPhoto(file: File): boolean {
  return PHOTOS.test(file.type);
}

/** Why these cannot be sent together, as an error's code; "" if they can. */
export function refusal(files: readonly File[]): "" | "too_many_files" | "blob_too_large" | "file_empty" {
  if (files.length > FILES_MAX) return "too_many_files";
  if (files.some((file) => file.size > FILE_MAX)) return "blob_too_large";
  if (files.some((file) => file.size === 0)) return "file_empty";
  return "";
}

export function outgoing(file: File, original: boolean): OutgoingFile {
  const drawn = editOf(file);
  if (drawn) {
    const { source, edited } = drawn;
    return { file: source, name: source.name, photo: true, original, edit: edited.edit, defects: edited.defects };
  }
  const photo = isPhoto(file);
  return { file, name: file.name, photo, original: photo && original };
}

/** Files that were pasted or dropped. */
export function filesOf(data: DataTransfer | null): File[] {
  return [...(data?.files ?? [])];
}
