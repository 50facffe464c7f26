import { expect, test } from 'vitest';
import { percent, verdictSentence } from './verdict-words.ts';

test('an error of the whole crop is a hundred per cent', () => {
  expect(percent(2)).toBe('100.0 %');
});

test('the sentence says whether the best future beat standing still', () => {
  const verdict = { generation: 1, errors: [0.1, 0.04], best: 1, copy_last: 0.06 };
  expect(verdictSentence(verdict)).toBe('Future 2 came closest: off by 2.0 %, closer than standing still (3.0 %).');
  expect(verdictSentence({ ...verdict, copy_last: 0.02 })).toContain('not closer than');
});
