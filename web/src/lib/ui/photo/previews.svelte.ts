import { openPicture } from "../../photo/make";
import { PictureRefused } from "../../photo/refused";

/** Long side in pixels of what is shown of a photo before it goes. */
const LONGEST = 1_000;

interface Preview {
  file: File;
  url: string;
}

/**
 * Small pictures of large photos, one after the other: ten photos of 48 megapixels would not fit into a phone's memory
 * side by side. A photo that cannot be read has none.
 */
export class Previews {
  private made = $state.raw<readonly Preview[]>([]);
  private wanted: readonly File[] = [];
  private running = false;

  url(file: File): string | undefined {
    return this.made.find((one) => one.file === file)?.url;
  }

  /** Show these from now on. */
  show(files: readonly File[]): void {
    this.wanted = files;
    for (const gone of this.made.filter((one) => !files.includes(one.file))) URL.revokeObjectURL(gone.url);
    this.made = this.made.filter((one) => files.includes(one.file));
    void this.run();
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    const refused: File[] = [];
    const next = (): File | undefined =>
      this.wanted.find((file) => this.url(file) === undefined && !refused.includes(file));
    for (let file = next(); file; file = next()) {
      try {
        const { canvas } = await openPicture(file, LONGEST);
        const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
        const preview = { file, url: URL.createObjectURL(blob) };
        if (this.wanted.includes(file)) this.made = [...this.made, preview];
        else URL.revokeObjectURL(preview.url);
      } catch (error) {
        if (!(error instanceof PictureRefused)) throw error;
        refused.push(file);
      }
    }
    this.running = false;
  }
}
