import { beforeEach, expect, test, vi } from 'vitest';
import type { FacePoint } from '../portrait/portrait-crop.ts';
import { stubCanvas } from '../testing/canvas.ts';
import { keepPicture } from './own-portrait.ts';

const file = new Blob(['a picture']);
const faceAt = (x: number, y: number, size: number): FacePoint[] =>
  Array.from({ length: 478 }, (_, i) => ({ x: x + size * (i % 2), y: y + (size * i) / 477, z: 0 }));

let shown: FacePoint[][];
let picture: { width: number; height: number; close(): void };
const close = vi.fn(async () => undefined);

/** Finds the faces of the whole picture, and in any close-up one that fills the half of it. */
const open = async () => {
  let whole = true;
  const find = async () => {
    const faces = whole ? shown : [faceAt(61, 68, 134)];
    whole = shown.length === 0;
    return faces;
  };
  return { find, close };
};

const codeOf = async (): Promise<string> => {
  const error: unknown = await keepPicture(file, open).catch((reason: unknown) => reason);
  return (error as { code: string }).code;
};

beforeEach(() => {
  stubCanvas();
  close.mockClear();
  picture = { width: 600, height: 400, close: () => undefined };
  vi.stubGlobal('createImageBitmap', async () => picture);
});

test('a picture without a face is refused, and Face Mesh is closed', async () => {
  shown = [];
  expect(await codeOf()).toBe('portrait_no_face');
  expect(close).toHaveBeenCalledOnce();
});

test('a picture of two people is refused, unless the second one is in the background', async () => {
  shown = [faceAt(50, 100, 150), faceAt(350, 100, 140)];
  expect(await codeOf()).toBe('portrait_several_faces');
  shown = [faceAt(50, 100, 150), faceAt(350, 100, 40)];
  expect(await codeOf()).not.toBe('portrait_several_faces');
});

test('a small face is refused, and so is a file that is no picture', async () => {
  shown = [faceAt(50, 100, 60)];
  expect(await codeOf()).toBe('portrait_too_small');
  picture = { width: 60, height: 400, close: () => undefined };
  expect(await codeOf()).toBe('portrait_too_small');
  vi.stubGlobal('createImageBitmap', () => Promise.reject(new Error('The source image could not be decoded.')));
  expect(await codeOf()).toBe('portrait_not_image');
});
