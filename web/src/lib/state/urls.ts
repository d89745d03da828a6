/** Addresses for bytes that are shown as pictures: one per content, as long as an array with it lives. */
const byArray = new WeakMap<Uint8Array, string>();
const byContent = new Map<string, { url: string; arrays: number }>();
const gone = new FinalizationRegistry<string>((key) => {
  const held = byContent.get(key);
  if (!held || --held.arrays > 0) return;
  byContent.delete(key);
  URL.revokeObjectURL(held.url);
});

/**
 * `image/*` bytes as something an `<img>` takes. The same bytes get the same address, though the worker hands them over
 * anew each time: a picture must not flicker. Never used for SVG: the worker gives raster thumbnails only.
 */
export function pictureUrl(bytes: Uint8Array): string {
  let url = byArray.get(bytes);
  if (url) return url;
  const key = contentKey(bytes);
  let held = byContent.get(key);
  if (!held) {
    url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "image/webp" }));
    byContent.set(key, (held = { url, arrays: 0 }));
  }
  held.arrays++;
  byArray.set(bytes, held.url);
  gone.register(bytes, key);
  return held.url;
}

/** Length and 64 bits of FNV-1a in two lanes; a thumbnail has 16 KiB at most. */
function contentKey(bytes: Uint8Array): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x5bd1e995) ^ (b >>> 15);
  }
  return `${String(bytes.length)}-${String(a >>> 0)}-${String(b >>> 0)}`;
}
