/**
 * Clips as squares of larger images. The server sends one image with a clip in every row and time from left to right;
 * a clip is a list of its cells, so nothing is copied until it is shown.
 */
import { Cell, type Picture } from '../render/picture.ts';
import { context2d, gridCanvas } from '../ui/canvas.ts';
import { h } from '../ui/dom.ts';

/** Cells in the order of time. */
export type Clip = Cell[];

/** Return the first `count` cells of a row of an image. */
export function cellsOf(image: CanvasImageSource, row: number, count: number, side: number): Clip {
  return Array.from({ length: count }, (_, column) => new Cell(image, column * side, row * side, side));
}

/** Return the cell to show at a position; a clip that is shorter stays at its last cell. */
export function cellAt(clip: Clip, position: number): Cell | null {
  return clip[Math.min(position, clip.length - 1)] ?? null;
}

/** Scales pictures to squares of one size on a canvas that it reuses. */
export class CellScaler {
  readonly #context: CanvasRenderingContext2D;

  constructor(readonly size: number) {
    this.#context = context2d(h('canvas', { width: size, height: size }));
    this.#context.imageSmoothingQuality = 'high';
  }

  /** Return the scaled pixels; null if the picture's are gone. */
  scale(picture: Picture): ImageData | null {
    const { size } = this;
    if (!picture.draw(this.#context, size)) return null;
    return this.#context.getImageData(0, 0, size, size);
  }
}

/** Return RGBA bytes of every cell. */
export function pixelsOf(clip: Clip): Uint8ClampedArray[] {
  const scaler = new CellScaler(clip[0]?.side ?? 1);
  return clip.flatMap((cell) => scaler.scale(cell)?.data ?? []);
}

/** Put frames side by side, oldest first. */
export function joinFrames(frames: ImageData[]): HTMLCanvasElement {
  const side = frames[0]?.width ?? 1;
  const context = gridCanvas(frames.length, 1, side);
  frames.forEach((frame, i) => {
    context.putImageData(frame, i * side, 0);
  });
  return context.canvas;
}

/** Put clips below each other: one row per clip, time from left to right. */
export function joinClips(clips: Clip[]): HTMLCanvasElement {
  const columns = Math.max(...clips.map((clip) => clip.length));
  const side = Math.max(...clips.map((clip) => clip[0]?.side ?? 1));
  const context = gridCanvas(columns, clips.length, side);
  clips.forEach((clip, row) => {
    for (let column = 0; column < columns; column++) {
      const cell = cellAt(clip, column);
      if (!cell) return;
      context.drawImage(cell.image, cell.x, cell.y, cell.side, cell.side, column * side, row * side, side, side);
    }
  });
  return context.canvas;
}
