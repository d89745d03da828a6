import { decode } from "./decode";

/** Reads QR codes beside the page, so that the camera's picture stays smooth: a picture in, its text or null out. */
onmessage = (event: MessageEvent<ImageBitmap>) => {
  postMessage(decode(event.data));
};
