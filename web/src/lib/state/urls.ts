/** Addresses for bytes that are shown as pictures: one per array, as long as the array lives. */
const urls = new WeakMap<Uint8Array, string>();
const gone = new FinalizationRegistry<string>((url) => {
  URL.revokeObjectURL(url);
});

/** `image/*` bytes as something an `<img>` takes. Never used for SVG: the worker gives raster thumbnails only. */
export function pictureUrl(bytes: Uint8Array): string {
  let url = urls.get(bytes);
  if (!url) {
    url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "image/webp" }));
    urls.set(bytes, url);
    gone.register(bytes, url);
  }
  return url;
}
