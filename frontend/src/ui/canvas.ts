/** Canvases: their 2D context, and images to and from bytes. */
import { h } from './dom.ts';

/** The server takes requests of 256 KB, and base64 makes four bytes of three. */
const MAX_PNG_BYTES = 150_000;

/**
 * Return a 2D context whose pixels stay in main memory. Images here are small, made on the CPU and copied often; without
 * a real GPU an accelerated canvas is several times slower.
 */
export function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  return contextOf(canvas, { willReadFrequently: true });
}

/** Return a 2D context of a canvas that is only shown: its pixels may stay in the graphics memory that they come from. */
export function shownContext2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  return contextOf(canvas, {});
}

function contextOf(canvas: HTMLCanvasElement, settings: CanvasRenderingContext2DSettings): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', settings);
  if (!context) throw new Error('This browser offers no 2D canvas.');
  return context;
}

/** Return the context of a new canvas of `columns` x `rows` squares. */
export function gridCanvas(columns: number, rows: number, side: number): CanvasRenderingContext2D {
  return context2d(h('canvas', { width: columns * side, height: rows * side }));
}

/** Encode a canvas as an image file. @throws Error when the browser cannot. */
export async function toBlob(canvas: HTMLCanvasElement, type = 'image/png', quality = 1): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null) => (blob ? resolve(blob) : reject(new Error('The image could not be saved.')));
    canvas.toBlob(done, type, quality);
  });
}

/** Encode a canvas as base64 for the server: a PNG if it is small enough, else a JPEG of high quality. */
export async function toBase64(canvas: HTMLCanvasElement): Promise<string> {
  const png = await toBlob(canvas);
  const blob = png.size > MAX_PNG_BYTES ? await toBlob(canvas, 'image/jpeg', 0.95) : png;
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Decode a JPEG from base64. @throws Error when the text is not base64 or not an image. */
export async function decodeBase64(base64: string): Promise<ImageBitmap> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
}
