import type { Key } from "../../i18n/index.svelte";
import { type Layer, Shape } from "../../protocol/layers";

/** The tools of the editor, in the order in which they stand. */
export const TOOLS = [
  "select",
  "mark",
  "arrow",
  "text",
  "blackOut",
  "pixelate",
  "pen",
  "rectangle",
  "ellipse",
  "line",
  "dimension",
  "crop",
  "light",
  "stamp",
] as const;
export type Tool = (typeof TOOLS)[number];
export type DrawingTool = Exclude<Tool, "select" | "crop" | "light" | "stamp">;

export const SHAPES: Readonly<Record<DrawingTool, Shape>> = {
  arrow: Shape.ARROW,
  line: Shape.LINE,
  ellipse: Shape.ELLIPSE,
  rectangle: Shape.RECTANGLE,
  pen: Shape.PEN,
  text: Shape.TEXT,
  mark: Shape.MARK,
  dimension: Shape.DIMENSION,
  blackOut: Shape.BLACK_OUT,
  pixelate: Shape.PIXELATE,
};

export const isDrawing = (tool: Tool): tool is DrawingTool => Object.hasOwn(SHAPES, tool);
export const toolText = (tool: Tool): Key => `photo.tool.${tool}`;

/** What a layer was drawn with. */
export function toolOf(layer: Layer): Tool {
  const found = Object.entries(SHAPES).find(([, shape]) => shape === layer.shape);
  return (found?.[0] as DrawingTool | undefined) ?? "stamp";
}

export const COLOURS = [
  { name: "red", value: 0xe11d2a },
  { name: "yellow", value: 0xffd400 },
  { name: "green", value: 0x16a34a },
  { name: "blue", value: 0x1d6fe8 },
  { name: "white", value: 0xffffff },
  { name: "black", value: 0x111111 },
] as const;

/** Strokes in units of the picture, and how much taller letters and marks are. */
export const SIZES = [60, 110, 190] as const;
export const LETTERS = 6;
export const MARK = 7;

/** The size of a new layer: lines take the stroke's, letters and marks a multiple. */
export function sizeFor(tool: DrawingTool, stroke: number, seen: number): number {
  // Where only a part of the picture is seen, everything is drawn as much finer.
  const scale = seen / 16_384;
  const times = tool === "text" ? LETTERS : tool === "mark" ? MARK : 1;
  return Math.max(4, Math.round(stroke * times * scale));
}
