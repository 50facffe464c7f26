/** Small pictures of the video flow: made, read, put side by side, and sent as text. */
import { type Cell, type Clip, cellAt } from './clip.ts';
import { context2d, h } from './dom.ts';

/** The server takes requests of 256 KB; base64 makes four bytes of three. */
const LARGEST_PNG = 150_000;

/** Scales cells to squares of one size, on a canvas that it keeps. */
export class Shrinker {
  readonly #context: CanvasRenderingContext2D;

  constructor(readonly size: number) {
    this.#context = context2d(h('canvas', { width: size, height: size }));
    this.#context.imageSmoothingQuality = 'high';
  }

  shrink({ sheet, x, y, side }: Cell): ImageData {
    const { size } = this;
    this.#context.drawImage(sheet, x, y, side, side, 0, 0, size, size);
    return this.#context.getImageData(0, 0, size, size);
  }
}

/** A canvas of `columns` x `rows` squares, and its context. */
export function canvasOf(columns: number, rows: number, side: number): CanvasRenderingContext2D {
  return context2d(h('canvas', { width: columns * side, height: rows * side }));
}

/** Pictures side by side, oldest first. */
export function stripOf(pictures: ImageData[]): HTMLCanvasElement {
  const side = pictures[0]?.width ?? 1;
  const context = canvasOf(pictures.length, 1, side);
  pictures.forEach((picture, i) => {
    context.putImageData(picture, i * side, 0);
  });
  return context.canvas;
}

/** RGBA bytes of every cell. */
export function pixelsOf(clip: Clip): Uint8ClampedArray[] {
  const side = clip[0]?.side ?? 1;
  const shrinker = new Shrinker(side);
  return clip.map((cell) => shrinker.shrink(cell).data);
}

/** Clips as rows of one picture, time from left to right. */
export function tableOf(clips: Clip[]): HTMLCanvasElement {
  const columns = Math.max(...clips.map((clip) => clip.length));
  const side = Math.max(...clips.map((clip) => clip[0]?.side ?? 1));
  const context = canvasOf(columns, clips.length, side);
  clips.forEach((clip, row) => {
    for (let column = 0; column < columns; column++) {
      const cell = cellAt(clip, column);
      if (!cell) return;
      context.drawImage(cell.sheet, cell.x, cell.y, cell.side, cell.side, column * side, row * side, side, side);
    }
  });
  return context.canvas;
}

/** @throws Error when the browser makes none. */
export async function blobOf(canvas: HTMLCanvasElement, type = 'image/png', quality = 1): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null) => (blob ? resolve(blob) : reject(new Error('The picture could not be made.')));
    canvas.toBlob(done, type, quality);
  });
}

/** A picture as text for the server: exact where it is small enough, a good JPEG otherwise. */
export async function base64Of(canvas: HTMLCanvasElement): Promise<string> {
  const exact = await blobOf(canvas);
  const blob = exact.size > LARGEST_PNG ? await blobOf(canvas, 'image/jpeg', 0.95) : exact;
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @throws when the text is not base64, or not of a picture. */
export async function pictureOf(base64: string): Promise<ImageBitmap> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
}
