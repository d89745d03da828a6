import bold from "@expo-google-fonts/inter/700Bold/Inter_700Bold.ttf?url";
import regular from "@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf?url";
import { jsPDF } from "jspdf";

/**
 * Sheets of A4, written from top to bottom; lengths in millimetres, letters in points. Made on the device, with a font of
 * the app's own, so that every name is right. Load this module only when somebody asks for a PDF: it is large.
 */
export const MARGIN = 15;
export const WIDTH = 210 - 2 * MARGIN;
const BOTTOM = 297 - 18;
const POINT = 25.4 / 72;
const LINE = 1.35;

export interface Ink {
  size?: number;
  bold?: boolean;
  /** Grey: what is less important. */
  soft?: boolean;
  /** Where the text stands, from the left margin, and how wide it may be. */
  left?: number;
  width?: number;
}

let fonts: Promise<[string, string]> | null = null;

export class Paper {
  /** The next line's upper edge. */
  y = MARGIN;

  private constructor(private readonly pdf: jsPDF) {}

  /** A first, empty sheet. */
  static async open(title: string, language: string): Promise<Paper> {
    fonts ??= Promise.all([base64(regular), base64(bold)]);
    const [plain, strong] = await fonts;
    const pdf = new jsPDF({ unit: "mm", format: "a4", compress: true, putOnlyUsedFonts: true });
    pdf.addFileToVFS("Inter.ttf", plain);
    pdf.addFont("Inter.ttf", "Inter", "normal");
    pdf.addFileToVFS("InterBold.ttf", strong);
    pdf.addFont("InterBold.ttf", "Inter", "bold");
    pdf.setProperties({ title, creator: "Werkfunk" });
    pdf.setLanguage(language as "de");
    return new Paper(pdf);
  }

  /** Begin a new sheet unless so much is left on this one. */
  room(height: number): void {
    if (this.y + height <= BOTTOM || this.y === MARGIN) return;
    this.pdf.addPage();
    this.y = MARGIN;
  }

  gap(height: number): void {
    this.y += height;
  }

  /** How tall a text becomes. */
  tall(text: string, ink: Ink = {}): number {
    return this.broken(text, ink).length * (ink.size ?? 10) * POINT * LINE;
  }

  /** Write a text, in as many lines as it needs, over as many sheets as it needs. */
  text(text: string, ink: Ink = {}): void {
    const step = (ink.size ?? 10) * POINT * LINE;
    for (const line of this.broken(text, ink)) {
      this.room(step);
      this.set(ink);
      this.pdf.text(line, MARGIN + (ink.left ?? 0), this.y + step * 0.78);
      this.y += step;
    }
  }

  /** A picture (JPEG) as wide or as tall as may be; gives its height. The same `name` is stored once. */
  picture(jpeg: Uint8Array, name: string, size: { width: number; height: number }, box: Box): number {
    const scale = Math.min(box.width / size.width, box.height / size.height);
    const [width, height] = [size.width * scale, size.height * scale];
    this.pdf.addImage(jpeg, "JPEG", MARGIN + box.left, this.y, width, height, name, "FAST");
    return height;
  }

  /** A number in a filled circle. */
  badge(number: string, left: number, done: boolean): void {
    const [red, green, blue] = done ? ([31, 107, 58] as const) : ([179, 38, 30] as const);
    this.pdf.setFillColor(red, green, blue);
    this.pdf.circle(MARGIN + left + 4, this.y + 4, 4, "F");
    this.set({ bold: true, size: number.length > 2 ? 7 : 10 });
    this.pdf.setTextColor(255);
    this.pdf.text(number, MARGIN + left + 4, this.y + 5.2, { align: "center" });
  }

  rule(): void {
    this.pdf.setDrawColor(200);
    this.pdf.line(MARGIN, this.y, MARGIN + WIDTH, this.y);
  }

  /** The sheets' feet, and all of it as a file. */
  finish(foot: (sheet: number, of: number) => string): Blob {
    const sheets = this.pdf.getNumberOfPages();
    for (let sheet = 1; sheet <= sheets; sheet++) {
      this.pdf.setPage(sheet);
      this.set({ size: 8, soft: true });
      this.pdf.text(foot(sheet, sheets), MARGIN, 297 - 9);
    }
    return this.pdf.output("blob");
  }

  private broken(text: string, ink: Ink): string[] {
    this.set(ink);
    return this.pdf.splitTextToSize(text, ink.width ?? WIDTH - (ink.left ?? 0)) as string[];
  }

  private set({ size = 10, bold: strong = false, soft = false }: Ink): void {
    this.pdf.setFont("Inter", strong ? "bold" : "normal");
    this.pdf.setFontSize(size);
    this.pdf.setTextColor(soft ? 95 : 20);
  }
}

interface Box {
  left: number;
  width: number;
  height: number;
}

async function base64(url: string): Promise<string> {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
