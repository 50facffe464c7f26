import { expect, test } from 'vitest';
import { distancePercent, verdictText } from './verdict-text.ts';

test('an error as wide as the crop is 100 %', () => {
  expect(distancePercent(2)).toBe('100.0 %');
});

test('the sentence says whether the best future was closer than predicting no motion', () => {
  const verdict = { generation: 1, errors: [0.1, 0.04], best: 1, copy_last: 0.06 };
  expect(verdictText(verdict)).toBe('Future 2 came closest: off by 2.0 %, closer than predicting no motion (3.0 %).');
  expect(verdictText({ ...verdict, copy_last: 0.02 })).toContain('not closer than');
});
