import { expect, test } from 'vitest';
import { pixels } from '../ui/units.ts';
import { type Fan, pathOf, widthOf } from './fan-overlay.ts';

test('a path picks its own future and keypoint, in pixels', () => {
  const shape: Fan['shape'] = [2, 3, 4];
  const values = new Float32Array(2 * 3 * 4 * 2).fill(9);
  [-1, 0, 1].forEach((x, step) => {
    const at = ((1 * 3 + step) * 4 + 2) * 2;
    values[at] = x;
    values[at + 1] = -x;
  });
  expect(pathOf({ values, shape, shares: [] }, 1, 2, pixels(100))).toEqual([0, 100, 50, 50, 100, 0]);
});

test('lines are wider the greater the share, within limits, and usual without shares', () => {
  const widths = (shares: number[]) =>
    shares.map((_, i) => widthOf({ values: new Float32Array(), shape: [4, 1, 1], shares }, i));
  expect(widths([0.5, 0.25, 0.15, 0.1])).toEqual([Math.SQRT2, 1, Math.sqrt(0.6), 0.65]);
  expect(widths([1, 0, 1, 0])).toEqual([Math.SQRT2, 0.65, Math.SQRT2, 0.65]);
  expect(widthOf({ values: new Float32Array(), shape: [1, 1, 1], shares: [] }, 0)).toBe(1);
});
