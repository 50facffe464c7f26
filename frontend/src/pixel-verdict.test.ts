import { expect, test } from 'vitest';
import { difference, judge, pixelSentence } from './pixel-verdict.ts';

const grey = (level: number, alpha = 255) =>
  Uint8ClampedArray.from({ length: 4 * 4 }, (_, i) => (i % 4 === 3 ? alpha : level));

test('the difference is a share of full brightness, whatever the alpha', () => {
  expect(difference(grey(0), grey(255))).toBeCloseTo(1);
  expect(difference(grey(100, 0), grey(151, 255))).toBeCloseTo(0.2);
  expect(difference(grey(9), grey(9))).toBe(0);
});

test('the nearest future over the whole time wins, and is held against standing still', () => {
  const truth = [grey(51), grey(102)];
  const verdict = judge([truth.map(() => grey(0)), [grey(51), grey(0)], [grey(40), grey(90)]], truth, grey(0));
  expect(verdict.best).toBe(2);
  expect(verdict.errors[1]).toBeCloseTo(0.2);
  expect(verdict.still).toBeCloseTo(0.3);
});

test('the sentence says who, by how much, and whether that is any good', () => {
  expect(pixelSentence({ errors: [0.1, 0.021], best: 1, still: 0.034 })).toBe(
    'Future 2 came closest: its pixels are off by 2.1 %, closer than standing still (3.4 %).',
  );
  expect(pixelSentence({ errors: [0.1], best: 0, still: 0.03 })).toContain('not closer than standing still');
});
