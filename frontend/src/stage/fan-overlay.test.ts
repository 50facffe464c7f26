import { expect, test } from 'vitest';
import { pixels } from '../ui/units.ts';
import { type Fan, pathOf } from './fan-overlay.ts';

test('a path picks its own future and keypoint, in pixels', () => {
  const shape: Fan['shape'] = [2, 3, 4];
  const values = new Float32Array(2 * 3 * 4 * 2).fill(9);
  [-1, 0, 1].forEach((x, step) => {
    const at = ((1 * 3 + step) * 4 + 2) * 2;
    values[at] = x;
    values[at + 1] = -x;
  });
  expect(pathOf({ values, shape }, 1, 2, pixels(100))).toEqual([0, 100, 50, 50, 100, 0]);
});
