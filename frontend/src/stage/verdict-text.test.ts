import { expect, test } from 'vitest';
import { distancePercent, verdictText } from './verdict-text.ts';

test('an error as wide as the crop is 100 %', () => {
  expect(distancePercent(2)).toBe('100.0 %');
});

test('the sentence says whether the best future was closer than predicting no motion', () => {
  const verdict = { generation: 1, errors: [0.1, 0.04], best: 1, copy_last: 0.06 };
  const none = { methods: ['gru_nf', 'gru_nf'], shares: [] };
  expect(verdictText(verdict, none)).toBe(
    'Future 2 came closest: off by 2.0 %, closer than predicting no motion (3.0 %).',
  );
  expect(verdictText({ ...verdict, copy_last: 0.02 }, none)).toContain('not closer than');
});

test('the sentence says if the closest future was the most probable one of a single method', () => {
  const verdict = { generation: 1, errors: [0.04, 0.1], best: 0, copy_last: 0.06 };
  const shares = [0.75, 0.25];
  const one = { methods: ['gru_nf', 'gru_nf'], shares };
  expect(verdictText(verdict, one)).toContain('Future 1, the most probable, came closest');
  expect(verdictText({ ...verdict, best: 1 }, one)).toContain('Future 2 came closest');
  expect(verdictText(verdict, { methods: ['gru_nf', 'gru_snf'], shares: [1, 1] })).toContain('Future 1 came closest');
});
