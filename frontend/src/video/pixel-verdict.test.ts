import { expect, test } from 'vitest';
import { compare, difference, pixelVerdictText } from './pixel-verdict.ts';

const grey = (level: number, alpha = 255) =>
  Uint8ClampedArray.from({ length: 4 * 4 }, (_, i) => (i % 4 === 3 ? alpha : level));

test('the difference is a share of full brightness, whatever the alpha', () => {
  expect(difference(grey(0), grey(255))).toBeCloseTo(1);
  expect(difference(grey(100, 0), grey(151, 255))).toBeCloseTo(0.2);
  expect(difference(grey(9), grey(9))).toBe(0);
});

test('the closest future over the whole time wins, and is compared with predicting no motion', () => {
  const truth = [grey(51), grey(102)];
  const verdict = compare([truth.map(() => grey(0)), [grey(51), grey(0)], [grey(40), grey(90)]], truth, grey(0));
  expect(verdict.best).toBe(2);
  expect(verdict.errors[1]).toBeCloseTo(0.2);
  expect(verdict.noMotion).toBeCloseTo(0.3);
});

test('the sentence says which future, how far off, and whether it beats no motion', () => {
  expect(pixelVerdictText({ errors: [0.1, 0.021], best: 1, noMotion: 0.034 })).toBe(
    'Future 2 came closest: its pixels are off by 2.1 %, closer than predicting no motion (3.4 %).',
  );
  expect(pixelVerdictText({ errors: [0.1], best: 0, noMotion: 0.03 })).toContain(
    'not closer than predicting no motion',
  );
});
