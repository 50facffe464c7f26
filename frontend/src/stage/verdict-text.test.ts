import { expect, test } from 'vitest';
import { distancePercent, hasWinner, verdictText } from './verdict-text.ts';

test('an error as wide as the crop is 100 %', () => {
  expect(distancePercent(2)).toBe('100.0 %');
});

const NONE = { methods: ['gru_nf', 'gru_nf'], shares: [] };

test('the sentence says which future came closest, and whether all together beat no motion', () => {
  const verdict = { generation: 1, errors: [0.1, 0.04], best: 1, together: 0.05, copy_last: 0.06 };
  expect(verdictText(verdict, NONE)).toBe(
    'Future 2 came closest: off by 2.0 %. Together they beat predicting no motion: 2.5 % against 3.0 %.',
  );
  expect(verdictText({ ...verdict, together: 0.07 }, NONE)).toContain('Together they were worse than');
});

test('a future that no motion beats is not called the closest', () => {
  const verdict = { generation: 1, errors: [0.1, 0.04], best: 1, together: 0.05, copy_last: 0.02 };
  expect(hasWinner(verdict)).toBe(false);
  expect(verdictText(verdict, NONE)).toBe('No future was closer than no motion (1.0 %); the nearest was off by 2.0 %.');
});

test('the sentence says if the closest future was the most probable one of a single method', () => {
  const verdict = { generation: 1, errors: [0.04, 0.1], best: 0, together: 0.05, copy_last: 0.06 };
  const shares = [0.75, 0.25];
  const one = { methods: ['gru_nf', 'gru_nf'], shares };
  expect(verdictText(verdict, one)).toContain('Future 1, the most probable, came closest');
  expect(verdictText({ ...verdict, errors: [0.1, 0.04], best: 1 }, one)).toContain('Future 2 came closest');
  expect(verdictText(verdict, { methods: ['gru_nf', 'gru_snf'], shares: [1, 1] })).toContain('Future 1 came closest');
});
