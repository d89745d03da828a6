/** Where a picture is inside the viewer: moved by (x, y) px from the middle, made `scale` times as large. Pure. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

export const WHOLE: View = { scale: 1, x: 0, y: 0 };
export const CLOSEST = 6;

/** Change the size by `factor` so that the point under the fingers (from the middle) stays where it is. */
export function zoomAt(view: View, factor: number, at: { x: number; y: number }): View {
  const scale = Math.min(CLOSEST, Math.max(1, view.scale * factor));
  const ratio = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

export function moved(view: View, dx: number, dy: number): View {
  return { ...view, x: view.x + dx, y: view.y + dy };
}

/** Not further than the picture reaches. `picture` is its size at scale 1, inside `frame`. */
export function held(view: View, picture: Box, frame: Box): View {
  if (view.scale <= 1) return WHOLE;
  const most = (size: number, room: number): number => Math.max(0, (size * view.scale - room) / 2);
  const clamp = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value));
  return {
    scale: view.scale,
    x: clamp(view.x, most(picture.width, frame.width)),
    y: clamp(view.y, most(picture.height, frame.height)),
  };
}

/** The size of a picture that is fitted into a frame. */
export function fitted(picture: Box, frame: Box): Box {
  if (picture.width <= 0 || picture.height <= 0) return frame;
  const scale = Math.min(frame.width / picture.width, frame.height / picture.height);
  return { width: picture.width * scale, height: picture.height * scale };
}
