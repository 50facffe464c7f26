import { expect, test } from 'vitest';
import { cellAt, cellsOf } from './clip.ts';

const image = {} as CanvasImageSource;

test('a row of an image is one clip, cell by cell', () => {
  expect(cellsOf(image, 2, 3, 64).map(({ x, y, side }) => [x, y, side])).toEqual([
    [0, 128, 64],
    [64, 128, 64],
    [128, 128, 64],
  ]);
});

test('a short clip stays at its last cell; an empty one shows nothing', () => {
  const clip = cellsOf(image, 0, 3, 64);
  expect(cellAt(clip, 1)?.x).toBe(64);
  expect(cellAt(clip, 9)?.x).toBe(128);
  expect(cellAt([], 0)).toBeNull();
});
