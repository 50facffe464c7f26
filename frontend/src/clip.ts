/** Clips as cells of larger pictures: what the server sends is one sheet, with clips as rows and time as columns. */

/** A square of `side` pixels in a picture. */
export type Cell = { sheet: CanvasImageSource; x: number; y: number; side: number };

/** Cells in the order of time. */
export type Clip = Cell[];

/** The first `count` cells of a row of a sheet. */
export function cellsOf(sheet: CanvasImageSource, row: number, count: number, side: number): Clip {
  return Array.from({ length: count }, (_, column) => ({ sheet, x: column * side, y: row * side, side }));
}

/** The cell to show at a position: the last one where the clip is shorter. */
export function cellAt(clip: Clip, position: number): Cell | null {
  return clip[Math.min(position, clip.length - 1)] ?? null;
}
