/**
 * A picture that is not taken, with a code that has a text in the catalogue:
 *
 *     picture_unreadable   malformed, or nothing that the browser can decode
 *     picture_too_large    more bytes or pixels than a phone can hold in memory
 *     picture_heic         HEIC, which this browser does not decode
 */
export class PictureRefused extends Error {
  constructor(
    readonly code: "picture_unreadable" | "picture_too_large" | "picture_heic",
    detail = "",
  ) {
    super(detail ? `${code}: ${detail}` : code);
    this.name = "PictureRefused";
  }
}
