import jsQR from "jsqr";

/** The text of the QR code in a picture, or null. The picture is closed. */
export function decode(picture: ImageBitmap): string | null {
  const { width, height } = picture;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context?.drawImage(picture, 0, 0);
  picture.close();
  if (!context) return null;
  const { data } = context.getImageData(0, 0, width, height);
  return jsQR(data, width, height, { inversionAttempts: "dontInvert" })?.data ?? null;
}
