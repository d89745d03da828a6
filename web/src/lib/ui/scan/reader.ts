import { trusted } from "../../sync/trusted";
import workerUrl from "./worker?worker&url";

/** The browser's own reader, where it has one (Shape Detection API; not in TypeScript's library yet). */
interface Detector {
  detect(picture: ImageBitmapSource): Promise<{ rawValue: string }[]>;
}
interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

/** Reads QR codes from pictures, one after the other. */
export interface Reader {
  read(picture: ImageBitmap): Promise<string | null>;
  close(): void;
}

export async function openReader(): Promise<Reader> {
  const Native = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  if (Native && (await Native.getSupportedFormats()).includes("qr_code"))
    return native(new Native({ formats: ["qr_code"] }));
  return own();
}

function native(detector: Detector): Reader {
  return {
    async read(picture) {
      const [found] = await detector.detect(picture);
      picture.close();
      return found?.rawValue ?? null;
    },
    close: () => undefined,
  };
}

function own(): Reader {
  const worker = new Worker(trusted(workerUrl), { type: "module", name: "werkfunk-scan" });
  return {
    read(picture) {
      return new Promise((resolve) => {
        worker.onmessage = (event: MessageEvent<string | null>) => {
          resolve(event.data);
        };
        worker.postMessage(picture, [picture]);
      });
    },
    close() {
      worker.terminate();
    },
  };
}
