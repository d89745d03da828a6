/** Brightness and contrast, in percent, as a table of 256 values. */
export function toneTable(brightness: number, contrast: number): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256);
  // Contrast turns about the middle; at 100 % it is three times as steep, at -100 % flat.
  const slope = contrast >= 0 ? 1 + (2 * contrast) / 100 : 1 + contrast / 100;
  for (let value = 0; value < 256; value++) table[value] = (value - 128) * slope + 128 + brightness * 1.28;
  return table;
}

/** Apply a table to RGBA pixels in place. */
export function applyTone(pixels: Uint8ClampedArray, table: Uint8ClampedArray): void {
  for (let at = 0; at < pixels.length; at += 4) {
    pixels[at] = table[pixels[at]!]!;
    pixels[at + 1] = table[pixels[at + 1]!]!;
    pixels[at + 2] = table[pixels[at + 2]!]!;
  }
}
