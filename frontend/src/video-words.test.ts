import { expect, test } from 'vitest';
import { about, beginning, remaining } from './video-words.ts';

test.each([
  [0.2, 'about 1 s'],
  [11.6, 'about 12 s'],
  [80, 'about 1 min 20 s'],
  [118, 'about 2 min'],
  [120, 'about 2 min'],
])('%f s are %s', (seconds, words) => {
  expect(about(seconds)).toBe(words);
});

test('the beginning says how long, and who is before', () => {
  const begun = (seconds: number | null, waiting: number) =>
    beginning('4 futures', { kind: 'begun', seconds, waiting });
  expect(begun(12.3, 0)).toBe('Drawing 4 futures: about 12 s on this machine.');
  expect(begun(null, 0)).toBe('Drawing 4 futures.');
  expect(begun(12, 1)).toBe('Waiting for another drawing, then drawing 4 futures: about 12 s on this machine.');
  expect(begun(null, 3)).toContain('3 other drawings');
});

test('progress is told in seconds where they are known', () => {
  expect(remaining({ kind: 'progress', share: 0.5, left: 8.7 })).toBe('9 s left');
  expect(remaining({ kind: 'progress', share: 0.97, left: 0.4 })).toBe('nearly done');
  expect(remaining({ kind: 'progress', share: 0.25, left: null })).toBe('25 %');
});
