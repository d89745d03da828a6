import { openPicture } from "../../photo/make";
import { flattened } from "./preview";
import { added, blank, kept, marks, moved, nextNumber, removed, replaced } from "../../photo/document";
import { inverse, through, toView } from "../../photo/geometry";
import type { Exif } from "../../photo/exif";
import { begun, done, type History, redone, undone } from "../../photo/history";
import { handles, pulled } from "../../photo/hit";
import { type Layer, type Layers, Shape, SIDE } from "../../protocol/layers";
import type { DefectInput } from "../../sync/api";
import { COLOURS, type DrawingTool, isDrawing, SHAPES, SIZES, sizeFor, type Tool } from "./tools";

/** The preview's longer side in pixels. */
const PREVIEW = 1_800;

/** A photo as it leaves the editor: what was drawn, what was written about its marks, and how it looks. */
export interface Edited {
  edit: Layers;
  defects: DefectInput[];
  preview: Blob;
}

/** One photo under the hand, and what the editor's parts share. Documents are replaced whole, never changed within. */
export class Session {
  history = $state.raw<History<Layers>>(begun(blank(4, 3)));
  picture = $state.raw<OffscreenCanvas | null>(null);
  error = $state.raw<unknown>(null);
  exif = $state.raw<Exif | null>(null);
  /** What people wrote about their marks. */
  notes = $state.raw<readonly DefectInput[]>([]);
  tool = $state<Tool>("mark");
  colour = $state<number>(COLOURS[0].value);
  stroke = $state<number>(SIZES[1]);
  /** Index of the chosen layer, or -1. */
  chosen = $state(-1);
  /** A layer while it is being drawn or moved. */
  draft = $state.raw<{ index: number; layer: Layer } | null>(null);

  private held: History<Layers> | null = null;

  /** `taken`: numbers of the conversation's defects, and of other photos in hand. */
  constructor(
    private readonly file: Blob,
    private readonly before: Layers | null,
    defects: readonly DefectInput[],
    private readonly taken: readonly number[],
  ) {
    this.notes = defects;
  }

  async load(): Promise<void> {
    try {
      const { canvas, stripped } = await openPicture(this.file, PREVIEW);
      this.exif = stripped.exif;
      this.history = begun(this.before ?? blank(canvas.width, canvas.height));
      this.picture = canvas;
    } catch (error) {
      this.error = error;
    }
  }

  get document(): Layers {
    return this.history.now;
  }

  get changed(): boolean {
    return this.history.past.length > 0;
  }

  note(number: number): DefectInput {
    return (
      this.notes.find((one) => one.number === number) ?? {
        number,
        note: "",
        place: "",
        who: "",
        due: null,
        state: "open",
      }
    );
  }

  write(note: DefectInput): void {
    this.notes = [...this.notes.filter((one) => one.number !== note.number), note];
  }

  /** What was made; marks that stand in the list already are not entered again. */
  async finish(): Promise<Edited> {
    const numbers = marks(this.document).filter((number) => !this.taken.includes(number));
    const once = numbers.filter((number, at) => numbers.indexOf(number) === at).sort((a, b) => a - b);
    const preview = await flattened(this.picture!, this.document);
    return { edit: this.document, defects: once.map((number) => this.note(number)), preview };
  }

  /** With what is being drawn. */
  get shown(): Layers {
    const { draft, document } = this;
    if (!draft) return document;
    return draft.index < 0 ? added(document, draft.layer) : replaced(document, draft.index, draft.layer);
  }

  get chosenLayer(): Layer | null {
    return this.document.layers[this.chosen] ?? null;
  }

  take(tool: Tool): void {
    this.tool = tool;
    if (tool !== "select") this.chosen = -1;
  }

  /** The new state of the document. */
  set(document: Layers): void {
    this.history = done(this.history, document);
  }

  /** Look at a change that is not done yet, as while a slider is held; `settle` makes it one step of undo. */
  look(document: Layers): void {
    this.held ??= this.history;
    this.history = { ...this.history, now: document };
  }

  settle(): void {
    const start = this.held;
    this.held = null;
    if (start) this.history = done(start, this.history.now);
  }

  undo(): void {
    this.history = undone(this.history);
    this.chosen = -1;
  }

  redo(): void {
    this.history = redone(this.history);
    this.chosen = -1;
  }

  /** A new layer of the tool in hand. */
  make(tool: DrawingTool, points: readonly number[], text?: string): Layer {
    const { frame } = this.document;
    const size = sizeFor(tool, this.stroke, Math.max(frame.width, frame.height));
    const layer: Layer = { shape: SHAPES[tool], points: points.map(kept), colour: this.colour, size };
    if (text !== undefined) return { ...layer, text };
    return tool === "mark" ? { ...layer, number: nextNumber(this.document, this.taken) } : layer;
  }

  add(layer: Layer): void {
    this.set(added(this.document, layer));
    this.chosen = this.document.layers.length - 1;
  }

  replace(index: number, layer: Layer): void {
    this.set(replaced(this.document, index, layer));
  }

  remove(): void {
    if (this.chosen < 0) return;
    this.set(removed(this.document, this.chosen));
    this.chosen = -1;
  }

  /** For the keyboard: the tool's shape in the middle of what is seen, ready to be moved. */
  insert(): void {
    if (!isDrawing(this.tool) || this.tool === "text" || this.tool === "dimension") return;
    const { frame } = this.document;
    const back = inverse(toView(frame, 1));
    const at = (x: number, y: number): number[] => {
      const point = through(back, { x: frame.width * x, y: frame.height * y });
      return [point.x, point.y];
    };
    const points = this.tool === "mark" ? at(0.5, 0.5) : [...at(0.35, 0.4), ...at(0.65, 0.6)];
    this.add(this.make(this.tool, points));
  }

  /** For the keyboard: move the chosen layer, or its last handle. */
  nudge(dx: number, dy: number, pull: boolean): void {
    const layer = this.chosenLayer;
    if (!layer || layer.shape === Shape.STAMP) return;
    const step = SIDE / 100;
    // Right is right in what is seen, however the picture is turned.
    const back = inverse(toView({ ...this.document.frame, x: 0, y: 0, width: 0, height: 0 }, 1));
    const by = through(back, { x: dx * step, y: dy * step });
    const grips = handles(layer);
    const last = grips.length > 2 ? 2 : grips.length - 1;
    const grip = grips[last];
    const next = pull && grip ? pulled(layer, last, { x: grip.x + by.x, y: grip.y + by.y }) : moved(layer, by.x, by.y);
    this.replace(this.chosen, next);
  }

  /** Colour or thickness, also of what is chosen. */
  style(change: { colour?: number; stroke?: number }): void {
    if (change.colour !== undefined) this.colour = change.colour;
    if (change.stroke !== undefined) this.stroke = change.stroke;
    const layer = this.chosenLayer;
    if (!layer) return;
    const tool = Object.entries(SHAPES).find(([, shape]) => shape === layer.shape)?.[0] as DrawingTool | undefined;
    const { frame } = this.document;
    const size = tool ? sizeFor(tool, this.stroke, Math.max(frame.width, frame.height)) : layer.size;
    this.replace(this.chosen, {
      ...layer,
      ...(change.colour === undefined ? {} : { colour: change.colour }),
      ...(change.stroke === undefined ? {} : { size }),
    });
  }
}
