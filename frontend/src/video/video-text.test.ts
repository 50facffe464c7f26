import { expect, test } from 'vitest';
import { durationText, remainingText, startText } from './video-text.ts';

test.each([
  [0.2, 'about 1 s'],
  [11.6, 'about 12 s'],
  [80, 'about 1 min 20 s'],
  [118, 'about 2 min'],
  [120, 'about 2 min'],
])('%f s is formatted as %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test('the start text says how long it takes, and how many others come first', () => {
  const begun = (seconds: number | null, waiting: number) =>
    startText('4 futures', { kind: 'begun', seconds, waiting });
  expect(begun(12.3, 0)).toBe('Generating 4 futures (about 12 s).');
  expect(begun(null, 0)).toBe('Generating 4 futures.');
  expect(begun(12, 1)).toBe('Waiting for another video, then generating 4 futures (about 12 s).');
  expect(begun(null, 3)).toContain('3 other videos');
});

test('progress is shown in seconds if they are known', () => {
  expect(remainingText({ kind: 'progress', share: 0.5, left: 8.7 })).toBe('9 s left');
  expect(remainingText({ kind: 'progress', share: 0.97, left: 0.4 })).toBe('almost done');
  expect(remainingText({ kind: 'progress', share: 0.25, left: null })).toBe('25 %');
});
