/** Width by height of a single photo's tile: its own shape, unless that is very tall or very wide. */
export function tile(width: number, height: number): string {
  if (width <= 0 || height <= 0) return "4 / 3";
  return String(Math.min(1.9, Math.max(0.75, width / height)));
}
